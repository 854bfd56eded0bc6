"""What is counted is kept as long as it is configured, and belongs to a machine."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from immich_ml_proxy.balancer.leg import SERVED
from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.balancer.replicas import Looked
from immich_ml_proxy.balancer.scheduler import Scheduler
from immich_ml_proxy.balancer.server import Server
from immich_ml_proxy.metrics import catalog
from immich_ml_proxy.metrics.catalog import Metric
from immich_ml_proxy.metrics.counters import Counters
from immich_ml_proxy.metrics.reading import Beside, Reading
from immich_ml_proxy.metrics.told import Told
from immich_ml_proxy.metrics.traffic import Traffic
from immich_ml_proxy.observe.buckets import LAG, Buckets
from immich_ml_proxy.observe.tally import Tally
from tests.balancer.demands import configured, search

NOW = 1.0


class Counted:
    """
    A pool whose requests are counted.

    :param backends: of its configuration.
    """

    def __init__(self, *backends: dict[str, Any], **more: Any) -> None:
        self.tally = Tally()
        self.counters = Counters(self.tally)
        told = Told(self.tally, self.counters)
        config = configured(*backends, **more)
        self.pool = Pool(config, lambda server, before: None, told)

    def save(self, *backends: dict[str, Any], **more: Any) -> None:
        """Put another configuration in force."""
        self.pool.reconfigure(configured(*backends, **more))
        self.counters.keep(self.pool)

    def resolved(self, *addresses: str) -> None:
        """Have the name ``ml`` have these addresses."""
        self.pool.resolved({"ml": Looked().found(addresses)})
        self.counters.keep(self.pool)

    def work(self, server: Server, count: int = 1, seconds: float = 0.1) -> None:
        """Have a server answer searches, and fail as many, of which it learns one."""
        route = self.pool.config.default
        assert route is not None
        for _ in range(count):
            demand = search(route)
            server.observer.arrived(demand)
            server.observer.answered(server, demand, seconds)
            server.observer.over(demand, server, SERVED, seconds)
            server.observer.tried(server, demand, "lost", seconds)
            server.observer.again(demand, False)
            server.observer.again(demand, True)
        server.observer.learned(server)

    def read(self, metric: Metric) -> dict[tuple[str, ...], Any]:
        """Return the values of a metric by its labels."""
        reading = Reading(
            self.pool,
            Scheduler(self.pool),
            self.counters,
            Traffic(),
            Buckets(LAG),
            lambda: Beside(0, 0, False),
            ("", "", ""),
            tuple,
        )
        found: Iterable[Any] = dict(reading.read(NOW))[metric]
        return {tuple(labels): value for labels, value in found}

    def totals(self) -> tuple[float, float, float, float]:
        """Return how much there is of each thing that a server does, in all."""
        return (
            sum(self.read(catalog.REQUESTS).values()),
            sum(self.read(catalog.ATTEMPTS).values()),
            sum(one.total for one in self.read(catalog.SERVICE).values()),
            sum(self.read(catalog.REFUSALS).values()),
        )


A, B = {"name": "a"}, {"name": "b"}
SET = {"name": "ml", "url": "http://ml:3003", "resolve": "all"}


def test_each_thing_is_counted_once() -> None:
    """An answer is a request, an attempt, and its service time."""
    counted = Counted(A, B)
    counted.work(counted.pool["a"], 3)
    assert counted.read(catalog.REQUESTS) == {
        ("default", "clip/textual", "a", "served"): 3
    }
    assert counted.read(catalog.ATTEMPTS) == {
        ("a", "clip/textual", "served"): 3,
        ("a", "clip/textual", "lost"): 3,
    }
    [service] = counted.read(catalog.SERVICE).values()
    assert service.total == 3
    assert service.sum == pytest.approx(0.3)
    assert counted.read(catalog.RETRIES) == {("default",): 3}
    assert counted.read(catalog.HEDGES) == {("default",): 3}
    assert counted.read(catalog.REFUSALS) == {("a",): 1, ("b",): 0}


def test_a_backend_that_is_renamed_keeps_its_counts() -> None:
    """It is known by its URL."""
    counted = Counted({"name": "a", "url": "http://one:1"}, B)
    counted.work(counted.pool["a"], 2)
    before = counted.totals()
    counted.save({"name": "new", "url": "http://one:1"}, B)
    assert counted.totals() == before
    assert set(counted.read(catalog.SERVICE)) == {("new", "clip/textual")}


def test_what_is_gone_is_forgotten() -> None:
    """Of a backend and of a route; nothing of it is held on to."""
    counted = Counted(A, B)
    gone = counted.pool["b"]
    counted.work(counted.pool["a"], 2)
    counted.work(gone, 5)
    counted.save(A)
    assert counted.totals() == (2, 4, 2, 1)
    counters = counted.counters
    for keys in (counters.requests, counters.served, counters.attempts):
        assert gone not in {part for key in keys for part in key}
    assert gone not in counters.refusals
    # One request of it ends only now.
    counted.work(gone, 1)
    assert counted.totals() == (2, 4, 2, 1)


def test_a_route_that_is_gone_is_forgotten() -> None:
    """Its key might be anything by then."""
    counted = Counted(A, taskRouting={"ocr": "a"})
    route = counted.pool.config.routes["ocr"]
    server = counted.pool["a"]
    server.observer.over(search(route), server, SERVED, 0.1)
    server.observer.answered(server, search(route), 0.1)
    server.observer.again(search(route), False)
    assert set(counted.read(catalog.RETRIES)) == {("ocr",)}
    counted.save(A)
    assert counted.totals()[:3] == (0, 0, 0)
    assert counted.read(catalog.RETRIES) == {}


def test_replicas_are_one_machine_whose_counts_stay() -> None:
    """However they come and go, nothing is counted twice and nothing is lost."""
    counted = Counted(SET)
    counted.resolved("10.0.0.1", "10.0.0.2")
    first, second = counted.pool
    counted.work(first, 2)
    counted.work(second, 3)
    expected = 5, 10, 5, 2
    assert counted.totals() == expected
    assert set(counted.read(catalog.REQUESTS)) == {
        ("default", "clip/textual", "ml", "served")
    }
    counted.resolved("10.0.0.2", "10.0.0.3")
    assert counted.totals() == expected
    assert first not in {key[0] for key in counted.counters.served}
    # A request that the one that has gone had under way.
    counted.work(first, 1)
    counted.resolved("10.0.0.4")
    counted.resolved("10.0.0.1")
    assert counted.totals() == (6, 12, 6, 3)
    assert counted.read(catalog.REPLICAS) == {("ml",): 1}
    assert counted.read(catalog.HEALTHY_REPLICAS) == {("ml",): 0}
    counted.save(A)
    assert counted.totals() == (0, 0, 0, 0)


def test_healthy_replicas_are_counted() -> None:
    """The machine is well while one of them is."""
    counted = Counted(SET, A)
    counted.resolved("10.0.0.1", "10.0.0.2", "10.0.0.3")
    for server in [*counted.pool][:2]:
        counted.pool.evidence.observe(server, None, NOW)
    assert counted.read(catalog.REPLICAS) == {("ml",): 3, ("a",): 1}
    assert counted.read(catalog.HEALTHY_REPLICAS) == {("ml",): 2, ("a",): 0}
    assert counted.read(catalog.HEALTHY) == {("ml",): 1, ("a",): 0}
