"""A second attempt beside the first: whose answer counts, and what becomes of it."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import CancelledError

from immich_ml_proxy.errors import BackendFailed
from tests.balancer.demands import image
from tests.balancer.forwarding import Forward, pictured
from tests.demo_requests import TEXTUAL, VISUAL
from tests.fakes import Fleet

AFTER = 0.1


def hedging(*silent: str, budget: int = 19) -> Fleet:
    """Return servers in order, of which a search may ask a second one."""
    route = {"backends": ["a", "b"], "strategy": "in_order", "hedgeAfterMs": 100}
    fleet = Fleet("a", "b", defaultBackend=route)
    for server in fleet.pool:
        fleet.pool.evidence.observe(server, None, 0.0)
    for _ in range(budget):
        fleet.forwarder.hedges.seen()
    fleet.flips.clear()
    for name in silent:
        fleet[name].silent = True
    return fleet


def search(fleet: Fleet, wait: float = 0, entries: Any = TEXTUAL) -> Forward:
    """Send a search."""
    return Forward(fleet, wait=wait, entries=entries)


def speak(fleet: Fleet, name: str, status: int = 200) -> None:
    """Have a server answer what it holds."""
    fleet[name].status = status
    fleet[name].speak()
    fleet.network.flush()


def check_over(fleet: Fleet, forward: Forward) -> None:
    """There is one result, all places are given back, and no timer is left."""
    assert len(forward.results) == 1
    assert [server.in_flight for server in fleet.pool] == [0, 0]
    assert fleet.timers == []
    assert fleet.flips == []


def test_a_first_attempt_that_is_quick_is_all_there_is() -> None:
    """The second is never begun."""
    fleet = hedging("a")
    forward = search(fleet, wait=AFTER - 0.01)
    speak(fleet, "a")
    assert forward.served.backend == "a"
    assert (fleet.asked, fleet.forwarder.hedges.hedged) == (["a"], 0)
    check_over(fleet, forward)


def test_the_second_may_win() -> None:
    """The first is cancelled: its server has better things to do, and no blame."""
    fleet = hedging("a")
    forward = search(fleet, wait=AFTER)
    assert forward.served.backend == "b"
    assert (fleet.asked, fleet["a"].left) == (["a", "b"], 1)
    assert fleet.forwarder.hedges.hedged == 1
    assert fleet.pool["a"].is_untroubled
    assert (fleet.pool["a"].failed, fleet.pool["a"].retried) == (0, 0)
    check_over(fleet, forward)


def test_the_first_may_win_yet() -> None:
    """Then the second is cancelled."""
    fleet = hedging("a", "b")
    forward = search(fleet, wait=AFTER)
    assert [server.in_flight for server in fleet.pool] == [1, 1]
    speak(fleet, "a")
    assert forward.served.backend == "a"
    assert fleet["b"].left == 1
    check_over(fleet, forward)


@pytest.mark.parametrize(("failing", "good"), ["ab", "ba"])
def test_a_failed_attempt_leaves_it_to_the_other(failing: str, good: str) -> None:
    """The first good result counts, not the first result; nobody else is asked."""
    fleet = hedging("a", "b")
    forward = search(fleet, wait=AFTER)
    speak(fleet, failing, 500)
    assert forward.results == []
    assert fleet.pool[failing].in_flight == 0
    speak(fleet, good)
    assert forward.served.backend == good
    assert fleet.pool[failing].retried == 1
    assert len(fleet.asked) == 2
    check_over(fleet, forward)


def test_when_both_fail_it_fails() -> None:
    """With both reasons, in the order in which they came."""
    fleet = hedging("a", "b")
    forward = search(fleet, wait=AFTER)
    speak(fleet, "b", 500)
    speak(fleet, "a", 500)
    assert isinstance(forward.error, BackendFailed)
    assert str(forward.error) == "clip/textual: b answered 500; a answered 500"
    check_over(fleet, forward)


def test_a_first_attempt_that_fails_soon_is_not_hedged() -> None:
    """The next server is asked instead of it, not beside it."""
    fleet = hedging("a", "b")
    forward = search(fleet, wait=AFTER / 2)
    speak(fleet, "a", 500)
    assert fleet.asked == ["a", "b"]
    assert fleet.forwarder.hedges.hedged == 0
    speak(fleet, "b")
    assert forward.served.backend == "b"
    check_over(fleet, forward)


def test_a_second_attempt_may_be_declined() -> None:
    """The budget is spent: the place that was taken for it is given back."""
    fleet = hedging("a", "b", budget=18)
    forward = search(fleet, wait=AFTER)
    assert (fleet.asked, fleet.pool["b"].in_flight) == (["a"], 0)
    fleet.network.advance(1)
    assert fleet.asked == ["a"]
    speak(fleet, "a")
    assert forward.served.backend == "a"
    check_over(fleet, forward)


def test_without_a_free_place_nobody_else_is_asked() -> None:
    """It takes only what is free, and the budget is not spent for nothing."""
    fleet = hedging("a", "b")
    others = [image() for _ in range(4)]
    for demand in others:
        fleet.pool["b"].take(demand, 0.0)
    forward = search(fleet, wait=AFTER, entries=VISUAL)
    assert (fleet.asked, fleet.forwarder.hedges.hedged) == (["a"], 0)
    for demand in others:
        fleet.pool["b"].give_back(demand)
    speak(fleet, "a")
    check_over(fleet, forward)


@pytest.mark.parametrize(("wait", "left"), [(0, [1, 0]), (AFTER, [1, 1])])
def test_cancelling_cancels_what_is_under_way(wait: float, left: list[int]) -> None:
    """And begins nothing more; nobody is blamed."""
    fleet = hedging("a", "b")
    forward = search(fleet, wait=wait)
    forward.deferred.cancel()
    fleet.network.flush()
    assert forward.results[0].check(CancelledError)
    assert [fleet[name].left for name in "ab"] == left
    fleet.network.advance(100)
    assert len(fleet.asked) == sum(left)
    check_over(fleet, forward)


def test_a_picture_is_not_hedged() -> None:
    """It is a lot of work, and nobody waits for it; it is not counted, either."""
    fleet = hedging("a")
    forward = Forward(fleet, wait=3)
    assert (fleet.asked, fleet.forwarder.hedges.hedged) == (["a"], 0)
    speak(fleet, "a")
    check_over(fleet, forward)


def test_what_takes_long_is_looked_at_again() -> None:
    """A place at another that becomes free later is taken, once, in half a second."""
    fleet = hedging("a", "b")
    for server in fleet.pool:
        server.times.add(pictured(fleet).kind, 0.5)
    others = [image() for _ in range(4)]
    for demand in others:
        fleet.pool["b"].take(demand, 12.0)
    forward = Forward(fleet, wait=12)
    assert fleet.asked == ["a"]
    for demand in others:
        fleet.pool["b"].give_back(demand)
    assert fleet.asked == ["a"]
    fleet.network.advance(0.5)
    assert fleet.asked == ["a", "b"]
    fleet.network.advance(60)
    assert fleet.asked == ["a", "b"]
    speak(fleet, "a")
    assert forward.served.backend == "a"
    assert fleet.forwarder.hedges.hedged == 0
    assert fleet.pool["a"].is_untroubled
    check_over(fleet, forward)
