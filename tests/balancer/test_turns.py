"""Turns: never more than allowed, in order, and nobody is forgotten."""

from __future__ import annotations

from twisted.internet.defer import CancelledError, Deferred

from immich_ml_proxy.balancer.turns import Turns
from tests.fakes import outcome


def had(turns: list[list[None]]) -> list[int]:
    """Return the numbers of those that got their turn."""
    return [number for number, results in enumerate(turns) if results]


def test_so_many_have_a_turn_and_the_others_come_in_order() -> None:
    """Each as soon as one ends."""
    turns = Turns(2)
    taken = [outcome(turns.take()) for _ in range(5)]
    assert had(taken) == [0, 1]
    turns.give_back()
    assert had(taken) == [0, 1, 2]
    turns.give_back()
    turns.give_back()
    assert had(taken) == [0, 1, 2, 3, 4]
    for _ in range(2):
        turns.give_back()
    again = [outcome(turns.take()) for _ in range(3)]
    assert had(again) == [0, 1]


def test_who_no_longer_waits_gets_no_turn() -> None:
    """The one behind does."""
    turns = Turns(1)
    outcome(turns.take())
    left, behind = turns.take(), outcome(turns.take())
    ended = outcome(left)
    left.cancel()
    assert ended[0].type is CancelledError
    turns.give_back()
    assert behind == [None]


def test_the_number_may_change() -> None:
    """More come at once; where fewer may, none comes until enough have ended."""
    turns = Turns(1)
    taken = [outcome(turns.take()) for _ in range(6)]
    turns.allow(3)
    assert had(taken) == [0, 1, 2]
    turns.allow(1)
    turns.give_back()
    turns.give_back()
    assert had(taken) == [0, 1, 2]
    turns.give_back()
    assert had(taken) == [0, 1, 2, 3]


def test_an_end_is_the_end_of_waiting() -> None:
    """Those that have their turn keep it."""
    turns = Turns(1)
    first, second, third = (outcome(turns.take()) for _ in range(3))
    turns.end()
    assert first == [None]
    assert [one[0].type for one in (second, third)] == [CancelledError] * 2
    turns.give_back()
    assert outcome(turns.take()) == [None]


def test_ten_thousand_that_end_at_once_are_no_recursion() -> None:
    """Each has had its turn, one after the other."""
    turns = Turns(1)
    outcome(turns.take())
    ended: list[int] = []

    def end(_: None, number: int) -> None:
        ended.append(number)
        turns.give_back()

    for number in range(10_000):
        turn: Deferred[None] = turns.take()
        turn.addCallback(end, number)
    turns.give_back()
    assert ended == list(range(10_000))
