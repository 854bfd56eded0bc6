"""The backends at run time, and which of them a demand may go to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from immich_ml_proxy.balancer.demand import Demand
from immich_ml_proxy.balancer.health import Health
from immich_ml_proxy.balancer.selection import POLICIES, Policy
from immich_ml_proxy.balancer.server import Server
from immich_ml_proxy.config.model import Config, Route

#: Told when a backend's health changes sides: the server, and its health before.
OnFlip = Callable[[Server, Health], None]

#: A request is asked of another backend after this many times the expected seconds,
PATIENCE = 20.0
#: but not before as many seconds: a model may have to be loaded.
LEAST_PATIENCE = 5.0


class Pool:
    """
    Every backend of the configuration in force.

    :param config: the first configuration.
    :param on_flip: told when a backend becomes healthy or unhealthy.
    """

    def __init__(self, config: Config, on_flip: OnFlip) -> None:
        self._on_flip = on_flip
        self._servers: dict[str, Server] = {}
        self._policies: dict[Route, Policy] = {}
        self._enabled: dict[Route, Sequence[Server]] = {}
        self.config = config
        self.reconfigure(config)

    def __iter__(self) -> Iterator[Server]:
        return iter(self._servers.values())

    def __getitem__(self, name: str) -> Server:
        return self._servers[name]

    def reconfigure(self, config: Config) -> None:
        """
        Put ``config`` in force.

        A backend that stays at its URL keeps its health and its counts, a route that
        stays as it is keeps its turn.
        """
        kept = {(server.name, server.backend.url): server for server in self}
        self._servers = {}
        for backend in config.backends:
            server = kept.get((backend.name, backend.url)) or Server(backend)
            server.reconfigure(backend)
            self._servers[backend.name] = server
        self._policies = {
            route: self._policies.get(route) or POLICIES[route.strategy](route)
            for route in config.all_routes
        }
        self._enabled = {route: self._enabled_of(route) for route in config.all_routes}
        self.config = config

    def choose(
        self,
        demand: Demand,
        tried: Collection[Server],
        now: float,
        hold: bool = False,
        freed: Server | None = None,
    ) -> Server | None:
        """
        Return the backend that a request should go to now.

        Healthy backends of the route come first; then, if the route says so, healthy
        ones of the default route; then any: a request is never failed unasked.

        :param tried: the backends that have failed this request.
        :param hold: wait for a healthy one rather than take any.
        :param freed: the only backend that may have a place.
        :return: one with a place; ``None`` when the request has to wait.
        """
        ways = self._ways(demand.route, tried)
        for route, servers in ways:
            if freed and freed in servers and freed.is_healthy(now):
                # The others are looked at only if the policy asks for them.
                well = (server for server in servers if server.is_healthy(now))
                return self._choose(route, [freed], well, demand, now)
            healthy = [server for server in servers if server.is_healthy(now)]
            if healthy:
                asked = [] if freed else healthy
                return self._choose(route, asked, healthy, demand, now)
        if not hold:
            for route, servers in ways:
                if servers:
                    asked = [one for one in servers if freed in (None, one)]
                    return self._choose(route, asked, servers, demand, now)
        return None

    def may_ask(self, route: Route, tried: Collection[Server]) -> bool:
        """Whether there is a backend that has not been tried."""
        return any(servers for _, servers in self._ways(route, tried))

    def is_down(self, route: Route, now: float) -> bool:
        """Whether no backend that ``route`` may use is healthy."""
        return not any(
            server.is_healthy(now)
            for _, servers in self._ways(route, ())
            for server in servers
        )

    def servers_of(self, route: Route) -> list[Server]:
        """Return the backends that ``route`` names."""
        return [
            server
            for name in route.backends
            if (server := self._servers.get(name)) is not None
        ]

    def patience(
        self, demand: Demand, tried: Collection[Server], now: float
    ) -> float | None:
        """
        Return how many seconds to wait before another backend is asked instead.

        :param tried: the backends asked so far, the present one included.
        :return: ``None`` when nothing is known of such requests, or nobody else is
            healthy: then the answer is waited for as long as it may take.
        """
        others = [
            server
            for _, servers in self._ways(demand.route, tried)
            for server in servers
            if server.is_healthy(now)
        ]
        known = [
            expected
            for server in (*others, *tried)
            if (expected := server.times.expected(demand.kind)) is not None
        ]
        if not others or not known:
            return None
        return max(LEAST_PATIENCE, PATIENCE * max(known))

    def down(self, now: float) -> list[Route]:
        """Return the routes without a healthy backend."""
        return [route for route in self.config.all_routes if self.is_down(route, now)]

    def observe(self, server: Server, error: str | None, now: float) -> None:
        """
        Take in what a ping or a request has shown of a backend.

        :param error: what is wrong, in words; ``None`` when it answered well.
        """
        before = server.reported(now)
        server.health = server.health.observe(error, now)
        self._tell(server, before, now)

    def served(self, server: Server, now: float) -> None:
        """A request was served by ``server``."""
        server.served += 1
        if server.breaker.failures or server.health.status != "healthy":
            before = server.reported(now)
            server.breaker = server.breaker.served()
            server.health = server.health.observe(None, now)
            self._tell(server, before, now)

    def outdone(self, server: Server, now: float) -> None:
        """``server`` failed a request that another backend then served."""
        before = server.reported(now)
        was_open = server.breaker.is_open(now)
        server.retried += 1
        server.breaker = server.breaker.failed(now)
        server.ejections += server.breaker.is_open(now) and not was_open
        server.limiter.failed(server.in_flight)
        self._tell(server, before, now)

    def _tell(self, server: Server, before: Health, now: float) -> None:
        if server.reported(now).status != before.status:
            self._on_flip(server, before)

    def _ways(
        self, route: Route, tried: Collection[Server]
    ) -> list[tuple[Route, Sequence[Server]]]:
        """Return the routes to look at, each with the backends that may be asked."""
        routes = [route]
        default = self.config.default
        if route.fallback and default is not None and default != route:
            routes.append(default)
        ways = [
            (way, self._enabled.get(way) or self._enabled_of(way)) for way in routes
        ]
        if not tried:
            return ways
        return [(way, [m for m in servers if m not in tried]) for way, servers in ways]

    def _enabled_of(self, route: Route) -> Sequence[Server]:
        return [server for server in self.servers_of(route) if server.is_enabled]

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
        return policy.choose(free, well, demand)
