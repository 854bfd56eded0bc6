"""The backends at run time: their health, their load, and who may take a request."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

from immich_ml_proxy.core.config import Backend, Config, Route
from immich_ml_proxy.core.health import CLOSED, Health
from immich_ml_proxy.core.selection import POLICIES, Policy

#: Told when a backend's health changes sides: the member, and its health before.
OnFlip = Callable[["Member", Health], None]


class Member:
    """
    A backend at run time.

    A request keeps the member it was given, so one that is removed or moved to
    another URL meanwhile finishes with its own counts.

    :ivar backend: its configuration.
    :ivar health: what pings and traffic told last.
    :ivar breaker: whether it is out for failing what others serve.
    :ivar in_flight: requests under way at it.
    """

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.health = Health()
        self.breaker = CLOSED
        self.in_flight = 0

    @property
    def name(self) -> str:
        """The backend's name."""
        return self.backend.name

    def is_healthy(self, now: float) -> bool:
        """Whether requests should go there at ``now`` seconds."""
        return self.health.status == "healthy" and not self.breaker.is_open(now)

    def reported(self, now: float) -> Health:
        """Return the health that people are shown: an open breaker counts."""
        if self.health.status == "healthy" and self.breaker.is_open(now):
            left = self.breaker.open_until - now
            return self.health.observe(
                f"failed {self.breaker.failures} requests in a row that other servers "
                f"then answered; tried again in {left:.0f} s",
                self.health.last_check,
            )
        return self.health


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
            member.backend = backend
            self._members[backend.name] = member
        routes = [*config.routes.values(), *filter(None, [config.default])]
        self._policies = {
            route: self._policies.get(route) or POLICIES[route.strategy]()
            for route in routes
        }
        self.config = config

    def choose(
        self, route: Route, tried: Collection[Member], now: float
    ) -> Member | None:
        """
        Return the backend that a request should go to next.

        Healthy backends of the route come first; then, if the route says so, healthy
        ones of the default route; then any: a request is never failed unasked.

        :param tried: the backends that have failed this request.
        :return: ``None`` when every backend has been tried.
        """
        ways = [(route, self._of(route, tried))]
        default = self.config.default
        if route.fallback and default is not None:
            ways.append((default, self._of(default, tried)))
        for way, members in ways:
            healthy = [member for member in members if member.is_healthy(now)]
            if healthy:
                return self._policy(way).choose(healthy)
        for way, members in ways:
            if members:
                return self._policy(way).choose(members)
        return None

    def lacks_healthy(self, now: float) -> list[str]:
        """Return what ``/ping`` fails for: keys of routes without a healthy backend."""
        config = self.config
        if config.default is None:
            return ["no backends are configured"]
        default_down = not self._any_healthy(config.default, now)
        return [
            route.key
            for route in (config.default, *config.routes.values())
            if not self._any_healthy(route, now)
            and (default_down or not route.fallback)
        ]

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
        if member.breaker is CLOSED and member.health.status == "healthy":
            return
        before = member.reported(now)
        member.breaker = member.breaker.served()
        member.health = member.health.observe(None, now)
        self._tell(member, before, now)

    def outdone(self, member: Member, now: float) -> None:
        """``member`` failed a request that another backend then served."""
        before = member.reported(now)
        member.breaker = member.breaker.failed(now)
        self._tell(member, before, now)

    def _tell(self, member: Member, before: Health, now: float) -> None:
        if member.reported(now).status != before.status:
            self._on_flip(member, before)

    def _any_healthy(self, route: Route, now: float) -> bool:
        return any(member.is_healthy(now) for member in self._of(route, ()))

    def _of(self, route: Route, tried: Collection[Member]) -> Sequence[Member]:
        return [
            member
            for name in route.backends
            if (member := self._members.get(name)) is not None and member not in tried
        ]

    def _policy(self, route: Route) -> Policy:
        # A request may still hold a route of the configuration before.
        policy = self._policies.get(route)
        return policy if policy is not None else POLICIES[route.strategy]()
