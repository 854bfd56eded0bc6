"""Looks at everything once a second, keeps what it has seen, and tells it in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import msgspec

from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.balancer.server import Server
from immich_ml_proxy.config.model import Config
from immich_ml_proxy.observe.durations import in_words
from immich_ml_proxy.observe.events import Events
from immich_ml_proxy.observe.history import History, keys_of
from immich_ml_proxy.observe.kinds import SEARCH, kind_of
from immich_ml_proxy.observe.log_times import merged
from immich_ml_proxy.observe.machines import number_of
from immich_ml_proxy.observe.moment import Moment
from immich_ml_proxy.observe.standing import BY_FILE, BY_HAND, Standings
from immich_ml_proxy.observe.tally import Tally
from immich_ml_proxy.observe.waiting import Crowd, Waiter, crowds

#: A limit that was found is told when it differs by this part of the one told last,
#: and not more often than once in so many seconds.
LIMIT_PART = 0.25
LIMIT_PAUSE = 60.0
#: Seconds that work is remembered.
LATELY = 5


class Watch:
    """
    :param pool: the servers.
    :param tally: the observer of the pool.
    :param under_way: returns the requests that are not over, in the order they came.
    :param start: the moment of the start.
    :ivar called: when Immich called first, in seconds of the clock; ``None``: not yet.
    :ivar keys: what each server is known by; see :func:`~.history.keys_of`.
    :ivar woken: when each was woken last, by its key.
    :ivar configurations: how many were put in force since the start.
    :ivar crowds: who waited when it looked last, by route and kind.
    """

    def __init__(
        self,
        pool: Pool,
        tally: Tally,
        under_way: Callable[[], Sequence[Waiter]],
        start: Moment,
    ) -> None:
        self.pool = pool
        self.under_way = under_way
        self.start = start
        self.history = History()
        self.events = Events()
        self.standings = Standings()
        self.called: float | None = None
        self.keys: dict[Server, str] = {}
        self.woken: dict[str, float] = {}
        self.configurations = 0
        self.crowds: Mapping[tuple[str, str], Crowd] = {}
        self._closed = start.second - 1
        self._now = start.now  # when it looked last
        self._tally = tally
        self._busy: dict[Server, float] = {}
        self._limits: dict[Server, tuple[int, float]] = {}
        self._ejections: dict[Server, int] = {}
        self.events.add(start.now, "started", "the proxy was started")
        self._keep(start.now)

    # --- What it is told --------------------------------------------------------------

    def flipped(self, server: Server, now: float, by: str = BY_HAND) -> None:
        """The state of a server may have changed."""
        key = self.keys.get(server)
        if key is None:
            return  # it is not configured any more
        before, after = self.standings.look(key, server, now, by)
        if before is None or before.state == after.state:
            return
        name, state = server.name, after.state
        if state == "down":
            self.events.add(now, state, f"{name} is down: {after.why}", name)
        elif state == "up" and server.is_resting:
            text = f"{name} is not asked any more how it is until there is work"
            self.events.add(now, "resting", text, name)
        elif state == "up" and before.state == "down":
            lasted = in_words(now - before.since)
            self.events.add(now, state, f"{name} is up again after {lasted}", name)
        elif state == "up" and before.state == "unknown":
            self.events.add(now, state, f"{name} is up", name)

    def wakes(self, server: Server, now: float) -> None:
        """A server was sent a wake-up call."""
        if server in self.keys:
            self.woken[self.keys[server]] = now
        text = f"{server.name} was sent a wake-up call"
        self.events.add(now, "woken", text, server.name)

    def sleeps(self, server: Server, error: str | None) -> None:
        """A machine was told to sleep; or could not be, for this reason."""
        text = f"{server.name} had nothing to do and was told to sleep"
        if error is not None:
            text = f"{server.name} could not be told to sleep: {error}"
        self.events.add(self._now, "sleep", text, server.name)

    def cannot_tell(self, name: str, why: str) -> None:
        """Somebody who wants to know what happens cannot be reached."""
        text = f"{name} cannot be told what happens: {why}"
        self.events.add(self._now, "untold", text)

    def at_work(self, second: int) -> set[str]:
        """Return the keys of routes that have work, or had some in the last seconds."""
        begin, end = second - LATELY, second
        keys = {one.demand.route.key for one in self.under_way()}
        for key, route in self.history.routes.items():
            if any(ring.sum(begin, end) for ring in route.arrived.values()):
                keys.add(key)
        return keys

    def immich_called(self, now: float) -> None:
        """Immich has called."""
        if self.called is None:
            self.called = now
            self.events.add(now, "immich", "Immich has called for the first time")

    def configured(self, before: Config, who: str, now: float) -> None:
        """
        Another configuration is in force.

        :param before: the one that was.
        :param who: has saved it, such as an address.
        """
        self.configurations += 1
        config = self.pool.config
        old = {one.url: one for one in before.backends}
        for backend in config.backends:
            was, name = old.get(backend.url), backend.name
            if was is None:
                continue
            if was.name != name:
                text = f"{was.name} is called {name} now"
                self.events.add(now, "renamed", text, name)
            if was.state != backend.state:
                word = {"drain": "drained"}.get(backend.state, backend.state)
                self.events.add(now, word, f"{name} was {word} by {who}", name)
        if _but_for_states(before) != _but_for_states(config):
            self.events.add(now, "saved", f"the configuration was saved by {who}")
        self._keep(now)

    def _keep(self, now: float) -> None:
        """Keep what belongs to the configuration in force, and forget the rest."""
        keys = self.keys = keys_of(self.pool)
        routes = {route.key for route in self.pool.config.all_routes}
        self.history.keep(keys.values(), routes)
        self.standings.keep(keys.values())
        kept = set(keys.values())
        self.woken = {key: at for key, at in self.woken.items() if key in kept}
        by = BY_HAND if self.configurations else BY_FILE
        for server, key in keys.items():
            self.standings.look(key, server, now, by)
        for known in (self._busy, self._limits, self._ejections):
            for gone in known.keys() - keys.keys():
                del known[gone]

    # --- What it looks at -------------------------------------------------------------

    def tick(self, moment: Moment) -> None:
        """
        Close the second before the one that is going on.

        Once: a look that was late may be followed by another in the same second. What
        was told of it must not change any more, so the rest counts for the next one.
        """
        second, now = moment.second - 1, moment.now
        if second <= self._closed:
            return
        self._closed, self._now = second, now
        self._take(second, now)
        for server, key in self.keys.items():
            self.flipped(server, now)
            self._look_at(server, key, second, now)
        under_way = self.under_way()
        self.history.stands(second, Counter(kind_of(one.demand) for one in under_way))
        waiting, _ = crowds(under_way, self.pool, now)
        self.crowds = waiting
        by_route: dict[str, tuple[dict[str, int], dict[str, int]]] = {}
        for (route, kind), crowd in waiting.items():
            counts, held = by_route.setdefault(route, ({}, {}))
            counts[kind], held[kind] = crowd.count, crowd.held
        for key, history in self.history.routes.items():
            history.stands(second, *by_route.get(key, ({}, {})))

    def _take(self, second: int, now: float) -> None:
        """Write down what was counted."""
        counts, history = self._tally.take(), self.history
        for (route, kind), count in counts.arrived.items():
            if route in history.routes:
                history.route(route).has_arrived(second, kind == SEARCH, count)
        searches = []
        for (server, route, kind), times in counts.answered.items():
            history.answered(second, self.keys.get(server), route, kind, times)
            if kind == SEARCH:
                searches.append(times)
        history.searched(second, merged(*searches))
        for (server, kind), (count, why) in counts.failed.items():
            if server in self.keys:
                one = history.server(self.keys[server])
                one.failed(second, now, kind, count, why)

    def _look_at(self, server: Server, key: str, second: int, now: float) -> None:
        history = self.history.server(key)
        history.state.level(second, number_of(self.standings.of(key)))
        history.limit.level(second, server.limiter.limit)
        in_flight = Counter(kind_of(demand) for demand in server.under_way)
        for kind in in_flight.keys() | history.kinds.keys():
            history.kind(kind).in_flight.level(second, in_flight[kind])
        busy = server.busy_seconds
        if server.in_flight:
            busy += now - server.busy_since
        worked = busy - self._busy.get(server, busy)
        self._busy[server] = busy
        history.busy.count(second, round(100 * worked))
        self._tell_limit(server, now)
        self._tell_ejections(server, now)

    def _tell_limit(self, server: Server, now: float) -> None:
        found = server.limiter.found
        told, at = self._limits.setdefault(server, (found, now - LIMIT_PAUSE))
        if server.backend.max_concurrent != "auto":
            self._limits[server] = found, at  # who saved it knows
        elif abs(found - told) > LIMIT_PART * told and now - at >= LIMIT_PAUSE:
            self._limits[server] = found, now
            text = f"{server.name} is given up to {found} at once, {told} before"
            self.events.add(now, "limit", text, server.name)

    def _tell_ejections(self, server: Server, now: float) -> None:
        if server.ejections > self._ejections.get(server, 0):
            for task, breaker in server.breakers.tripped(now):
                text = (
                    f"{server.name} is put out of {task} for "
                    f"{in_words(breaker.open_until - now)}: it failed "
                    f"{breaker.failures} in a row that others then did"
                )
                self.events.add(now, "out", text, server.name)
        self._ejections[server] = server.ejections


def _but_for_states(config: Config) -> object:
    document = msgspec.json.decode(config.document)
    for backend in document.get("backends", ()):
        backend.pop("state", None)
        backend.pop("disabledUntil", None)
    return document
