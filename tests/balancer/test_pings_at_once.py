"""Pings under way at once: no more than ``maxPings``, whatever asks for them."""

from __future__ import annotations

import pytest

from tests.balancer.test_health_checker import pings, reconfigure, started
from tests.fakes import Fleet, outcome

NAMES = [f"s{number}" for number in range(20)]


def under_way(fleet: Fleet) -> int:
    """How many pings wait for their answer."""
    return sum(fake.holds for fake in fleet.fakes.values())


def hang(fleet: Fleet, names: list[str] = NAMES) -> None:
    """Have these say nothing any more."""
    for name in names:
        fleet[name].silent = True


@pytest.mark.parametrize(("more", "most"), [({}, 16), ({"maxPings": 3}, 3)])
def test_so_many_are_under_way_and_no_more(more: dict[str, int], most: int) -> None:
    """Rounds, requests to /ping and second looks share them; all get their turn."""
    fleet = Fleet(*NAMES, **more)
    hang(fleet)
    fleet.checker.startService()
    counts: list[int] = []
    for _ in range(120):
        outcome(fleet.checker.check())
        outcome(fleet.checker.ping(fleet.pool["s19"]))
        fleet.network.advance(0.1)
        counts.append(under_way(fleet))
    assert max(counts) == most
    assert min(pings(fleet)) >= 1
    assert {fleet.health(name).error for name in NAMES} == {"timed out after 1.5 s"}


def test_who_answers_makes_room_at_once() -> None:
    """Of servers that are well, a round with a small bound takes no time."""
    fleet = started(*NAMES, maxPings=1)
    assert pings(fleet) == [1] * 20
    assert {fleet.health(name).status for name in NAMES} == {"healthy"}


def test_those_that_hang_hold_the_others_up_for_a_while_only() -> None:
    """The time of a ping begins with its turn: nobody is taken for dead in line."""
    fleet = Fleet(*NAMES, maxPings=4)
    hang(fleet, NAMES[:8])
    fleet.checker.startService()
    fleet.network.advance(2.9)
    assert {fleet.health(name).status for name in NAMES[8:]} == {"unknown"}
    fleet.network.advance(0.1)
    assert {fleet.health(name).status for name in NAMES[8:]} == {"healthy"}
    assert {fleet.health(name).status for name in NAMES[:8]} == {"unhealthy"}


def test_our_own_ping_is_answered_in_time() -> None:
    """By what is known after 1.5 s; the pings that wait go out all the same."""
    fleet = Fleet(*NAMES, maxPings=2)
    hang(fleet, NAMES[:4])
    check = outcome(fleet.checker.check())
    fleet.network.advance(1.4)
    assert check == []
    fleet.network.advance(0.1)
    assert check == [None]
    assert sum(pings(fleet)) == 4
    fleet.network.advance(1.5)
    assert pings(fleet) == [1] * 20


def test_one_who_waits_for_its_turn_is_in_line_once() -> None:
    """However often it is asked for meanwhile."""
    fleet = Fleet("a", "b", maxPings=1)
    fleet["a"].silent = True
    checks = [outcome(fleet.checker.check()) for _ in range(3)]
    asked = outcome(fleet.checker.ping(fleet.pool["b"]))
    fleet.network.flush()
    assert pings(fleet) == [1, 0]
    fleet["a"].speak()
    fleet.network.flush()
    assert pings(fleet) == [1, 1]
    assert [*checks, asked] == [[None]] * 4


def test_a_new_bound_holds_from_now_on() -> None:
    """More go out at once; with fewer, those under way go on."""
    fleet = Fleet(*NAMES, maxPings=4, pingTimeout=30)
    hang(fleet)
    fleet.checker.startService()
    fleet.network.flush()
    reconfigure(fleet, *NAMES, maxPings=6, pingTimeout=30)
    assert under_way(fleet) == 6
    reconfigure(fleet, *NAMES, maxPings=2, pingTimeout=30)
    assert under_way(fleet) == 6
    fleet.network.advance(30)
    assert under_way(fleet) == 2


def test_who_is_taken_out_while_it_waits_is_not_pinged() -> None:
    """Nor is the line for those that are kept any longer for it."""
    fleet = Fleet("a", "b", "c", maxPings=1)
    fleet["a"].silent = True
    fleet.checker.startService()
    fleet.network.flush()
    reconfigure(fleet, "a", "c", maxPings=1)
    fleet["a"].speak()
    fleet.network.flush()
    assert pings(fleet) == [1, 0, 1]


def test_stopping_ends_the_wait_too() -> None:
    """None of those in line goes out, and who waits for them is told."""
    fleet = Fleet(*NAMES, maxPings=2)
    hang(fleet)
    fleet.checker.startService()
    check = outcome(fleet.checker.check())
    fleet.network.flush()
    fleet.checker.stopService()
    fleet.connections.close()
    fleet.network.advance(60)
    assert check == [None]
    assert sum(pings(fleet)) == 2
    assert fleet.timers == []
    assert {fleet.health(name).status for name in NAMES} == {"unknown"}
