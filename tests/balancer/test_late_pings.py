"""Pongs that come late: from servers at work, and from slow ones."""

from __future__ import annotations

import pytest

from tests.balancer.forwarding import Forward
from tests.balancer.test_health_checker import started
from tests.fakes import outcome


def test_late_pongs_of_a_server_at_work_are_no_flaps() -> None:
    """They come after 3 s, for ten minutes, while it answers work."""
    fleet = started("a", pingTimeout=1.5)
    fleet["a"].holds_pings = True
    for _ in range(200):
        fleet.network.advance(1.5)
        assert Forward(fleet).served.backend == "a"
        fleet.network.advance(1.5)
        fleet["a"].speak()
        assert fleet.health("a").status == "healthy"
    assert fleet.flips == [("a", "")]
    # It misses one for which it has answered work, and one for which it has not.
    fleet.network.advance(23)
    assert fleet.health("a").error == "timed out after 1.5 s"


def test_the_time_of_a_ping_is_a_setting() -> None:
    """A server that needs 3 s for a pong, and nothing else to do, is well with 4."""
    fleet = started("a", pingTimeout=4)
    fleet["a"].holds_pings = True
    fleet.network.advance(3)
    for _ in range(5):
        fleet.network.advance(7)
        assert fleet["a"].holds == 1
        fleet.network.advance(3)
        fleet["a"].speak()
        fleet.network.flush()
    fleet.network.advance(12)
    assert fleet.health("a").error == "timed out after 4 s"
    assert fleet.flips == [("a", ""), ("a", "timed out after 4 s")]


@pytest.mark.parametrize(
    ("timeout", "ends"), [(0.5, 0.5), (1.5, 1.5), (4, 1.5), (60, 1.5)]
)
def test_a_round_ends_in_time_whatever_a_ping_may_take(
    timeout: float, ends: float
) -> None:
    """Immich gives our /ping 2 s; the pings go on, and are joined by the next round."""
    fleet = started("a", pingTimeout=timeout, healthCheckInterval=600)
    fleet["a"].silent = True
    first = outcome(fleet.checker.check())
    fleet.network.advance(ends - 0.05)
    assert first == []
    fleet.network.advance(0.05)
    assert first == [None]
    second = outcome(fleet.checker.check())
    fleet.network.flush()
    assert fleet["a"].pings == (2 if timeout > ends else 3)
    fleet.network.advance(60)
    assert second == [None]
    assert fleet["a"].holds == 0
