"""Whom a pool prefers: who can, who is not busy, and who has served such requests."""

from __future__ import annotations

import pytest

from immich_ml_proxy.balancer.outcome import Kind
from tests.balancer.backends import ABC, NOW, Backends, routed
from tests.balancer.demands import image


def pair(**fields: object) -> Backends:
    """Return two backends that are well; ``fields`` are those of both."""
    a, b = ({**one, **fields} for one in ABC[:2])
    return Backends(a, b, healthy="ab")


def refuses(backends: Backends, *names: str) -> Backends:
    """Have it be known that they cannot do pictures."""
    for name in names:
        backends.pool[name].abilities.refused(image().need, NOW)
    return backends


def test_who_cannot_is_never_asked() -> None:
    """Not even when all others are down; nor waited for."""
    backends = refuses(pair(), "a")
    assert backends.order() == "b"
    backends.observe("b", "timed out")
    assert backends.order() == "b"
    assert not backends.pool.may_ask(backends.demand(), [backends.pool["b"]], NOW)
    refuses(backends, "b")
    assert backends.choose() is None
    assert not backends.pool.may_ask(backends.demand(), (), NOW)
    assert backends.pool.may_ask(backends.demand(), (), NOW + 600)


def test_they_are_named_who_cannot() -> None:
    """Of all ways of the route; not those that are not enabled."""
    backends = routed("abcd", fallback=True)
    refuses(backends, "a", "c")
    demand = backends.demand("ocr")
    assert [one.name for one in backends.pool.unable(demand, NOW)] == ["a", "c"]
    demand = backends.demand()
    assert [one.name for one in backends.pool.unable(demand, NOW)] == ["c"]
    assert backends.pool.unable(demand, NOW + 600) == []


def test_when_none_of_the_route_can_the_fallback_is_used() -> None:
    """As if they were down."""
    backends = refuses(routed("abcd", fallback=True), "a", "b")
    assert sorted(backends.order("ocr")) == ["c", "d"]


def test_who_is_busy_is_asked_last() -> None:
    """While another is ready."""
    backends = pair()
    backends.pool["a"].busy_until = NOW + 5
    assert [backends.choose() for _ in range(3)] == ["b"] * 3
    assert {backends.choose(now=NOW + 5) for _ in range(2)} == {"a", "b"}


def test_who_is_busy_is_waited_for() -> None:
    """It said when to come again; a server that is down is no substitute."""
    backends = pair()
    backends.pool["a"].busy_until = NOW + 5
    backends.observe("b", "timed out")
    assert backends.choose() is None
    assert backends.choose(now=NOW + 5) == "a"
    assert backends.pool.may_ask(backends.demand(), (), NOW)
    backends.observe("a", "timed out")
    assert backends.choose() in ("a", "b")


def test_one_that_has_failed_is_not_waited_for() -> None:
    """However busy it is."""
    backends = pair()
    backends.pool["a"].busy_until = NOW + 5
    backends.observe("b", "timed out")
    assert backends.choose(tried="a") == "b"


def test_one_that_is_out_for_a_task_is_asked_at_last() -> None:
    """When nobody else is there: a request is never failed unasked."""
    backends = pair()
    backends.pool["a"].breakers.pause(["clip"], NOW + 1)
    assert backends.order() == "ba"
    backends.pool["a"].breakers.served(["clip"])
    backends.pool["b"].detours.failed(["clip"], NOW)
    assert backends.order() == "ab"
    # It is slow, not down: who is held takes it rather than none.
    assert backends.choose(hold=True, tried="a") == "b"


@pytest.mark.parametrize("proven", [True, False])
def test_one_that_has_served_such_requests_gives_the_second_opinion(
    proven: bool,
) -> None:
    """If there is one; its opinion settles it."""
    backends = Backends(*ABC, healthy="abc")
    backends.served("c")
    demand = backends.demand()
    seen = [
        backends.pool.choose(demand, [backends.pool["a"]], NOW, proven=proven)
        for _ in range(4)
    ]
    names = {one.name for one in seen if one is not None}
    assert names == ({"c"} if proven else {"b", "c"})
    tried = [backends.pool["c"]]
    other = backends.pool.choose(demand, tried, NOW, proven=True)
    assert other in (backends.pool["a"], backends.pool["b"])


def test_the_one_that_has_served_is_waited_for() -> None:
    """A place at another is none for it."""
    backends = pair(maxConcurrent=1)
    backends.served("b")
    backends.fill("b")
    demand = backends.demand()
    freed = backends.pool["a"]
    assert backends.pool.choose(demand, (), NOW, proven=True) is None
    assert backends.pool.choose(demand, (), NOW, freed=freed, proven=True) is None
    assert backends.pool.choose(demand, (), NOW, freed=freed) is freed


def test_a_place_that_is_free_is_given_if_it_may_be() -> None:
    """At the one backend that has given it back, and at no other."""
    backends = pair(maxConcurrent=1)
    a, b = backends.pool["a"], backends.pool["b"]
    demand = backends.demand()
    for _ in range(3):
        assert backends.pool.choose(demand, (), NOW, freed=a) is a
        assert backends.pool.choose(demand, [b], NOW, freed=a) is a
    backends.fill("a")
    assert backends.pool.choose(demand, (), NOW, freed=a) is None
    assert backends.pool.choose(demand, [b], NOW, freed=b) is None


def test_a_free_place_at_one_that_is_not_ready_is_not_given() -> None:
    """While another is; when none is, it is."""
    backends = pair()
    a = backends.pool["a"]
    backends.observe("a", "timed out")
    demand = backends.demand()
    assert backends.pool.choose(demand, (), NOW, freed=a) is None
    backends.observe("b", "timed out")
    assert backends.pool.choose(demand, (), NOW, freed=a) is a
    assert backends.pool.choose(demand, (), NOW, hold=True, freed=a) is a
    backends.observe("a", "connection refused", is_away=True)
    assert backends.pool.choose(demand, (), NOW, freed=a) is a
    assert backends.pool.choose(demand, (), NOW, hold=True, freed=a) is None


def test_the_policy_is_asked_about_a_place_that_is_free() -> None:
    """The first of a route in order is waited for, though the second has a place."""
    order = {"backends": ["a", "b"], "strategy": "in_order"}
    backends = Backends(*ABC[:2], healthy="ab", defaultBackend=order)
    freed = backends.pool["b"]
    assert backends.pool.choose(backends.demand(), (), NOW, freed=freed) is None
    tried = [backends.pool["a"]]
    assert backends.pool.choose(backends.demand(), tried, NOW, freed=freed) is freed


def test_others_are_ready_means_others_that_can() -> None:
    """Nobody is given up for one that cannot do it, or wants nothing now."""
    backends = pair()
    for name in "ab":
        backends.pool[name].times.add(image().kind, 1.0)
    asked = [backends.pool["a"]]
    demand = backends.demand()
    assert backends.pool.patience(demand, asked, NOW) == 20.0
    backends.failed("b", Kind.BUSY, pause=5.0)
    assert backends.pool.patience(demand, asked, NOW) is None
    assert backends.pool.patience(demand, asked, NOW + 5) == 20.0
    refuses(backends, "b")
    assert backends.pool.patience(demand, asked, NOW + 5) is None
