"""The backends at run time, and which of them a demand may go to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain

from immich_ml_proxy.balancer.demand import Demand
from immich_ml_proxy.balancer.evidence import Evidence, OnFlip
from immich_ml_proxy.balancer.health import NEVER
from immich_ml_proxy.balancer.latency import patience
from immich_ml_proxy.balancer.observer import NOBODY, Observer
from immich_ml_proxy.balancer.replica_set import Machine
from immich_ml_proxy.balancer.replicas import Names
from immich_ml_proxy.balancer.roster import Roster
from immich_ml_proxy.balancer.selection import POLICIES, Policy
from immich_ml_proxy.balancer.server import Server
from immich_ml_proxy.config.model import Config, Route


class Pool:
    """
    Every backend of the configuration in force.

    :param config: the first configuration.
    :param on_flip: told when a backend becomes healthy or unhealthy.
    :param observer: told what becomes of requests.
    :ivar evidence: what pings and requests tell of them.
    """

    def __init__(
        self, config: Config, on_flip: OnFlip, observer: Observer = NOBODY
    ) -> None:
        self._roster = Roster(observer)
        self._policies: dict[Route, Policy] = {}
        self._ways_of: dict[Route, Sequence[tuple[Route, Sequence[Server]]]] = {}
        self.evidence = Evidence(on_flip)
        self.observer = observer
        self.config = config
        self.reconfigure(config)

    def __iter__(self) -> Iterator[Server]:
        return iter(self._roster.servers.values())

    def __getitem__(self, name: str) -> Server:
        return self._roster.servers[name]

    @property
    def machines(self) -> Sequence[Machine]:
        """What stands for each backend: a server, or the set of its replicas."""
        return self._roster.machines

    def reconfigure(self, config: Config) -> None:
        """
        Put ``config`` in force.

        A backend that stays at its URL, by whatever name, keeps its health and its
        counts, a route that stays as it is keeps its turn.
        """
        self._roster.configured(config.backends)
        self._policies = {
            route: self._policies.get(route) or POLICIES[route.strategy](route)
            for route in config.all_routes
        }
        self.config = config
        self._other_servers()

    def resolved(self, names: Names) -> None:
        """
        Use the addresses that the names of backends with ``resolve`` have now.

        One that has come is not healthy before it has answered; one that has gone
        finishes what it has.
        """
        self._roster.resolved(names)
        self._other_servers()

    def _other_servers(self) -> None:
        self.evidence.opinions.clear()
        self.switched()

    def switched(self) -> None:
        """Some backends are to be used, or are not any more, by the clock."""
        routes = self.config.all_routes
        self._ways_of = {route: self._new_ways(route) for route in routes}

    def choose(
        self,
        demand: Demand,
        tried: Collection[Server],
        now: float,
        hold: bool = False,
        freed: Server | None = None,
        proven: bool = False,
    ) -> Server | None:
        """
        Return the backend that a request should go to now.

        Those of the route that are ready for it come first; then, if the route says
        so, those of the default route; then any that are not known to be unable: a
        request is never failed unasked.

        :param tried: the backends that have failed this request.
        :param hold: wait for one that is ready rather than take any.
        :param freed: the only backend that may have a place.
        :param proven: one that has served such requests goes before all others.
        :return: one with a place; ``None`` when the request has to wait.
        """
        ways = self._ways(demand.route)
        for route, servers in ways:
            ready = _ready(servers, demand, tried, now)
            if (
                freed is not None
                and not proven
                and freed in servers
                and freed not in tried
                and freed.is_ready(demand, now)
            ):
                # The others are looked at only if the policy asks for them.
                return self._choose(route, [freed], ready, demand, now)
            well = list(ready)
            if well:
                well = (_proven(well, demand) if proven else []) or well
                return self._choose(route, _only(freed, well), well, demand, now)
        able = self.able(demand, tried, now)
        if any(now < one.busy_until for one in able if one.is_healthy(now)):
            return None
        for route, servers in ways:
            others = [
                server
                for server in servers
                if server in able and (not hold or server.is_worth_asking(demand, now))
            ]
            if others:
                return self._choose(route, _only(freed, others), others, demand, now)
        return None

    def may_ask(self, demand: Demand, tried: Collection[Server], now: float) -> bool:
        """Whether there is a backend that has not been tried and may be able to."""
        return bool(self.able(demand, tried, now))

    def unable(self, demand: Demand, now: float) -> list[Server]:
        """Return the backends that ``demand`` may go to but that cannot serve it."""
        return [
            server for server in self._all(demand.route) if not server.can(demand, now)
        ]

    def is_down(self, route: Route, now: float) -> bool:
        """Whether no backend that ``route`` may use is healthy."""
        return not any(server.is_healthy(now) for server in self._all(route))

    def is_closed(self, route: Route) -> bool:
        """Whether all backends that ``route`` may use are put aside on purpose."""
        return next(self._all(route), None) is None

    def last_well(self, route: Route, now: float) -> float:
        """Return when the last backend that ``route`` may use was seen well."""
        return max(
            (
                now if server.is_healthy(now) else server.last_well
                for server in self._all(route)
            ),
            default=NEVER,
        )

    def servers_of(self, route: Route) -> list[Server]:
        """Return the backends that ``route`` names."""
        of = self._roster.of
        return [server for name in route.backends for server in of.get(name, ())]

    def patience(
        self, demand: Demand, asked: Collection[Server], now: float
    ) -> float | None:
        """
        Return how many seconds to wait before another backend is asked as well.

        :param asked: the backends asked so far, the present one included.
        :return: ``None`` when nothing is known of such requests, or nobody else is
            ready: then the answer is waited for as long as it may take.
        """
        others = [
            server
            for _, servers in self._ways(demand.route)
            for server in _ready(servers, demand, asked, now)
        ]
        known = [
            expected
            for server in (*others, *asked)
            if (expected := server.times.expected(demand.kind)) is not None
        ]
        if not others or not known:
            return None
        return patience(max(known))

    def down(self, now: float) -> list[Route]:
        """Return the routes without a healthy backend."""
        return [route for route in self.config.all_routes if self.is_down(route, now)]

    def _ways(self, route: Route) -> Sequence[tuple[Route, Sequence[Server]]]:
        """Return the routes to look at, each with its enabled backends."""
        # A request may still hold a route of the configuration before.
        return self._ways_of.get(route) or self._new_ways(route)

    def _new_ways(self, route: Route) -> Sequence[tuple[Route, Sequence[Server]]]:
        routes = [route]
        default = self.config.default
        if route.fallback and default is not None and default != route:
            routes.append(default)
        return [
            (way, [one for one in self.servers_of(way) if one.is_enabled])
            for way in routes
        ]

    def _all(self, route: Route) -> Iterator[Server]:
        """The enabled backends of all the ways of a route."""
        ways = self._ways(route)
        return iter(dict.fromkeys(chain.from_iterable(servers for _, servers in ways)))

    def able(
        self, demand: Demand, tried: Collection[Server], now: float
    ) -> set[Server]:
        """Return the backends that may be asked, as far as is known: well or not."""
        return {
            server
            for server in self._all(demand.route)
            if server not in tried and server.can(demand, now)
        }

    def _choose(
        self,
        route: Route,
        asked: Sequence[Server],
        well: Iterable[Server],
        demand: Demand,
        now: float,
    ) -> Server | None:
        free = [server for server in asked if server.has_place(demand, now)]
        if not free:
            return None
        # A request may still hold a route of the configuration before.
        policy = self._policies.get(route) or POLICIES[route.strategy](route)
        return policy.choose(free, well, demand, now)


def _ready(
    servers: Iterable[Server], demand: Demand, tried: Collection[Server], now: float
) -> Iterator[Server]:
    return (
        server
        for server in servers
        if server not in tried and server.is_ready(demand, now)
    )


def _only(freed: Server | None, servers: Sequence[Server]) -> Sequence[Server]:
    return [one for one in servers if freed in (None, one)]


def _proven(servers: Iterable[Server], demand: Demand) -> list[Server]:
    return [one for one in servers if one.abilities.has_served(demand.need)]
