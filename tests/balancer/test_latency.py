"""What is remembered of how long backends take."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.balancer.latency import (
    KEPT,
    MAX_TASKS,
    Kind,
    Percentiles,
    ServiceTimes,
    size_class,
)

SMALL, LARGE = Kind("ocr", 1), Kind("ocr", 2)
KIB = 1024


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (0, 0),
        (64 * KIB, 0),
        (64 * KIB + 1, 1),
        (1024 * KIB, 1),
        (1024 * KIB + 1, 2),
        (4096 * KIB, 2),
        (4096 * KIB + 1, 3),
        (2**40, 3),
    ],
)
def test_sizes_have_four_classes(size: int, expected: int) -> None:
    """A search, a preview, a picture, an original."""
    assert size_class(size) == expected


def test_nothing_is_expected_of_what_was_never_seen() -> None:
    """Another task says nothing about it."""
    times = ServiceTimes()
    times.add(Kind("clip", 1), 3.0)
    assert times.expected(SMALL) is None


def test_the_average_moves_a_fifth_of_the_way() -> None:
    """One slow answer does not change what is expected by much."""
    times = ServiceTimes()
    times.add(SMALL, 1.0)
    assert times.expected(SMALL) == 1.0
    times.add(SMALL, 2.0)
    assert times.expected(SMALL) == pytest.approx(1.2)


def test_sizes_are_kept_apart() -> None:
    """A size that was never seen is expected to take as long as the slowest seen."""
    times = ServiceTimes()
    times.add(SMALL, 1.0)
    times.add(LARGE, 5.0)
    assert times.expected(SMALL) == 1.0
    assert times.expected(LARGE) == 5.0
    assert times.expected(Kind("ocr", 3)) == 5.0


def test_percentiles_are_told_by_task_in_milliseconds() -> None:
    """All sizes of a task together."""
    times = ServiceTimes()
    for n in range(100):
        times.add(SMALL if n % 2 else LARGE, (n + 1) / 1000)
    times.add(Kind("clip", 0), 0.25)
    assert times.percentiles() == {
        "ocr": Percentiles(count=100, p50=51.0, p90=91.0, p99=100.0),
        "clip": Percentiles(count=1, p50=250.0, p90=250.0, p99=250.0),
    }


def test_percentiles_have_a_decimal() -> None:
    """A search takes a few milliseconds; more digits would mean nothing."""
    times = ServiceTimes()
    times.add(SMALL, 0.0012345)
    assert times.percentiles() == {"ocr": Percentiles(1, 1.2, 1.2, 1.2)}


def test_percentiles_are_of_the_recent_and_the_count_is_of_all() -> None:
    """What happened long ago is forgotten."""
    times = ServiceTimes()
    for seconds in (9.0,) * KEPT + (1.0,) * KEPT:
        times.add(SMALL, seconds)
    assert times.percentiles() == {"ocr": Percentiles(2 * KEPT, 1000, 1000, 1000)}


def test_clients_cannot_fill_the_memory_with_names_of_tasks() -> None:
    """Tasks beyond a number are not told apart: they are not remembered at all."""
    times = ServiceTimes()
    for n in range(MAX_TASKS + 5):
        times.add(Kind(f"task {n}", 0), 1.0)
    assert len(times.percentiles()) == MAX_TASKS
    assert times.expected(Kind(f"task {MAX_TASKS}", 0)) is None
    times.add(Kind("task 0", 0), 1.0)
    assert times.percentiles()["task 0"].count == 2


@given(st.lists(st.floats(0, 1e4), min_size=1, max_size=50))
def test_what_is_told_lies_within_what_was_measured(measured: list[float]) -> None:
    """Averages and percentiles are between the least and the most, and in order."""
    times = ServiceTimes()
    for seconds in measured:
        times.add(SMALL, seconds)
    expected = times.expected(SMALL)
    assert expected is not None
    assert min(measured) - 1e-6 <= expected <= max(measured) + 1e-6
    told = times.percentiles()["ocr"]
    assert told.count == len(measured)
    inside = [1000 * min(measured), told.p50, told.p90, told.p99, 1000 * max(measured)]
    assert all(b - a >= -0.051 for a, b in pairwise(inside))
