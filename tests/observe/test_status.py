"""The numbers of ``/api/status``."""

from __future__ import annotations

from typing import Any

import msgspec

from immich_ml_proxy.balancer.breaker import TRIP_AFTER
from immich_ml_proxy.balancer.outcome import Kind
from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.balancer.scheduler import Scheduler, Waiting
from immich_ml_proxy.config.model import Route
from immich_ml_proxy.observe.status import status
from tests.balancer.demands import configured, image, pool_of
from tests.balancer.tries import tried


def ask(scheduler: Scheduler, route: Route, times: int, **more: Any) -> None:
    """Have so many pictures ask for a place."""
    for _ in range(times):
        scheduler.ask(Waiting(image(route), lambda server: None, **more), 1.0)


def route_of(pool: Pool, key: str = "default") -> Route:
    """Return a route of the configuration in force."""
    return next(route for route in pool.config.all_routes if route.key == key)


def test_a_backend_at_rest() -> None:
    """Every number there is, and all of it JSON."""
    pool = pool_of({"name": "a", "maxConcurrent": 3}, {"name": "b", "state": "drain"})
    told = status(pool, Scheduler(pool), 2.0)
    assert told["backends"]["a"] == {
        "state": "enabled",
        "disabledUntil": None,
        "offUntil": None,
        "resting": False,
        "status": "healthy",
        "inFlight": 0,
        "limit": 3,
        "limitIsFound": False,
        "served": 0,
        "failed": 0,
        "retried": 0,
        "ejections": 0,
        "normalised": 0,
        "cannot": [],
        "notes": [],
        "serviceTimes": {},
        "waiting": 0,
    }
    assert told["backends"]["b"]["state"] == "drain"
    assert told["backends"]["b"]["limitIsFound"] is True
    assert told["routes"] == {
        "default": {"waiting": 0, "maxWaiting": 1000, "held": 0, "down": False}
    }
    assert msgspec.json.decode(msgspec.json.encode(told)) == told


def test_what_waits_is_told_by_route_and_by_backend() -> None:
    """A request counts at every backend it may go to."""
    pool = pool_of(
        {"name": "a", "maxConcurrent": 1},
        {"name": "b", "maxConcurrent": 1},
        defaultBackend="a",
        taskRouting={"ocr": ["a", "b"]},
    )
    scheduler = Scheduler(pool)
    ask(scheduler, route_of(pool), 3)
    ask(scheduler, route_of(pool, "ocr"), 5)
    told = status(pool, scheduler, 2.0)
    assert {key: one["waiting"] for key, one in told["routes"].items()} == {
        "default": 2,
        "ocr": 4,
    }
    assert {name: one["waiting"] for name, one in told["backends"].items()} == {
        "a": 6,
        "b": 4,
    }
    assert [told["backends"][name]["inFlight"] for name in "ab"] == [1, 1]
    assert [one["held"] for one in told["routes"].values()] == [0, 0]


def test_what_waits_for_a_backend_to_return_is_held() -> None:
    """As long as no backend of the route is healthy."""
    pool = pool_of({"name": "a", "maxConcurrent": 1})
    scheduler = Scheduler(pool)
    pool.evidence.observe(pool["a"], "connection refused", 1.0, is_away=True)
    ask(scheduler, route_of(pool), 2, hold=True)
    told = status(pool, scheduler, 2.0)
    assert told["routes"]["default"] == {
        "waiting": 2,
        "maxWaiting": 1000,
        "held": 2,
        "down": True,
    }
    assert told["backends"]["a"]["status"] == "unhealthy"


def test_those_who_wait_under_the_route_before_are_counted_too() -> None:
    """A new configuration does not make them disappear from the page."""
    pool = pool_of({"name": "a", "maxConcurrent": 1})
    scheduler = Scheduler(pool)
    ask(scheduler, route_of(pool), 3)
    longer = {"backends": ["a"], "maxWaiting": 50}
    pool.reconfigure(
        configured({"name": "a", "maxConcurrent": 1}, defaultBackend=longer)
    )
    scheduler.reconfigured(1.0)
    told = status(pool, scheduler, 2.0)["routes"]["default"]
    assert (told["waiting"], told["maxWaiting"]) == (2, 50)
    ask(scheduler, route_of(pool), 4)
    told = status(pool, scheduler, 2.0)
    assert told["routes"]["default"]["waiting"] == 6
    assert told["routes"]["default"]["maxWaiting"] == 50
    assert told["backends"]["a"]["waiting"] == 6


def test_what_became_of_requests_is_counted() -> None:
    """Served, failed, retried elsewhere, ejections, and how long they took."""
    pool = pool_of({"name": "a"}, {"name": "b"})
    demand = image(route_of(pool))
    pool.evidence.served(pool["b"], demand, 1.0)
    pool["b"].times.add(demand.kind, 0.25)
    one, by = tried(pool["a"], Kind.FAILED), tried(pool["b"], Kind.SERVED)
    for _ in range(TRIP_AFTER):
        pool.evidence.failed(one, demand, set(), 1.0)
        pool.evidence.outdone(one, by, demand, 1.0)
    told = status(pool, Scheduler(pool), 2.0)["backends"]
    numbers = ("served", "failed", "retried", "ejections", "status")
    assert [told["a"][key] for key in numbers] == [0, 3, 3, 1, "unhealthy"]
    assert [told["b"][key] for key in numbers] == [1, 0, 0, 0, "healthy"]
    assert told["a"]["cannot"] == []
    times = {"count": 1, "p50": 250.0, "p90": 250.0, "p99": 250.0}
    assert told["b"]["serviceTimes"] == {"clip/visual": times}


def test_what_a_backend_cannot_do_is_told() -> None:
    """In words, and what else people should know of it."""
    pool = pool_of({"name": "a"})
    server = pool["a"]
    server.abilities.refused(image(task="ocr").need, 1.0)
    server.busy_until = 5.0
    told = status(pool, Scheduler(pool), 2.0)["backends"]["a"]
    assert told["cannot"] == ["ocr/visual (ViT-B-32__openai)"]
    assert "busy: wants nothing for 3 s more" in told["notes"]
