"""Reads the value of every metric from the numbers that are kept anyway."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from immich_ml_proxy.balancer.leg import CANCELLED, SERVED
from immich_ml_proxy.balancer.outcome import Kind
from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.balancer.replica_set import (
    Machine,
    ReplicaSet,
    machine_of,
    servers_of,
)
from immich_ml_proxy.balancer.scheduler import Scheduler
from immich_ml_proxy.config.model import Route
from immich_ml_proxy.metrics import catalog
from immich_ml_proxy.metrics.catalog import Metric
from immich_ml_proxy.metrics.counters import Counters
from immich_ml_proxy.metrics.traffic import Traffic
from immich_ml_proxy.observe.buckets import Buckets
from immich_ml_proxy.observe.kinds import KEYS, OTHER

#: The values of a metric, with those of its labels.
Values = Iterable[tuple[Sequence[str], float | Buckets]]
#: What attempts come to, as a label; what is not here is called as it is.
_OUTCOMES: Mapping[str, str] = {
    Kind.OTHER_MODEL.value: "other_model",
    Kind.TOO_LARGE.value: "too_large",
    Kind.OPINION.value: "refused",
}


@attrs.frozen
class Beside:
    """
    What is known elsewhere, just now.

    :ivar connections: of clients.
    :ivar buffered: bytes of bodies that are held.
    :ivar config_error: whether the configuration file cannot be used.
    """

    connections: int
    buffered: int
    config_error: bool


class Reading:
    """
    :param pool: the backends.
    :param scheduler: knows who waits.
    :param counters: of what became of requests.
    :param traffic: of what went over clients' connections.
    :param lag: of the event loop.
    :param beside: returns what is known elsewhere.
    :param build: the labels of ``build_info``.
    :param settle: has the traffic counted that is not yet.
    """

    def __init__(
        self,
        pool: Pool,
        scheduler: Scheduler,
        counters: Counters,
        traffic: Traffic,
        lag: Buckets,
        beside: Callable[[], Beside],
        build: Sequence[str],
        settle: Callable[[], object],
    ) -> None:
        self._pool = pool
        self._scheduler = scheduler
        self._counters = counters
        self._traffic = traffic
        self._lag = lag
        self._beside = beside
        self._build = build
        self._settle = settle

    def read(self, now: float) -> Iterator[tuple[Metric, Values]]:
        """Return all metrics with their values; ``now`` in seconds of the clock."""
        self._settle()
        self._counters.keep(self._pool)
        yield from self._of_work()
        yield from self._of_routes(self._pool.config.all_routes, now)
        yield from self._of_machines(self._pool.machines, now)
        yield from self._of_clients()
        yield catalog.REACTOR_LAG, [((), self._lag)]
        yield catalog.BUILD, [(self._build, 1)]

    def _of_work(self) -> Iterator[tuple[Metric, Values]]:
        counters = self._counters
        requests = Counter[tuple[str, str, str, str]]()
        for (route, kind, to, outcome), one in counters.requests.items():
            name = machine_name(to) if to else ""
            requests[route, task_of(kind), name, outcome] += one.total
        yield catalog.REQUESTS, _by(requests)
        service: dict[tuple[str, str], Buckets] = {}
        for (by, _, kind), one in counters.served.items():
            key = machine_name(by), task_of(kind)
            service.setdefault(key, Buckets()).take_in(one)
        attempts = Counter[tuple[str, str, str]](
            {(*key, SERVED): one.total for key, one in service.items()}
        )
        for (by, kind, outcome), count in counters.attempts.items():
            told = _OUTCOMES.get(outcome, outcome)
            attempts[machine_name(by), task_of(kind), told] += count
        yield catalog.ATTEMPTS, _by(attempts)
        yield catalog.SERVICE, [*service.items()]
        whole: dict[tuple[str, str], Buckets] = {}
        for (route, kind, _, outcome), one in counters.requests.items():
            if outcome != CANCELLED:  # it says how long somebody waited, no more
                key = route, task_of(kind)
                whole.setdefault(key, Buckets()).take_in(one)
        yield catalog.DURATION, [*whole.items()]
        yield catalog.RETRIES, [((key,), one) for key, one in counters.retries.items()]
        yield catalog.HEDGES, [((key,), one) for key, one in counters.hedges.items()]

    def _of_routes(
        self, routes: Sequence[Route], now: float
    ) -> Iterator[tuple[Metric, Values]]:
        waiting = Counter[str]()
        # Some may still wait under the route that had this key before.
        for route, count in self._scheduler.waiting().items():
            waiting[route.key] += count
        keys = {route.key: route for route in routes}
        yield catalog.WAITING, [((key,), waiting[key]) for key in keys]
        yield (
            catalog.HELD,
            [
                ((key,), waiting[key] if self._pool.is_down(route, now) else 0)
                for key, route in keys.items()
            ],
        )
        yield (
            catalog.WAITING_PER_PLACE,
            [
                ((key,), waiting[key] / max(self._places(route, now), 1))
                for key, route in keys.items()
            ],
        )

    def _places(self, route: Route, now: float) -> int:
        return sum(
            server.limiter.limit
            for server in self._pool.servers_of(route)
            if server.is_enabled and server.is_healthy(now)
        )

    def _of_machines(
        self, machines: Sequence[Machine], now: float
    ) -> Iterator[tuple[Metric, Values]]:
        learned = Counter[str]()
        for by, count in self._counters.refusals.items():
            learned[machine_name(by)] += count

        def healthy(machine: Machine) -> int:
            reported = [one.reported(now) for one in servers_of(machine)]
            return sum(one.status == "healthy" for one in reported)

        read: tuple[tuple[Metric, Callable[[Machine], float]], ...] = (
            (catalog.IN_FLIGHT, lambda one: one.in_flight),
            (catalog.PLACES, lambda one: one.limiter.limit),
            (catalog.HEALTHY, lambda one: one.reported(now).status == "healthy"),
            (catalog.ENABLED, lambda one: one.is_enabled),
            (catalog.FAILOVERS, lambda one: one.retried),
            (catalog.EJECTIONS, lambda one: one.ejections),
            (catalog.REFUSALS, lambda one: learned[one.name]),
            (catalog.NORMALISED, lambda one: one.normalised),
            (catalog.REPLICAS, lambda one: len(servers_of(one))),
            (catalog.HEALTHY_REPLICAS, healthy),
        )
        for metric, value in read:
            yield metric, [((one.name,), float(value(one))) for one in machines]

    def _of_clients(self) -> Iterator[tuple[Metric, Values]]:
        traffic, beside = self._traffic, self._beside()
        yield (
            catalog.ANSWERS,
            [
                ((path, str(code)), count)
                for path, codes in traffic.answers.items()
                for code, count in codes.items()
            ],
        )
        yield catalog.RECEIVED, [((), traffic.received)]
        yield catalog.SENT, [((), traffic.sent)]
        yield catalog.BUFFERED, [((), beside.buffered)]
        yield catalog.CONNECTIONS, [((), beside.connections)]
        yield catalog.CONFIG_ERROR, [((), float(beside.config_error))]


def task_of(kind: str) -> str:
    """Return the label of a kind of work: the routing key that Immich's work has."""
    return KEYS.get(kind, OTHER)


def machine_name(by: Machine) -> str:
    """Return the name of the machine that a server is, or is a replica of."""
    return by.name if isinstance(by, ReplicaSet) else machine_of(by).name


def _by(counts: Mapping[Any, int]) -> Values:
    return [*counts.items()]
