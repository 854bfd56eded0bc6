"""The backends at run time, and which of them a demand may go to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from immich_ml_proxy.balancer.demand import Demand
from immich_ml_proxy.balancer.health import Health
from immich_ml_proxy.balancer.selection import POLICIES, Policy
from immich_ml_proxy.balancer.server import Member
from immich_ml_proxy.config.model import Config, Route

#: Told when a backend's health changes sides: the member, and its health before.
OnFlip = Callable[[Member, Health], None]

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
        self._members: dict[str, Member] = {}
        self._policies: dict[Route, Policy] = {}
        self._enabled: dict[Route, Sequence[Member]] = {}
        self.config = config
        self.reconfigure(config)

    def __iter__(self) -> Iterator[Member]:
        return iter(self._members.values())

    def __getitem__(self, name: str) -> Member:
        return self._members[name]

    def reconfigure(self, config: Config) -> None:
        """
        Put ``config`` in force.

        A backend that stays at its URL keeps its health and its counts, a route that
        stays as it is keeps its turn.
        """
        kept = {(member.name, member.backend.url): member for member in self}
        self._members = {}
        for backend in config.backends:
            member = kept.get((backend.name, backend.url)) or Member(backend)
            member.reconfigure(backend)
            self._members[backend.name] = member
        self._policies = {
            route: self._policies.get(route) or POLICIES[route.strategy](route)
            for route in config.all_routes
        }
        self._enabled = {route: self._enabled_of(route) for route in config.all_routes}
        self.config = config

    def choose(
        self,
        demand: Demand,
        tried: Collection[Member],
        now: float,
        hold: bool = False,
        freed: Member | None = None,
    ) -> Member | None:
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
        for route, members in ways:
            if freed and freed in members and freed.is_healthy(now):
                # The others are looked at only if the policy asks for them.
                well = (member for member in members if member.is_healthy(now))
                return self._choose(route, [freed], well, demand, now)
            healthy = [member for member in members if member.is_healthy(now)]
            if healthy:
                asked = [] if freed else healthy
                return self._choose(route, asked, healthy, demand, now)
        if not hold:
            for route, members in ways:
                if members:
                    asked = [one for one in members if freed in (None, one)]
                    return self._choose(route, asked, members, demand, now)
        return None

    def may_ask(self, route: Route, tried: Collection[Member]) -> bool:
        """Whether there is a backend that has not been tried."""
        return any(members for _, members in self._ways(route, tried))

    def is_down(self, route: Route, now: float) -> bool:
        """Whether no backend that ``route`` may use is healthy."""
        return not any(
            member.is_healthy(now)
            for _, members in self._ways(route, ())
            for member in members
        )

    def members_of(self, route: Route) -> list[Member]:
        """Return the backends that ``route`` names."""
        return [
            member
            for name in route.backends
            if (member := self._members.get(name)) is not None
        ]

    def patience(
        self, demand: Demand, tried: Collection[Member], now: float
    ) -> float | None:
        """
        Return how many seconds to wait before another backend is asked instead.

        :param tried: the backends asked so far, the present one included.
        :return: ``None`` when nothing is known of such requests, or nobody else is
            healthy: then the answer is waited for as long as it may take.
        """
        others = [
            member
            for _, members in self._ways(demand.route, tried)
            for member in members
            if member.is_healthy(now)
        ]
        known = [
            expected
            for member in (*others, *tried)
            if (expected := member.times.expected(demand.kind)) is not None
        ]
        if not others or not known:
            return None
        return max(LEAST_PATIENCE, PATIENCE * max(known))

    def down(self, now: float) -> list[Route]:
        """Return the routes without a healthy backend."""
        return [route for route in self.config.all_routes if self.is_down(route, now)]

    def observe(self, member: Member, error: str | None, now: float) -> None:
        """
        Take in what a ping or a request has shown of a backend.

        :param error: what is wrong, in words; ``None`` when it answered well.
        """
        before = member.reported(now)
        member.health = member.health.observe(error, now)
        self._tell(member, before, now)

    def served(self, member: Member, now: float) -> None:
        """A request was served by ``member``."""
        member.served += 1
        if member.breaker.failures or member.health.status != "healthy":
            before = member.reported(now)
            member.breaker = member.breaker.served()
            member.health = member.health.observe(None, now)
            self._tell(member, before, now)

    def outdone(self, member: Member, now: float) -> None:
        """``member`` failed a request that another backend then served."""
        before = member.reported(now)
        was_open = member.breaker.is_open(now)
        member.retried += 1
        member.breaker = member.breaker.failed(now)
        member.ejections += member.breaker.is_open(now) and not was_open
        member.limiter.failed(member.in_flight)
        self._tell(member, before, now)

    def _tell(self, member: Member, before: Health, now: float) -> None:
        if member.reported(now).status != before.status:
            self._on_flip(member, before)

    def _ways(
        self, route: Route, tried: Collection[Member]
    ) -> list[tuple[Route, Sequence[Member]]]:
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
        return [(way, [m for m in members if m not in tried]) for way, members in ways]

    def _enabled_of(self, route: Route) -> Sequence[Member]:
        return [member for member in self.members_of(route) if member.is_enabled]

    def _choose(
        self,
        route: Route,
        asked: Sequence[Member],
        well: Iterable[Member],
        demand: Demand,
        now: float,
    ) -> Member | None:
        free = [member for member in asked if member.has_place(demand, now)]
        if not free:
            return None
        # A request may still hold a route of the configuration before.
        policy = self._policies.get(route) or POLICIES[route.strategy](route)
        return policy.choose(free, well, demand)
