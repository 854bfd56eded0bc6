"""Work under way at a server that answers its pings no more is asked of another too."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.balancer.forwarding import Forward
from tests.fakes import Fleet


def fleet_of(*names: str, silent: str = "a", **more: object) -> Fleet:
    """Return a fleet whose checks run, and of which one answers nothing any more."""
    default = {"backends": [*names], "strategy": "in_order"}
    fleet = Fleet(*names, defaultBackend=default, **more)
    fleet.checker.startService()
    fleet.network.flush()
    for name in silent:
        fleet[name].silent = True
    return fleet


def in_flight(fleet: Fleet) -> list[int]:
    """How many places are taken, by server."""
    return [server.in_flight for server in fleet.pool]


def stop(fleet: Fleet) -> None:
    """End the proxy's part of it; nothing may be left then."""
    fleet.checker.stopService()
    fleet.connections.close()
    fleet.network.flush()
    assert fleet.timers == []
    assert not any(one.is_open for one in fleet.network.connections)


def test_a_server_that_hangs_from_the_first_request_is_found_out() -> None:
    """Within two intervals of pings, though nothing is known of how long it takes."""
    fleet = fleet_of("a", "b", healthCheckInterval=10)
    fleet.network.advance(1)
    hanging = Forward(fleet)
    fleet.network.advance(18)
    assert (hanging.results, fleet.health("a").status) == ([], "healthy")
    fleet.network.advance(3)
    assert hanging.served.backend == "b"
    assert fleet.health("a").error == "timed out after 1.5 s"
    assert (in_flight(fleet), fleet["a"].left) == ([0, 0], 3)
    stop(fleet)


def test_a_refused_ping_is_enough() -> None:
    """The connection of the work is still there, and nobody behind it."""
    fleet = fleet_of("a", "b")
    hanging = Forward(fleet)
    del fleet.network._servers["a", 3003]
    fleet.network.advance(11)
    assert fleet.health("a").error == "connection refused"
    assert hanging.served.backend == "b"
    stop(fleet)


@pytest.mark.parametrize("first", ["a", "b"])
def test_the_first_answer_wins(first: str) -> None:
    """Of both; the other one is cancelled and held against nobody."""
    fleet = fleet_of("a", "b")
    fleet["b"].silent = fleet["b"].answers_pings = True
    asked = Forward(fleet)
    fleet.network.advance(22)
    assert (asked.results, in_flight(fleet)) == ([], [1, 1])
    fleet[first].speak()
    fleet.network.flush()
    assert asked.served.backend == first
    assert in_flight(fleet) == [0, 0]
    assert [server.failed for server in fleet.pool] == [0, 0]
    stop(fleet)


def test_it_is_not_asked_of_a_third() -> None:
    """Two at a time are enough, however often the first misses its pings."""
    fleet = fleet_of("a", "b", "c", silent="abc")
    fleet["b"].answers_pings = fleet["c"].answers_pings = True
    asked = Forward(fleet)
    fleet.network.advance(60)
    assert in_flight(fleet) == [1, 1, 0]
    asked.deferred.cancel()
    fleet.network.flush()
    assert in_flight(fleet) == [0, 0, 0]
    stop(fleet)


def test_while_no_other_is_well_the_first_is_waited_for() -> None:
    """To ask twice of servers that are late with everything makes them later."""
    fleet = fleet_of("a", "b", silent="ab")
    asked = Forward(fleet)
    fleet.network.advance(60)
    assert [server.health.status for server in fleet.pool] == ["unhealthy"] * 2
    assert (asked.results, in_flight(fleet)) == ([], [1, 0])
    fleet["b"].speak()
    fleet.network.advance(10)
    assert asked.served.backend == "b"
    stop(fleet)


def test_a_sole_server_is_waited_for() -> None:
    """There is nobody else to ask."""
    fleet = fleet_of("a")
    asked = Forward(fleet)
    fleet.network.advance(60)
    assert (asked.results, in_flight(fleet)) == ([], [1])
    fleet["a"].speak()
    fleet.network.flush()
    assert asked.served.backend == "a"
    stop(fleet)


def one_place(**more: object) -> Fleet:
    """Return servers ``a`` and ``b`` that are given one request at a time."""
    fleet = Fleet("a", "b", **more)
    for server in fleet.pool:
        server.reconfigure(replace(server.backend, max_concurrent=1))
    fleet.checker.startService()
    fleet.network.flush()
    fleet["a"].silent = fleet["b"].silent = fleet["b"].answers_pings = True
    return fleet


def turn(fleet: Fleet, name: str) -> None:
    """Have a server answer what it holds, and hold what comes then."""
    fleet[name].speak()
    fleet[name].silent = True
    fleet.network.flush()


def test_it_has_its_turn_where_others_wait() -> None:
    """A line that is never empty does not keep it from a server that is well."""
    fleet = one_place()
    hanging, working, waiting = (Forward(fleet) for _ in range(3))
    fleet.network.advance(22)
    assert in_flight(fleet) == [1, 1]
    later = Forward(fleet)
    turn(fleet, "b")
    assert (working.served.backend, waiting.results) == ("b", [])
    turn(fleet, "b")
    assert (waiting.served.backend, hanging.results, later.results) == ("b", [], [])
    turn(fleet, "b")
    assert (hanging.served.backend, later.results) == ("b", [])
    assert fleet["a"].left >= 1
    turn(fleet, "b")
    assert later.served.backend == "b"
    assert in_flight(fleet) == [0, 0]
    stop(fleet)


@pytest.mark.parametrize("end", ["answers", "leaves", "dies"])
def test_who_waits_for_it_leaves_the_line_with_the_first(end: str) -> None:
    """The place goes to whoever is next, and is taken once."""
    fleet = one_place()
    hanging, working = Forward(fleet), Forward(fleet)
    fleet.network.advance(22)
    assert sum(fleet.places.scheduler.waiting().values()) == 1
    if end == "answers":
        fleet["a"].speak()
    elif end == "leaves":
        hanging.deferred.cancel()
    else:
        fleet.network.close("a")
    fleet.network.flush()
    waiting = sum(fleet.places.scheduler.waiting().values())
    # One that died is asked of the other in the ordinary way.
    assert waiting == (1 if end == "dies" else 0)
    turn(fleet, "b")
    assert working.served.backend == "b"
    fleet["b"].speak()
    fleet.network.advance(1)
    if end != "leaves":
        assert hanging.served.backend == ("a" if end == "answers" else "b")
    assert in_flight(fleet) == [0, 0]
    stop(fleet)


def test_one_that_answers_again_is_not_doubted_any_longer() -> None:
    """The place that its work waited for elsewhere is left to others."""
    fleet = one_place()
    hanging, working = Forward(fleet), Forward(fleet)
    fleet.network.advance(22)
    fleet["a"].answers_pings = True
    fleet.network.advance(10)
    assert fleet.health("a").status == "healthy"
    turn(fleet, "b")
    assert (working.served.backend, hanging.results) == ("b", [])
    assert in_flight(fleet) == [1, 0]
    hanging.deferred.cancel()
    fleet.network.flush()
    assert in_flight(fleet) == [0, 0]
    stop(fleet)
