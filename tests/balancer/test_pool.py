"""Which backend a request goes to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.balancer.limit import START
from immich_ml_proxy.config.model import STRATEGIES
from tests.balancer.backends import ABC, NOW, Backends, routed


def test_healthy_backends_come_first() -> None:
    """Whatever their place in the route."""
    assert Backends(*ABC, healthy="b").order()[0] == "b"
    assert set(Backends(*ABC, healthy="bc").order()[:2]) == set("bc")


def test_when_none_is_healthy_all_are_tried() -> None:
    """A request is never failed unasked: what was down may be back."""
    backends = Backends(*ABC)
    backends.observe("a", "connection refused")
    assert sorted(backends.order()) == ["a", "b", "c"]


def test_every_backend_is_asked_at_the_most_once() -> None:
    """Then there is nobody left."""
    backends = Backends(*ABC, healthy="abc")
    assert sorted(backends.order()) == ["a", "b", "c"]
    assert backends.choose(tried="abc") is None


def test_a_route_keeps_to_its_backends() -> None:
    """Without a fallback, even when all of them are down and others are well."""
    backends = routed("cd")
    assert sorted(backends.order("ocr")) == ["a", "b"]


def test_a_fallback_goes_to_the_default_route() -> None:
    """When no backend of the route is healthy; before those are tried unasked."""
    backends = routed("cd", fallback=True)
    order = backends.order("ocr")
    assert (sorted(order[:2]), sorted(order[2:])) == (["c", "d"], ["a", "b"])


def test_a_fallback_is_not_used_while_a_backend_is_healthy() -> None:
    """Even a single one, and even if it is full: the work waits for it."""
    backends = routed("bcd", fallback=True)
    assert [backends.choose("ocr") for _ in range(4)] == ["b"] * 4
    for _ in range(START):
        backends.fill("b")
    assert backends.choose("ocr") is None
    assert sorted(backends.order("ocr")) == []


def test_a_backend_of_both_routes_is_asked_once() -> None:
    """The fallback is for those that the route does not name itself."""
    backends = Backends(
        *ABC,
        defaultBackend=["a", "b"],
        taskRouting={"ocr": {"backends": ["b", "c"], "fallback": True}},
    )
    assert sorted(backends.order("ocr")) == ["a", "b", "c"]


@given(
    st.sampled_from(STRATEGIES),
    st.sets(st.sampled_from("abcdef")),
    st.lists(st.sampled_from("abcdef"), min_size=1, unique=True),
    st.lists(st.sampled_from("abcdef"), min_size=1, unique=True),
    st.booleans(),
)
def test_whoever_is_well_is_asked_before_whoever_is_not(
    strategy: str, healthy: set[str], route: list[str], default: list[str], fall: bool
) -> None:
    """
    Those of the route that are healthy, those of the default route that are, the rest
    of the route, the rest of the default route; each once, and nobody else.
    """
    backends = Backends(
        *({"name": name} for name in "abcdef"),
        healthy="".join(healthy),
        defaultBackend=default,
        taskRouting={
            "ocr": {"backends": route, "fallback": fall, "strategy": strategy}
        },
    )
    ways = [route, default] if fall else [route]
    expected: list[str] = []
    for wished in (True, False):
        for way in ways:
            stage = {n for n in way if (n in healthy) == wished} - set(expected)
            expected += sorted(stage)
    order = backends.order("ocr")
    assert sorted(order) == sorted(expected)

    def rank(name: str) -> tuple[bool, bool]:
        return name not in healthy, name not in route

    assert list(map(rank, order)) == sorted(map(rank, order))


def test_full_backends_are_waited_for() -> None:
    """Unhealthy ones with a place are no substitute."""
    backends = Backends({"name": "a", "maxConcurrent": 1}, {"name": "b"}, healthy="a")
    demand = backends.fill("a")
    assert backends.choose() is None
    backends.pool["a"].give_back(demand)
    assert backends.choose() == "a"


def test_a_held_request_waits_for_a_healthy_backend() -> None:
    """It is not sent to one that is away, though it may be tried at last."""
    backends = Backends(*ABC)
    for name in "abc":
        backends.observe(name, "connection refused", is_away=True)
    assert backends.choose(hold=True) is None
    assert backends.pool.may_ask(backends.demand(), (), NOW)
    backends.observe("b", None)
    assert backends.choose(hold=True) == "b"


@pytest.mark.parametrize("state", ["drain", "disabled"])
def test_who_is_not_enabled_takes_nothing(state: str) -> None:
    """Neither while it is well, nor when all others are down."""
    backends = Backends({"name": "a", "state": state}, {"name": "b"}, healthy="a")
    assert backends.order() == "b"
    alone = Backends({"name": "a", "state": state}, healthy="a")
    assert alone.order() == ""
    assert not alone.pool.may_ask(alone.demand(), (), NOW)


@pytest.mark.parametrize(
    ("key", "tried", "left"),
    [
        ("default", "", True),
        ("default", "c", True),
        ("default", "cd", False),
        ("ocr", "ab", True),
        ("ocr", "abc", True),
        ("ocr", "abcd", False),
    ],
)
def test_who_may_be_asked_is_known(key: str, tried: str, left: bool) -> None:
    """Those of the route, and of its fallback, that have not been tried."""
    backends = routed("", fallback=True)
    asked = [backends.pool[name] for name in tried]
    assert backends.pool.may_ask(backends.demand(key), asked, NOW) == left


def test_who_is_put_out_is_asked_last_and_then_as_before() -> None:
    """Pings do not bring it back; time does, or a request that it serves."""
    backends = Backends(*ABC[:2], healthy="ab")
    backends.trip("a")
    backends.observe("a", None)
    assert [backends.choose() for _ in range(3)] == ["b"] * 3
    assert backends.order() == "ba"
    assert {backends.choose(now=NOW + 5) for _ in range(2)} == {"a", "b"}
    backends.served("a")
    assert {backends.choose() for _ in range(2)} == {"a", "b"}
