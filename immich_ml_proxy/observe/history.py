"""
What servers and routes have done, over time: bounded, whatever comes.

A server's history belongs to its URL: it stays when the server is given another name.
Each second is closed once, with what was counted in it.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterable, Mapping

import attrs

from immich_ml_proxy.balancer.replica_set import Machine
from immich_ml_proxy.observe.kinds import SEARCH
from immich_ml_proxy.observe.log_times import Histogram, Times, percentile
from immich_ml_proxy.observe.tracks import Ring, Track

#: What a server is like, in one number; of a minute the highest is kept.
NO_DATA, UP, ASIDE, DOWN = range(4)
#: Minutes of which service times are told as one.
RECENT_MINUTES = 15
#: Seconds of traffic that are kept by route.
TRAFFIC = 16


class RecentTimes:
    """Service times of the last ``RECENT_MINUTES``, minute by minute."""

    def __init__(self) -> None:
        self._minutes: deque[tuple[int, Histogram]] = deque()
        self._all = Histogram()

    def add(self, minute: int, times: Times) -> None:
        """Take in the times of a part of a minute."""
        if not self._minutes or self._minutes[-1][0] != minute:
            self._forget(minute)
            self._minutes.append((minute, Histogram()))
        self._minutes[-1][1].add(times)
        self._all.add(times)

    def read(self, minute: int) -> Histogram:
        """Return the times of the minutes up to this one."""
        self._forget(minute)
        return self._all

    def _forget(self, minute: int) -> None:
        while self._minutes and self._minutes[0][0] <= minute - RECENT_MINUTES:
            self._all.subtract(self._minutes.popleft()[1])


class MinuteTimes:
    """The service times of the minute that is going on."""

    __slots__ = ("_minute", "_times")

    def __init__(self) -> None:
        self._minute = -1
        self._times = Histogram()

    def add(self, minute: int, times: Times) -> Histogram:
        """Take in times, and return all of the minute so far."""
        if minute != self._minute:
            self._minute = minute
            self._times.clear()
        self._times.add(times)
        return self._times


class KindHistory:
    """What a server has done of one kind of work."""

    __slots__ = ("_times", "done", "failed", "in_flight", "p50", "p95")

    def __init__(self) -> None:
        self.done = Track()
        self.failed = Track()
        self.in_flight = Track()
        self.p50 = Track("B")  # in units of log_times
        self.p95 = Track("B")
        self._times = MinuteTimes()

    def answered(self, second: int, times: Times) -> None:
        """Take in how long those took that were answered in this second."""
        self.done.count(second, sum(times.values()))
        of_minute = self._times.add(second // 60, times)
        for track, part in ((self.p50, 0.5), (self.p95, 0.95)):
            track.note(second, percentile(times, part), of_minute.percentile(part))


@attrs.define
class Failures:
    """
    :ivar last: when the last one was, in seconds of the clock.
    :ivar why: the same, in words.
    """

    last: float
    why: str


class ServerHistory:
    """
    :ivar kinds: by kind of work, those that it was ever asked for.
    :ivar searches: and ``images``: the service times of the last minutes.
    :ivar done: answered since the start, by kind.
    :ivar traffic: answered lately, by route and whether it was a search.
    """

    def __init__(self) -> None:
        self.kinds: dict[str, KindHistory] = {}
        self.state = Track("B")
        self.limit = Track()
        self.busy = Track()  # hundredths of a second for which it had work
        self.searches, self.images = RecentTimes(), RecentTimes()
        self.traffic: dict[tuple[str, bool], Ring] = {}
        self.failures: Failures | None = None

    def kind(self, kind: str) -> KindHistory:
        """Return the history of one kind of work."""
        found = self.kinds.get(kind)
        if found is None:
            found = self.kinds[kind] = KindHistory()
        return found

    def answered(self, second: int, route: str, kind: str, times: Times) -> None:
        """Take in how long those of a route took that were answered in this second."""
        self.kind(kind).answered(second, times)
        is_search = kind == SEARCH
        (self.searches if is_search else self.images).add(second // 60, times)
        ring = self.traffic.setdefault((route, is_search), Ring("H", TRAFFIC))
        ring.put(second, ring.get(second) + sum(times.values()))

    def failed(self, second: int, now: float, kind: str, count: int, why: str) -> None:
        """Take in that it failed so many."""
        self.kind(kind).failed.count(second, count)
        self.failures = Failures(now, why)

    def count(self, begin: int, end: int) -> dict[str, int]:
        """Return how many it has answered by kind, from second to second."""
        counts = {
            kind: one.done.seconds.sum(begin, end) for kind, one in self.kinds.items()
        }
        return {kind: count for kind, count in counts.items() if count}

    def failures_since(self, minute: int, now: int) -> int:
        """Return how many it has failed since a minute."""
        return sum(
            one.failed.minutes.sum(minute, now + 1) for one in self.kinds.values()
        )


class RouteHistory:
    """
    :ivar waiting: and ``held``, by kind of work.
    :ivar arrived: what has come lately, by whether it was a search.
    """

    def __init__(self) -> None:
        self.waiting: dict[str, Track] = {}
        self.held: dict[str, Track] = {}
        self.arrived = {True: Ring("H", TRAFFIC), False: Ring("H", TRAFFIC)}

    def stands(
        self, second: int, waiting: Mapping[str, int], held: Mapping[str, int]
    ) -> None:
        """Take in how many wait by kind, and how many of them are held."""
        for tracks, counts in ((self.waiting, waiting), (self.held, held)):
            for kind in tracks.keys() | counts.keys():
                tracks.setdefault(kind, Track()).level(second, counts.get(kind, 0))

    def has_arrived(self, second: int, is_search: bool, count: int) -> None:
        """Take in how many have come."""
        ring = self.arrived[is_search]
        ring.put(second, ring.get(second) + count)


def keys_of(machines: Iterable[Machine]) -> dict[Machine, str]:
    """
    Return what each server is known by, whatever its name: its URL.

    If several share one, all but the first need their names as well.
    """
    keys: dict[Machine, str] = {}
    taken: set[str] = set()
    for machine in machines:
        url = machine.backend.url
        key = f"{url} {machine.name}" if url in taken else url
        keys[machine] = key
        taken.add(key)
    return keys


class History:
    """
    :ivar servers: by what they are known by; see :func:`keys_of`.
    :ivar routes: by key.
    :ivar search_p95: of all servers together, in units of ``log_times``.
    :ivar done: images answered since the start, by kind; of all servers there were.
    :ivar under_way: how many requests of a kind Immich has under way at once.
    :ivar active: the last second in which anything was answered.
    """

    def __init__(self) -> None:
        self.servers: dict[str, ServerHistory] = {}
        self.routes: dict[str, RouteHistory] = {}
        self.search_p95 = Track("B")
        self.done = Counter[str]()
        self.under_way: dict[str, Track] = {}
        self.active = 0
        self._searches = MinuteTimes()

    def server(self, key: str) -> ServerHistory:
        """Return the history of a server."""
        found = self.servers.get(key)
        if found is None:
            found = self.servers[key] = ServerHistory()
        return found

    def route(self, key: str) -> RouteHistory:
        """Return the history of a route."""
        found = self.routes.get(key)
        if found is None:
            found = self.routes[key] = RouteHistory()
        return found

    def keep(self, servers: Iterable[str], routes: Collection[str]) -> None:
        """Forget what is not configured any more."""
        self.servers = {key: self.server(key) for key in servers}
        self.routes = {key: self.route(key) for key in routes}
        for server in self.servers.values():
            gone = [one for one in server.traffic if one[0] not in routes]
            for one in gone:
                del server.traffic[one]

    def answered(
        self, second: int, server: str | None, route: str, kind: str, times: Times
    ) -> None:
        """
        Take in how long those took that a server answered in this second.

        :param server: ``None`` for one that is not configured any more.
        """
        self.active = max(self.active, second)
        self.done[kind] += sum(times.values())
        if server is not None:
            self.server(server).answered(second, route, kind, times)

    def searched(self, second: int, times: Times) -> None:
        """Take in how long all searches took that were answered in this second."""
        if times:
            of_minute = self._searches.add(second // 60, times)
            p95 = percentile(times, 0.95)
            self.search_p95.note(second, p95, of_minute.percentile(0.95))

    def stands(self, second: int, under_way: Mapping[str, int]) -> None:
        """Take in how many requests of each kind are under way, those that wait too."""
        for kind in self.under_way.keys() | under_way.keys():
            track = self.under_way.setdefault(kind, Track())
            track.level(second, under_way.get(kind, 0))
