"""A second attempt beside the first."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock

from immich_ml_proxy.balancer.hedging import HedgeBudget, hedged
from tests.fakes import outcome


class Attempts:
    """
    A hedged request: ``first``, and after a second ``second``.

    :ivar results: gets its outcome.
    :ivar cancelled: which attempts were cancelled.
    """

    def __init__(self, declines: bool = False) -> None:
        self.clock = Clock()
        self.cancelled: list[str] = []
        self.first = self._attempt("first")
        self.second = self._attempt("second")
        self.begun = 0
        self._declines = declines
        self.result = hedged(self.first, self._begin, 1.0, self.clock)
        self.results: list[Any] = outcome(self.result)

    def _attempt(self, name: str) -> Deferred[str]:
        return Deferred(lambda _: self.cancelled.append(name))

    def _begin(self) -> Deferred[str] | None:
        self.begun += 1
        return None if self._declines else self.second

    def check_over(self) -> None:
        """Nothing goes on afterwards."""
        self.clock.advance(100)
        assert self.clock.getDelayedCalls() == []
        assert len(self.results) == 1


def test_a_first_attempt_that_is_quick_is_all_there_is() -> None:
    """The second is never begun."""
    attempts = Attempts()
    attempts.clock.advance(0.99)
    attempts.first.callback("one")
    attempts.check_over()
    assert (attempts.results, attempts.begun, attempts.cancelled) == (["one"], 0, [])


def test_the_second_may_win() -> None:
    """Then the first is cancelled: its backend has better things to do."""
    attempts = Attempts()
    attempts.clock.advance(1)
    attempts.second.callback("two")
    attempts.check_over()
    assert (attempts.results, attempts.cancelled) == (["two"], ["first"])


def test_the_first_may_win_yet() -> None:
    """Then the second is cancelled."""
    attempts = Attempts()
    attempts.clock.advance(1)
    attempts.first.callback("one")
    attempts.check_over()
    assert (attempts.results, attempts.cancelled) == (["one"], ["second"])


@pytest.mark.parametrize("failing", ["first", "second"])
def test_a_failed_attempt_leaves_it_to_the_other(failing: str) -> None:
    """The first good result counts, not the first result."""
    attempts = Attempts()
    attempts.clock.advance(1)
    bad, good = attempts.first, attempts.second
    if failing == "second":
        bad, good = good, bad
    bad.errback(ValueError(failing))
    assert attempts.results == []
    good.callback("good")
    attempts.check_over()
    assert (attempts.results, attempts.cancelled) == (["good"], [])


def test_when_both_fail_it_fails() -> None:
    """As whichever failed first did."""
    attempts = Attempts()
    attempts.clock.advance(1)
    attempts.second.errback(ValueError("second"))
    attempts.first.errback(KeyError("first"))
    attempts.check_over()
    assert attempts.results[0].check(ValueError)


def test_a_first_attempt_that_fails_soon_is_not_hedged() -> None:
    """The next backend is asked by who is told of the failure."""
    attempts = Attempts()
    attempts.first.errback(ValueError())
    attempts.check_over()
    assert attempts.results[0].check(ValueError)
    assert attempts.begun == 0


def test_a_second_attempt_may_be_declined() -> None:
    """Then the first one's outcome is all."""
    for ends_well in (True, False):
        attempts = Attempts(declines=True)
        attempts.clock.advance(1)
        if ends_well:
            attempts.first.callback("one")
        else:
            attempts.first.errback(ValueError())
        attempts.check_over()
        assert attempts.begun == 1
        assert (attempts.results == ["one"]) == ends_well


@pytest.mark.parametrize(
    ("seconds", "ended"), [(0, ["first"]), (1, ["first", "second"])]
)
def test_cancelling_cancels_what_is_under_way(seconds: int, ended: list[str]) -> None:
    """And begins nothing more."""
    attempts = Attempts()
    attempts.clock.advance(seconds)
    attempts.result.cancel()
    assert attempts.results[0].check(CancelledError)
    assert attempts.cancelled == ended
    attempts.check_over()
    assert attempts.begun == seconds


def test_outcomes_that_are_there_at_once_count() -> None:
    """Either attempt may have ended before it is looked at."""
    attempts = Attempts()
    attempts.second.callback("two")
    attempts.clock.advance(1)
    attempts.check_over()
    assert (attempts.results, attempts.cancelled) == (["two"], ["first"])


@given(st.lists(st.booleans(), max_size=300))
def test_at_most_one_in_twenty_is_asked_twice(wishes: list[bool]) -> None:
    """At any time, counted from the beginning."""
    budget = HedgeBudget()
    allowed = 0
    for seen, wish in enumerate(wishes, 1):
        budget.seen()
        if wish:
            allowed += budget.spend()
        assert budget.hedged == allowed <= 0.05 * seen


def test_the_first_extra_request_comes_with_the_twentieth() -> None:
    """Nothing is given in advance: nineteen are too few."""
    budget = HedgeBudget()
    allowed = []
    for _ in range(20):
        budget.seen()
        allowed.append(budget.spend())
    assert allowed == [False] * 19 + [True]


def test_the_budget_can_be_used_up() -> None:
    """Five of a hundred are allowed, and the sixth is not."""
    budget = HedgeBudget()
    for _ in range(100):
        budget.seen()
    assert [budget.spend() for _ in range(6)] == [True] * 5 + [False]
    assert budget.hedged == 5
