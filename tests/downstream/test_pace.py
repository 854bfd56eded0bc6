"""How slowly a client may send."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.config.model import Bounds
from immich_ml_proxy.downstream.pace import Pace

BOUNDS = Bounds(head_timeout=30, min_upload_rate=1024, upload_grace=15)


def test_a_head_has_its_time_from_its_first_byte_on() -> None:
    """However often more of it comes."""
    pace = Pace()
    for now in range(5, 35):
        pace.head(True, float(now))
        assert pace.late_head(now, BOUNDS) is None
    pace.head(True, 34.9)
    told = "its head did not come within 30 s (headTimeout)"
    assert pace.late_head(35, BOUNDS) == told


def test_the_next_head_has_its_own_time() -> None:
    """And between two there is none."""
    pace = Pace()
    pace.head(True, 0)
    pace.head(False, 20)
    assert pace.late_head(1000, BOUNDS) is None
    pace.head(True, 1000)
    assert pace.late_head(1029, BOUNDS) is None
    assert pace.late_head(1030, BOUNDS) is not None


def test_a_body_that_comes_at_the_rate_is_waited_for() -> None:
    """For as long as it takes."""
    pace = Pace()
    for now in range(1000):
        assert pace.slow_body(now * 1024, now, BOUNDS) is None


def test_a_body_that_comes_more_slowly_is_not() -> None:
    """After the time of grace."""
    pace = Pace()
    for now in range(15):
        assert pace.slow_body(now * 1000, now, BOUNDS) is None
    told = "its body comes at 1000 bytes a second, less than minUploadRate (1024)"
    assert pace.slow_body(15_000, 15, BOUNDS) == told


def test_a_fast_beginning_is_no_excuse() -> None:
    """Each stretch is looked at by itself."""
    pace = Pace()
    told = [pace.slow_body(50_000_000 if now else 0, now, BOUNDS) for now in range(31)]
    assert told[:30] == [None] * 30
    assert told[30] is not None
    assert told[30].startswith("its body comes at 0 bytes")


def test_who_is_made_to_wait_is_not_slow() -> None:
    """Its time begins anew when it is read on, and with the next body."""
    pace = Pace()
    assert pace.slow_body(0, 0, BOUNDS) is None
    pace.no_body()
    for now in (100, 114):
        assert pace.slow_body(10, now, BOUNDS) is None
    assert pace.slow_body(5, 115, BOUNDS) is None  # it is another one
    assert pace.slow_body(5, 130, BOUNDS) is not None


@given(st.lists(st.tuples(st.integers(0, 100), st.floats(0, 100))))
def test_with_a_rate_of_0_any_is_good(steps: list[tuple[int, float]]) -> None:
    """Whatever comes, and when."""
    pace, bounds = Pace(), Bounds(min_upload_rate=0)
    size, now = 0, 0.0
    for more, seconds in steps:
        size, now = size + more, now + seconds
        assert pace.slow_body(size, now, bounds) is None


@pytest.mark.parametrize("timeout", [1.0, 86400.0])
def test_a_head_may_be_given_any_time(timeout: float) -> None:
    """It is a setting."""
    pace, bounds = Pace(), Bounds(head_timeout=timeout)
    pace.head(True, 10)
    assert pace.late_head(9.9 + timeout, bounds) is None
    assert pace.late_head(10 + timeout, bounds) is not None
