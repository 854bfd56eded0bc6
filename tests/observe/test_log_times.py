"""Times in log units."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.observe.log_times import (
    MILLISECONDS,
    UNITS,
    merged,
    percentile,
    unit_of,
)


@given(st.floats(0.010, 600))
def test_no_time_is_off_by_more_than_five_percent(seconds: float) -> None:
    """From ten milliseconds on; below, the rounding to one counts for more."""
    assert MILLISECONDS[unit_of(seconds)] / 1000 == pytest.approx(seconds, rel=0.05)


@pytest.mark.parametrize(
    ("seconds", "unit"), [(0.0, 1), (-1.0, 1), (0.00025, 1), (1e9, 255)]
)
def test_what_is_out_of_the_range_is_at_its_end(seconds: float, unit: int) -> None:
    """Every time has a unit, and none has that of no time."""
    assert unit_of(seconds) == unit


def test_units_are_bytes_in_order() -> None:
    """The larger the unit, the longer the time; 0 is none."""
    assert len(MILLISECONDS) == UNITS == 256
    assert MILLISECONDS[0] == 0
    assert list(MILLISECONDS) == sorted(MILLISECONDS)
    assert MILLISECONDS[-1] > 500_000


@given(st.lists(st.integers(1, 255), min_size=1), st.sampled_from([0.5, 0.95, 1.0]))
def test_a_percentile_is_one_of_the_times(times: list[int], part: float) -> None:
    """So many of them are at or below it, and fewer are below it."""
    found = percentile(Counter(times), part)
    assert found in times
    assert sum(1 for one in times if one <= found) >= part * len(times)
    assert sum(1 for one in times if one < found) < part * len(times)


def test_of_no_times_there_is_no_percentile() -> None:
    """0, and so it is with counts that have sunk to 0."""
    assert percentile({}, 0.5) == 0
    assert percentile({3: 0}, 0.5) == 0


def test_times_are_merged() -> None:
    """By adding up."""
    assert merged({1: 2}, {1: 1, 3: 4}) == {1: 3, 3: 4}
    assert merged() == {}
