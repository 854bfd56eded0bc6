"""What a new configuration leaves as it is, and what begins anew."""

from __future__ import annotations

from typing import Any

import pytest

from immich_ml_proxy.balancer.breaker import TRIP_AFTER
from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.balancer.server import Server
from immich_ml_proxy.config.model import Route
from tests.balancer.demands import configured, image, needing, pool_of

A, B = {"name": "a"}, {"name": "b"}


def worn(server: Server) -> Server:
    """Have something be known of a backend, and something under way there."""
    server.take(image(), 1.0)
    server.times.add(image().kind, 2.0)
    server.served, server.failed, server.retried = 5, 2, 1
    for _ in range(TRIP_AFTER):
        server.breakers.failed(["clip"], 1.0)
    server.abilities.refused(needing("ocr", "detection")[-1], 1.0)
    return server


def default(pool: Pool) -> Route:
    """Return the default route in force."""
    route = pool.config.default
    assert route is not None
    return route


def turns(pool: Pool, count: int) -> str:
    """Return whom pictures are given on the default route, one after another."""
    chosen = [pool.choose(image(default(pool)), (), 1.0) for _ in range(count)]
    return "".join(server.name for server in chosen if server is not None)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"weight": 2.0},
        {"state": "drain"},
        {"limits": {"ocr": 1}},
        {"maxConcurrent": 3},
        {"url": "http://a:3003/"},
    ],
)
def test_a_backend_that_stays_keeps_what_is_known_of_it(
    changed: dict[str, Any],
) -> None:
    """Its health, its counts and what is under way; other fields may change."""
    pool = pool_of(A, B)
    before = worn(pool["a"])
    health, breaker = before.health, before.breakers["clip"]
    pool.reconfigure(configured({**A, **changed}))
    after = pool["a"]
    assert after is before
    assert (after.health, after.in_flight) == (health, 1)
    assert after.breakers["clip"] == breaker
    assert breaker.failures == TRIP_AFTER
    assert after.abilities.cannot(1.0) == ["ocr/detection (ViT-B-32__openai)"]
    assert (after.served, after.failed, after.retried) == (5, 2, 1)
    assert after.times.expected(image().kind) == 2.0
    assert after.backend == pool.config.backends[0]


@pytest.mark.parametrize(
    "moved",
    [
        {"name": "a", "url": "http://elsewhere:3003"},
        {"name": "a", "url": "http://a:3004"},
        {"name": "a", "url": "https://a:3003"},
        {"name": "a", "url": "http://a:3003/ml"},
    ],
)
def test_another_url_is_another_backend(moved: dict[str, Any]) -> None:
    """Nothing is known of it, and it has nothing to do."""
    pool = pool_of(A, B)
    worn(pool["a"])
    pool.reconfigure(configured(moved))
    after = pool[moved["name"]]
    assert (after.health.status, after.health.last_check) == ("unknown", 0.0)
    assert (after.in_flight, after.served) == (0, 0)
    assert not after.breakers
    assert after.abilities.cannot(1.0) == []
    assert after.times.expected(image().kind) is None


def test_a_backend_that_is_renamed_is_the_same() -> None:
    """What it has, and what is known of it, belongs to its URL."""
    pool = pool_of(A, B)
    before = worn(pool["a"])
    pool.reconfigure(configured({"name": "z", "url": "http://a:3003"}))
    assert pool["z"] is before
    assert (before.name, before.in_flight, before.served) == ("z", 1, 5)


def test_of_two_backends_with_one_url_each_keeps_its_name() -> None:
    """A third name takes over from the one that is gone."""
    twins = [{"name": name, "url": "http://a:3003"} for name in "ab"]
    pool = pool_of(*twins)
    a, b = pool["a"], pool["b"]
    pool.reconfigure(configured(*reversed(twins)))
    assert [pool["a"], pool["b"]] == [a, b]
    pool.reconfigure(configured({"name": "c", "url": "http://a:3003"}, twins[0]))
    assert [pool["c"], pool["a"]] == [b, a]


def test_two_backends_that_change_names_change_places() -> None:
    """A name at another URL is not the backend it was; that one has another name."""
    pool = pool_of(A, B)
    worn(pool["a"])
    pool.reconfigure(
        configured(
            {"name": "a", "url": "http://b:3003"}, {"name": "b", "url": "http://a:3003"}
        )
    )
    assert [server.in_flight for server in pool] == [0, 1]
    assert [server.name for server in pool] == ["a", "b"]


def test_who_is_gone_is_gone() -> None:
    """What comes back later under its name begins anew."""
    pool = pool_of(A, B)
    pool.reconfigure(configured(B))
    assert [server.name for server in pool] == ["b"]
    with pytest.raises(KeyError):
        pool["a"]
    pool.reconfigure(configured(A, B))
    assert pool["a"].health.status == "unknown"
    assert pool["b"].health.status == "healthy"


def test_backends_stand_in_the_order_of_the_new_configuration() -> None:
    """As they are written."""
    pool = pool_of(A, B)
    pool.reconfigure(configured({"name": "c"}, B, A))
    assert [server.name for server in pool] == ["c", "b", "a"]


def test_what_is_under_way_ends_with_its_own_counts() -> None:
    """A request keeps the backend it was given, though another has its name now."""
    pool = pool_of(A)
    demand = image()
    before = pool["a"]
    before.take(demand, 1.0)
    pool.reconfigure(configured({"name": "a", "url": "http://elsewhere"}))
    pool.evidence.served(before, demand, 2.0)
    before.give_back(demand)
    assert (before.in_flight, before.served) == (0, 1)
    assert (pool["a"].in_flight, pool["a"].served) == (0, 0)


def test_a_route_that_stays_keeps_its_turn() -> None:
    """Saving a configuration does not send everything to the first backend."""
    pool = pool_of(A, B)
    assert turns(pool, 1) == "a"
    pool.reconfigure(configured(A, B, requestTimeout=5))
    assert turns(pool, 2) == "ba"


def test_a_route_that_changes_begins_anew() -> None:
    """Its turns are its own."""
    pool = pool_of(A, B)
    assert turns(pool, 1) == "a"
    long = {"backends": ["a", "b"], "maxWaiting": 7}
    pool.reconfigure(configured(A, B, defaultBackend=long))
    assert turns(pool, 2) == "ab"


def test_a_request_may_hold_a_route_that_is_gone() -> None:
    """Its backends are asked as long as there are any."""
    pool = pool_of(A, B)
    route = default(pool)
    pool.reconfigure(configured(B, {"name": "c"}))
    chosen = pool.choose(image(route), (), 1.0)
    assert chosen is pool["b"]
    pool.reconfigure(configured({"name": "c"}))
    assert pool.choose(image(route), (), 1.0) is None
    assert not pool.may_ask(image(route), (), 1.0)
    assert pool.is_down(route, 1.0)
