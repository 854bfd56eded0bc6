"""What pings and requests have shown of backends, and who is told of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.balancer.breaker import TRIP_AFTER
from immich_ml_proxy.balancer.health import Health
from immich_ml_proxy.balancer.outcome import Kind
from tests.balancer.backends import ABC, NOW, Backends, routed


def test_a_flip_is_told_once() -> None:
    """And what it was before; what says the same again is not."""
    backends = Backends({"name": "a"})
    for error in (None, None, "timed out", "answered 500", None):
        backends.observe("a", error)
    assert backends.flips == [
        ("a", "unknown", "healthy"),
        ("a", "healthy", "unhealthy"),
        ("a", "unhealthy", "healthy"),
    ]


def test_the_latest_reason_is_kept() -> None:
    """Though nobody is told of it."""
    backends = Backends({"name": "a"})
    backends.observe("a", "timed out")
    backends.observe("a", "answered 500")
    assert backends.pool["a"].health == Health("unhealthy", NOW, "answered 500")


def test_a_request_that_is_served_shows_that_a_backend_is_well() -> None:
    """That counts like a ping, and is told."""
    backends = Backends({"name": "a"})
    backends.observe("a", "timed out")
    backends.flips.clear()
    for _ in range(2):
        backends.served("a")
    assert backends.flips == [("a", "unhealthy", "healthy")]
    assert backends.pool["a"].served == 2


def test_who_is_put_out_is_told_of_once() -> None:
    """And again when it serves a request."""
    backends = Backends({"name": "a"}, healthy="a")
    for _ in range(TRIP_AFTER + 2):
        backends.outdone("a", Kind.FAILED)
    assert backends.flips == [("a", "healthy", "unhealthy")]
    assert backends.pool["a"].ejections == 1
    backends.observe("a", None)
    backends.served("a")
    assert backends.flips[1:] == [("a", "unhealthy", "healthy")]


def test_nobody_is_told_of_who_is_disabled() -> None:
    """What becomes of it is wished so."""
    backends = Backends({"name": "a", "state": "disabled"})
    backends.observe("a", None)
    backends.observe("a", "timed out")
    assert backends.flips == []


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from([None, "down", "bad"])))
)
def test_what_is_told_is_what_has_changed(
    observations: list[tuple[str, str | None]],
) -> None:
    """Every flip begins where the one before has ended."""
    backends = Backends(*ABC[:2])
    for name, error in observations:
        backends.observe(name, error)
    for name in "ab":
        statuses = ["unknown"]
        for one, before, now in backends.flips:
            if one == name:
                assert (before, before != now) == (statuses[-1], True)
                statuses.append(now)
        assert statuses[-1] == backends.pool[name].health.status


@pytest.mark.parametrize(
    ("healthy", "fallback", "down"),
    [
        ("abcd", False, []),
        ("ac", False, []),
        ("bd", False, []),
        ("ab", False, ["default"]),
        ("ab", True, ["default"]),
        ("cd", False, ["ocr"]),
        ("d", True, []),
        ("", False, ["default", "ocr"]),
        ("", True, ["default", "ocr"]),
    ],
)
def test_a_route_is_down_without_a_healthy_backend(
    healthy: str, fallback: bool, down: list[str]
) -> None:
    """The default and every other, but for one whose fallback has a healthy one."""
    backends = routed(healthy, fallback=fallback)
    assert [route.key for route in backends.pool.down(NOW)] == down


def test_a_backend_that_nobody_routes_to_takes_no_route_down() -> None:
    """Its health is shown, that is all."""
    backends = Backends(*ABC, healthy="a", defaultBackend="a")
    assert backends.pool.down(NOW) == []


@pytest.mark.parametrize("state", ["drain", "disabled"])
def test_a_route_of_backends_that_are_not_enabled_is_down(state: str) -> None:
    """Though they answer pings: they take nothing."""
    backends = Backends({"name": "a", "state": state}, healthy="a")
    assert [route.key for route in backends.pool.down(NOW)] == ["default"]


def test_a_route_is_down_while_its_backend_is_put_out() -> None:
    """And up when its time is over."""
    backends = Backends({"name": "a"}, healthy="a")
    backends.trip("a")
    assert backends.pool.down(NOW) == [backends.route()]
    assert backends.pool.down(NOW + 5) == []


def test_without_a_configuration_no_route_is_down() -> None:
    """There is none: ``/ping`` has to look at that itself."""
    backends = Backends(defaultBackend="")
    assert (list(backends.pool), backends.pool.down(NOW)) == ([], [])
