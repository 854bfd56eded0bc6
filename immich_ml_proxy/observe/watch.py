"""Looks at everything once a second, keeps what it has seen, and tells it in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import msgspec

from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.balancer.replica_set import (
    Machine,
    ReplicaSet,
    machine_of,
    servers_of,
)
from immich_ml_proxy.balancer.server import Server
from immich_ml_proxy.config.model import Config
from immich_ml_proxy.observe.durations import in_words
from immich_ml_proxy.observe.events import Events
from immich_ml_proxy.observe.history import History, keys_of
from immich_ml_proxy.observe.kinds import SEARCH, kind_of
from immich_ml_proxy.observe.log_times import merged
from immich_ml_proxy.observe.machines import number_of
from immich_ml_proxy.observe.moment import Moment
from immich_ml_proxy.observe.standing import BY_FILE, BY_HAND, Standing, Standings
from immich_ml_proxy.observe.tally import Tally
from immich_ml_proxy.observe.waiting import Crowd, Waiter, crowds

#: A limit that was found is told when it differs by this part of the one told last,
#: and not more often than once in so many seconds.
LIMIT_PART = 0.25
LIMIT_PAUSE = 60.0


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
        self.keys: dict[Machine, str] = {}
        self.woken: dict[str, float] = {}
        self.configurations = 0
        self.crowds: Mapping[tuple[str, str], Crowd] = {}
        self._closed = start.second - 1
        self._tally = tally
        self._busy: dict[Server, float] = {}
        self._limits: dict[Server, tuple[int, float]] = {}
        self._ejections: dict[Server, int] = {}
        self._replicas: dict[ReplicaSet, int] = {}
        self.events.add(start.now, "started", "the proxy was started")
        self._keep(start.now)

    # --- What it is told --------------------------------------------------------------

    def flipped(self, server: Server, now: float, by: str = BY_HAND) -> None:
        """The state of a server may have changed."""
        machine = machine_of(server)
        key = self.keys.get(machine)
        if key is None:
            return  # it is not configured any more
        if isinstance(machine, ReplicaSet) and server in machine.replicas:
            one = _replica_key(key, server)
            self._look(one, server, machine.name, len(machine.servers) > 1, now, by)
        self._look(key, machine, machine.name, True, now, by)

    def _look(
        self, key: str, one: Machine, machine: str, is_told: bool, now: float, by: str
    ) -> None:
        before, after = self.standings.look(key, one, now, by)
        if not is_told or before is None or before.state == after.state:
            return
        name, state = one.name, after.state
        if state == "down":
            self.events.add(now, state, f"{name} is down: {after.why}", machine)
        elif state == "up" and one.is_resting:
            text = f"{name} is not asked any more how it is until there is work"
            self.events.add(now, "resting", text, machine)
        elif state == "up" and before.state == "down":
            lasted = in_words(now - before.since)
            self.events.add(now, state, f"{name} is up again after {lasted}", machine)
        elif state == "up" and before.state == "unknown" and name == machine:
            self.events.add(now, state, f"{name} is up", machine)

    def wakes(self, server: Machine, now: float) -> None:
        """A server was sent a wake-up call."""
        if server in self.keys:
            self.woken[self.keys[server]] = now
        text = f"{server.name} was sent a wake-up call"
        self.events.add(now, "woken", text, server.name)

    def immich_called(self, now: float) -> None:
        """Immich has called."""
        if self.called is None:
            self.called = now
            self.events.add(now, "immich", "Immich has called for the first time")

    def misconfigured(self, why: str, now: float) -> None:
        """The configuration's file says something that cannot be used."""
        self.events.add(now, "refused", f"the configuration file is not used: {why}")

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

    def resolved(self, now: float) -> None:
        """Names have other addresses: there may be other replicas."""
        for machine in self.keys:
            if isinstance(machine, ReplicaSet):
                self._tell_replicas(machine, now)
        self._keep(now)

    def _tell_replicas(self, machine: ReplicaSet, now: float) -> None:
        before, count = self._replicas.get(machine, 0), len(machine.replicas)
        if count != before:
            told = {0: "no replicas", 1: "1 replica"}.get(count, f"{count} replicas")
            text = f"{machine.name} has {told} now, {before} before"
            self.events.add(now, "replicas", text, machine.name)
        self._replicas[machine] = count

    def _keep(self, now: float) -> None:
        """Keep what belongs to the configuration in force, and forget the rest."""
        keys = self.keys = keys_of(self.pool.machines)
        routes = {route.key for route in self.pool.config.all_routes}
        self.history.keep(keys.values(), routes)
        replicas = {
            _replica_key(key, server): server
            for machine, key in keys.items()
            for server in servers_of(machine)
            if server is not machine
        }
        self.standings.keep({*keys.values(), *replicas})
        kept = set(keys.values())
        self.woken = {key: at for key, at in self.woken.items() if key in kept}
        by = BY_HAND if self.configurations else BY_FILE
        for machine, key in keys.items():
            self.standings.look(key, machine, now, by)
        for key, server in replicas.items():
            self.standings.look(key, server, now, by)
        servers = set(self.pool)
        for known in (self._busy, self._limits, self._ejections):
            for gone in known.keys() - servers:
                del known[gone]
        for set_ in self._replicas.keys() - keys.keys():
            del self._replicas[set_]

    def replica_standing(self, machine: Machine, server: Server) -> Standing:
        """Return the state of a replica as it was seen last."""
        return self.standings.of(_replica_key(self.keys[machine], server))

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
        self._closed = second
        self._take(second, now)
        for machine, key in self.keys.items():
            for server in servers_of(machine):
                self.flipped(server, now)
            self._look_at(machine, key, second, now)
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
            key = self.keys.get(machine_of(server))
            history.answered(second, key, route, kind, times)
            if kind == SEARCH:
                searches.append(times)
        history.searched(second, merged(*searches))
        for (server, kind), (count, why) in counts.failed.items():
            key = self.keys.get(machine_of(server))
            if key is not None:
                history.server(key).failed(second, now, kind, count, why)

    def _look_at(self, machine: Machine, key: str, second: int, now: float) -> None:
        history = self.history.server(key)
        history.state.level(second, number_of(self.standings.of(key)))
        history.limit.level(second, machine.limiter.limit)
        in_flight = Counter(kind_of(demand) for demand in machine.under_way)
        for kind in in_flight.keys() | history.kinds.keys():
            history.kind(kind).in_flight.level(second, in_flight[kind])
        servers = servers_of(machine)
        worked = sum(self._worked(server, now) for server in servers)
        history.busy.count(second, round(100 * worked / len(servers)))
        if machine is servers[0]:
            self._tell_limit(servers[0], now)
        for server in servers:
            self._tell_ejections(server, machine.name, now)

    def _worked(self, server: Server, now: float) -> float:
        """Return for how many seconds it had anything to do since it was looked at."""
        busy = server.busy_seconds
        if server.in_flight:
            busy += now - server.busy_since
        worked = busy - self._busy.get(server, busy)
        self._busy[server] = busy
        return worked

    def _tell_limit(self, server: Server, now: float) -> None:
        found = server.limiter.found
        told, at = self._limits.setdefault(server, (found, now - LIMIT_PAUSE))
        if server.backend.max_concurrent != "auto":
            self._limits[server] = found, at  # who saved it knows
        elif abs(found - told) > LIMIT_PART * told and now - at >= LIMIT_PAUSE:
            self._limits[server] = found, now
            text = f"{server.name} is given up to {found} at once, {told} before"
            self.events.add(now, "limit", text, server.name)

    def _tell_ejections(self, server: Server, machine: str, now: float) -> None:
        if server.ejections > self._ejections.get(server, 0):
            for task, breaker in server.breakers.tripped(now):
                text = (
                    f"{server.name} is put out of {task} for "
                    f"{in_words(breaker.open_until - now)}: it failed "
                    f"{breaker.failures} in a row that others then did"
                )
                self.events.add(now, "out", text, machine)
        self._ejections[server] = server.ejections


def _replica_key(key: str, server: Server) -> str:
    """Return what a replica of a set is known by."""
    return f"{key} {server.backend.url}"


def _but_for_states(config: Config) -> object:
    document = msgspec.json.decode(config.document)
    for backend in document.get("backends", ()):
        backend.pop("state", None)
        backend.pop("disabledUntil", None)
    return document
