"""How many searches may be asked of a second backend."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.balancer.hedging import HedgeBudget


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
