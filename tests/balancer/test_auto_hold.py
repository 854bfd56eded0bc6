"""A server that restarts: ``holdSeconds`` is ``auto`` unless it says otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from immich_ml_proxy.errors import BackendFailed, Unavailable
from tests.balancer.forwarding import Forward
from tests.fakes import Fleet, says, serve


def well(*names: str, **more: Any) -> Fleet:
    """Return servers that have answered a ping at 0 s, and are asked again at 600."""
    fleet = Fleet(*names, **{"healthCheckInterval": 600, **more})
    fleet.checker.startService()
    fleet.network.flush()
    return fleet


def back(fleet: Fleet, *names: str) -> None:
    """Have servers listen again."""
    fleet.fakes |= serve(fleet.network, *names)


def check_nothing_left(fleet: Fleet) -> None:
    """No place, no timer, no connection."""
    assert sum(server.in_flight for server in fleet.pool) == 0
    fleet.checker.stopService()
    fleet.connections.close()
    fleet.network.flush()
    assert fleet.timers == []
    assert not any(one.is_open for one in fleet.network.connections)


def held_for(fleet: Fleet, asked: Forward, at_most: float = 30) -> float:
    """Return the seconds until a request fails."""
    began = fleet.network.seconds()
    while not asked.results:
        fleet.network.advance(0.1)
        assert fleet.network.seconds() < began + at_most
    return fleet.network.seconds() - began


@pytest.mark.parametrize("away", [0.5, 2, 5, 9])
@pytest.mark.parametrize("names", ["a", "ab"])
def test_a_restart_loses_nothing(names: str, away: float) -> None:
    """What was under way, what meets it down, and what comes when that is known."""
    fleet = well(*names)
    for name in names:
        fleet[name].silent = True
    asked = [Forward(fleet), Forward(fleet)]
    for name in names:
        fleet.network.close(name)
    asked.append(Forward(fleet))
    fleet.network.advance(away / 2)
    asked.append(Forward(fleet))
    fleet.network.advance(away / 2)
    assert [one.results for one in asked] == [[]] * 4
    back(fleet, *names)
    fleet.network.advance(2.5)
    assert {one.served.backend for one in asked} <= set(names)
    check_nothing_left(fleet)


@pytest.mark.parametrize("status", [502, 503, 504, 520])
def test_so_does_a_gateway_whose_server_restarts(status: int) -> None:
    """It answers everything in its place."""
    fleet = well("a")
    fleet["a"].status = fleet["a"].ping_status = status
    asked = [Forward(fleet, wait=1) for _ in range(3)]
    assert [one.results for one in asked] == [[]] * 3
    fleet["a"].status = fleet["a"].ping_status = 200
    fleet.network.advance(2.5)
    assert {one.served.backend for one in asked} == {"a"}
    check_nothing_left(fleet)


def test_an_answer_that_breaks_off_is_held_too() -> None:
    """The server died while it wrote it."""
    fleet = well("a")
    says("a", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", hang_up=True)(fleet)
    fleet.network.to("a")[0].hang_up()
    asked = Forward(fleet, wait=1)
    assert asked.results == []
    back(fleet, "a")
    fleet.network.advance(2.5)
    assert asked.served.backend == "a"


def test_a_hold_in_vain_ends_ten_seconds_after_the_server_was_seen_well() -> None:
    """With 503, ``Retry-After`` and the last reason."""
    fleet = well("a")
    fleet["a"].silent = True
    asked = Forward(fleet)
    fleet.network.advance(5)
    fleet.network.close("a")
    assert 10 <= held_for(fleet, asked) <= 11.5
    assert isinstance(asked.error, Unavailable)
    assert (asked.error.status, asked.error.retry_after) == (503, 5)
    assert str(asked.error) == "clip/visual: a connection refused"
    check_nothing_left(fleet)


def test_the_ten_seconds_are_those_of_the_server() -> None:
    """Who comes later is held for what is left of them."""
    fleet = well("a")
    fleet.network.close("a")
    first = Forward(fleet, wait=6)
    second = Forward(fleet)
    assert held_for(fleet, second) <= 5.5
    assert first.error.status == second.error.status == 503


def test_one_that_has_been_gone_for_longer_is_not_waited_for() -> None:
    """A search fails at once, and Immich asks its next URL."""
    fleet = well("a")
    fleet.network.close("a")
    Forward(fleet, wait=15)
    late = Forward(fleet)
    assert held_for(fleet, late) <= 0.5
    assert isinstance(late.error, BackendFailed)
    check_nothing_left(fleet)


def test_one_that_was_never_seen_is_not_waited_for() -> None:
    """It may be a wrong address."""
    fleet = Fleet("a")
    fleet.network.close("a")
    asked = Forward(fleet)
    assert held_for(fleet, asked) <= 0.5
    assert asked.error.status == 502


def test_the_last_server_of_the_route_counts() -> None:
    """One has been gone for an hour, the other one restarts."""
    fleet = well("a", "b")
    fleet.network.close("a")
    Forward(fleet, wait=1)
    fleet.network.advance(3600)
    fleet.network.close("b")
    asked = Forward(fleet, wait=5)
    assert asked.results == []
    back(fleet, "b")
    fleet.network.advance(2.5)
    assert asked.served.backend == "b"


def test_a_server_that_others_stand_in_for_is_not_waited_for() -> None:
    """Its work goes on to them at once."""
    fleet = well("a", "b")
    fleet["a"].silent = fleet["b"].silent = True
    asked = [Forward(fleet), Forward(fleet)]
    fleet.network.close("a")
    fleet["b"].speak()
    fleet.network.advance(0.5)
    assert [one.served.backend for one in asked] == ["b", "b"]


def test_work_is_never_held_for_pings_alone() -> None:
    """Late or wrong ones: if none is healthy, all are asked."""
    fleet = well("a")
    fleet["a"].ping_status = 404
    fleet.checker.check()
    fleet.network.advance(1)
    assert fleet.health("a").status == "unhealthy"
    assert Forward(fleet).served.backend == "a"
    fleet.pool["a"].missed_ping("timed out", 700.0, 701.5)
    fleet.pool["a"].missed_ping("timed out", 710.0, 711.5)
    assert Forward(fleet).served.backend == "a"


@pytest.mark.parametrize("hold", [0, 0.0])
def test_zero_holds_nothing(hold: float) -> None:
    """The error comes at once, as it is."""
    fleet = well("a", defaultBackend={"backends": ["a"], "holdSeconds": hold})
    fleet.network.close("a")
    asked = Forward(fleet)
    assert held_for(fleet, asked) <= 0.5
    assert asked.error.status == 502


def test_a_number_is_counted_from_the_requests_arrival() -> None:
    """However long the server has been gone."""
    fleet = well("a", defaultBackend={"backends": ["a"], "holdSeconds": 20})
    fleet.network.close("a")
    fleet.network.advance(700)
    asked = Forward(fleet)
    assert 20 <= held_for(fleet, asked) <= 21.5
    assert asked.error.status == 503
    check_nothing_left(fleet)


def test_the_server_is_asked_every_second_meanwhile() -> None:
    """Whatever the interval of the pings; and not while nobody waits."""
    fleet = well("a")
    fleet.network.close("a")
    asked = Forward(fleet)
    before = len(fleet.network.dialled)
    fleet.network.advance(9)
    assert 5 <= len(fleet.network.dialled) - before <= 20
    held_for(fleet, asked)
    before = len(fleet.network.dialled)
    fleet.network.advance(60)
    assert len(fleet.network.dialled) - before <= 1


def test_who_leaves_is_held_no_longer() -> None:
    """Between two attempts and in line."""
    fleet = well("a")
    fleet.network.close("a")
    between = Forward(fleet, wait=0.5)
    in_line = Forward(fleet, wait=2)
    between.deferred.cancel()
    in_line.deferred.cancel()
    back(fleet, "a")
    fleet.network.advance(5)
    assert fleet["a"].predicts == []
    check_nothing_left(fleet)


def test_a_server_that_refuses_the_work_is_not_waited_for() -> None:
    """It was reached: 500 is an answer."""
    fleet = well("a")
    fleet["a"].status = 500
    asked = Forward(fleet)
    assert held_for(fleet, asked) <= 0.1
    assert asked.error.status == 502
