"""One backend at run time: its health, its load and its record."""

from __future__ import annotations

from collections import Counter

from immich_ml_proxy.balancer.breaker import CLOSED
from immich_ml_proxy.balancer.demand import Demand
from immich_ml_proxy.balancer.health import Health
from immich_ml_proxy.balancer.latency import ServiceTimes
from immich_ml_proxy.balancer.limit import AdaptiveLimit, FixedLimit, Limiter
from immich_ml_proxy.config.model import Backend

#: Searches that go beyond a limit that was found before an image has its turn.
OVERTAKES = 8
#: Seconds after which a request does not count against a limit that was found.
OVERDUE = 5.0


class Server:
    """
    A backend at run time.

    A request keeps the server it was given, so one that is removed or moved to
    another URL meanwhile finishes with its own counts.

    :ivar backend: its configuration.
    :ivar health: what pings and traffic told last.
    :ivar breaker: whether it is out for failing what others serve.
    :ivar in_flight: requests under way at it.
    :ivar limiter: how many there may be.
    :ivar times: how long they take.
    :ivar served: requests answered well.
    :ivar failed: requests that it failed.
    :ivar retried: those of them that another backend then served.
    :ivar ejections: how often the breaker has put it out.
    """

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.health = Health()
        self.breaker = CLOSED
        self.in_flight = 0
        self.limiter = _limiter(backend)
        self.times = ServiceTimes()
        self.served = self.failed = self.retried = self.ejections = 0
        self._by_task: Counter[str] = Counter()
        self._began: dict[Demand, float] = {}  # oldest first
        self._overtakes = 0

    @property
    def name(self) -> str:
        """The backend's name."""
        return self.backend.name

    def reconfigure(self, backend: Backend) -> None:
        """Go on under another configuration of the same server."""
        if backend.max_concurrent != self.backend.max_concurrent:
            self.limiter = _limiter(backend)
        self.backend = backend

    @property
    def is_enabled(self) -> bool:
        """Whether it is wished to take requests."""
        return self.backend.state == "enabled"

    def is_healthy(self, now: float) -> bool:
        """Whether requests should go there at ``now`` seconds."""
        return (
            self.backend.state == "enabled"
            and self.health.status == "healthy"
            and not self.breaker.is_open(now)
        )

    def reported(self, now: float) -> Health:
        """Return the health that people are shown: an open breaker counts."""
        if self.backend.state == "disabled":
            return Health("unknown", self.health.last_check, "disabled")
        if self.health.status == "healthy" and self.breaker.is_open(now):
            left = self.breaker.open_until - now
            return self.health.observe(
                f"failed {self.breaker.failures} requests in a row that other servers "
                f"then answered; tried again in {left:.0f} s",
                self.health.last_check,
            )
        return self.health

    def has_place(self, demand: Demand, now: float) -> bool:
        """
        Whether it is given less than it may be.

        A limit that was written holds exactly. One that was found lets a search
        overtake, which is little work: ``OVERTAKES`` of them, then an image has its
        turn, for which there would else be no place. And it does not count what takes
        so long that it tells nothing about the rest: a model that is being downloaded
        must not keep everything else waiting.
        """
        if self.in_flight >= self.limiter.limit:
            if self.backend.max_concurrent != "auto":
                return False
            overtakes = demand.is_search and self._overtakes < OVERTAKES
            counted = self.in_flight - self._overdue(now) - overtakes
            if counted >= self.limiter.limit:
                return False
        limits = self.backend.limits
        return not limits or all(
            self._by_task[task] < limits[task]
            for task in demand.tasks
            if task in limits
        )

    def take(self, demand: Demand, now: float) -> None:
        """A request goes there."""
        if not demand.is_search or not self.in_flight:
            self._overtakes = 0
        elif self.in_flight >= self.limiter.limit:
            self._overtakes += 1
        self.in_flight += 1
        self._began[demand] = now
        for task in demand.tasks:
            self._by_task[task] += 1

    def give_back(self, demand: Demand) -> None:
        """A request has come back, in whatever way."""
        self.in_flight -= 1
        del self._began[demand]
        for task in demand.tasks:
            self._by_task[task] -= 1
            if not self._by_task[task]:
                del self._by_task[task]

    def seconds_to_finish(self, demand: Demand) -> float:
        """Return when a request would be answered that went there next; 0: unknown."""
        expected = self.times.expected(demand.kind) or 0.0
        places = self.limiter.limit
        if self.in_flight < places:
            return expected
        return expected * (1 + (self.in_flight - places + 1) / places)

    def _overdue(self, now: float) -> int:
        count = 0
        for began in self._began.values():
            if now - began < OVERDUE:
                break
            count += 1
        return count


def _limiter(backend: Backend) -> Limiter:
    if backend.max_concurrent == "auto":
        return AdaptiveLimit()
    return FixedLimit(backend.max_concurrent)
