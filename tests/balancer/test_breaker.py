"""What requests make of a server's breaker."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.balancer.breaker import (
    CLOSED,
    FIRST_OUTAGE,
    LONGEST_OUTAGE,
    TRIP_AFTER,
    Breaker,
)


def tripped(now: float, breaker: Breaker = CLOSED) -> Breaker:
    """Return a breaker after as many failures as it takes to open it."""
    while not breaker.is_open(now):
        breaker = breaker.failed(now)
    return breaker


def outages(count: int) -> list[float]:
    """Return the seconds that a backend is out which fails whenever it is asked."""
    breaker, now, seconds = CLOSED, 0.0, []
    for _ in range(count):
        breaker = tripped(now, breaker)
        seconds.append(breaker.open_until - now)
        now = breaker.open_until
    return seconds


def test_the_numbers_are_those_of_the_design() -> None:
    """Three in a row, then out for 5 s, at the most 60 s."""
    assert (TRIP_AFTER, FIRST_OUTAGE, LONGEST_OUTAGE) == (3, 5.0, 60.0)


def test_three_failures_in_a_row_open_the_breaker() -> None:
    """Two do not."""
    breaker = CLOSED.failed(10.0).failed(10.5)
    assert not breaker.is_open(10.5)
    breaker = breaker.failed(11.0)
    assert breaker == Breaker(failures=3, outages=1, open_until=16.0)


def test_failures_that_are_not_in_a_row_do_not() -> None:
    """A backend that serves some requests is not broken."""
    breaker = CLOSED
    for _ in range(10):
        breaker = breaker.failed(1.0).failed(1.0).served()
        assert breaker == CLOSED
    assert not breaker.failed(1.0).failed(1.0).is_open(1.0)


def test_it_is_open_until_its_time_has_come() -> None:
    """To the second."""
    breaker = tripped(100.0)
    assert breaker.is_open(100.0)
    assert breaker.is_open(104.999)
    assert not breaker.is_open(105.0)


def test_after_an_outage_one_failure_is_enough() -> None:
    """It has to prove itself again; it is out for twice as long then."""
    breaker = tripped(100.0).failed(105.0)
    assert breaker == Breaker(failures=4, outages=2, open_until=115.0)


def test_outages_double_up_to_a_minute() -> None:
    """5 s, 10, 20, 40, 60, and so on."""
    assert outages(8) == [5.0, 10.0, 20.0, 40.0, 60.0, 60.0, 60.0, 60.0]


def test_a_backend_may_be_broken_for_days() -> None:
    """However often it was put out, the next time is a minute, too."""
    assert outages(5000)[-1] == 60.0


def test_one_success_forgives_everything() -> None:
    """The next outage is a first one again."""
    breaker = CLOSED
    for now in (0.0, 100.0, 200.0):
        breaker = tripped(now, breaker)
    assert breaker.outages == 3
    assert breaker.served() == CLOSED
    again = tripped(300.0, breaker.served())
    assert again == Breaker(failures=3, outages=1, open_until=305.0)


def test_failures_during_an_outage_do_not_make_it_longer() -> None:
    """They are of requests that were under way already."""
    breaker = tripped(100.0)
    late = breaker.failed(101.0).failed(104.0)
    assert (late.open_until, late.outages) == (105.0, 1)
    assert late.failures == 5


@given(
    st.lists(st.tuples(st.booleans(), st.floats(0, 100, allow_nan=False)), max_size=60)
)
def test_a_breaker_never_shuts_anybody_out_for_good(
    history: list[tuple[bool, float]],
) -> None:
    """At any time it opens again within a minute, and is open only after failures."""
    breaker, now, in_a_row = CLOSED, 0.0, 0
    for served, pause in history:
        now += pause
        breaker = breaker.served() if served else breaker.failed(now)
        in_a_row = 0 if served else in_a_row + 1
        assert breaker.failures == in_a_row
        assert breaker.open_until <= now + LONGEST_OUTAGE
        assert not breaker.is_open(now + LONGEST_OUTAGE)
        if in_a_row < TRIP_AFTER:
            assert not breaker.is_open(now)
        elif in_a_row == TRIP_AFTER:
            assert breaker.open_until == now + FIRST_OUTAGE


def test_a_breaker_is_a_value() -> None:
    """An outcome gives the next one and leaves the one before alone."""
    CLOSED.failed(1.0)
    assert Breaker() == CLOSED
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        CLOSED.failures = 1  # type: ignore[misc]
