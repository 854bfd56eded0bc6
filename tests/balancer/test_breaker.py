"""What requests make of a server's breaker."""

from __future__ import annotations

import attrs
import pytest

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


def test_failures_during_an_outage_do_not_make_it_longer() -> None:
    """They are of requests that were under way already."""
    breaker = tripped(100.0)
    late = breaker.failed(101.0).failed(104.0)
    assert (late.open_until, late.outages) == (105.0, 1)
    assert late.failures == 5


def test_a_pause_is_no_verdict() -> None:
    """Nothing is wanted for a moment; failures and outages are as before."""
    breaker = CLOSED.failed(10.0).paused(12.0)
    assert breaker == Breaker(failures=1, paused_until=12.0)
    assert breaker.is_open(11.9)
    assert not breaker.is_open(12.0)
    assert breaker.paused(11.0) == breaker
    assert breaker.paused(13.0).paused_until == 13.0
    assert breaker.failed(12.0) == Breaker(failures=2, paused_until=12.0)


def test_it_takes_as_many_failures_as_is_said() -> None:
    """Where another was faster by far, one is enough."""
    assert CLOSED.failed(1.0, trip_after=1) == Breaker(1, 1, 6.0)
    assert CLOSED.failed(1.0, trip_after=2).failed(1.0, trip_after=2).is_open(1.0)
    assert not CLOSED.failed(1.0, trip_after=2).is_open(1.0)


def test_a_breaker_is_a_value() -> None:
    """An outcome gives the next one and leaves the one before alone."""
    CLOSED.failed(1.0)
    assert Breaker() == CLOSED
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        CLOSED.failures = 1  # type: ignore[misc]
