"""From where on more requests at once bring nothing, and what follows from it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.commands.knee import (
    LEVELS,
    Level,
    advice,
    is_worth_more,
    knee,
)


def levels(*rates: float, failed: int = 0) -> list[Level]:
    """Return what was measured, level after level; failures in the last one."""
    found = [
        Level(at_once, rate, at_once / rate, at_once / rate)
        for at_once, rate in zip(LEVELS, rates, strict=False)
    ]
    if failed:
        last = found.pop()
        found.append(Level(last.at_once, last.rate, last.median, last.p95, failed))
    return found


@pytest.mark.parametrize(
    ("rates", "at_once"),
    [
        ((10,), 1),
        ((10, 10.5, 10.2), 1),
        ((10, 19, 27, 28, 27), 3),
        ((10, 19, 27, 35, 40, 40), 6),
        ((10, 5, 3), 1),
        ((10, 12, 14, 16, 18), 6),
    ],
)
def test_the_knee_is_the_lowest_level_that_is_about_as_fast_as_any(
    rates: tuple[float, ...], at_once: int
) -> None:
    """Each request more makes all of them wait longer: it must bring something."""
    found = knee(levels(*rates))
    assert found is not None
    assert found.at_once == at_once


def test_a_level_with_failures_is_none_to_run_at() -> None:
    """Nor are those above it, whatever they brought; nothing is, if all failed."""
    found = knee(levels(10, 20, 50, failed=3))
    assert found is not None
    assert found.at_once == 2
    assert knee(levels(10, failed=1)) is None
    assert knee([]) is None


@given(st.lists(st.floats(0.1, 1000), min_size=1, max_size=len(LEVELS)))
def test_no_level_is_much_faster_than_the_knee(rates: list[float]) -> None:
    """And none below it is about as fast as the best."""
    measured = levels(*rates)
    found = knee(measured)
    assert found is not None
    best = max(rates)
    assert found.rate * 1.1 >= best
    assert all(one.rate * 1.1 < best for one in measured[: measured.index(found)])


@pytest.mark.parametrize(
    ("rates", "failed", "goes_on"),
    [
        ((10,), 0, True),
        ((10, 10), 0, True),  # one step without gain may be noise
        ((10, 10, 10), 0, False),
        ((10, 20, 30), 0, True),
        ((10, 20, 20.5, 20.1), 0, False),
        ((10,), 1, False),
        ((10, 20, 30), 1, False),
    ],
)
def test_trying_ends_where_more_brings_nothing(
    rates: tuple[float, ...], failed: int, goes_on: bool
) -> None:
    """Or where a server begins to fail: it is not to be hurt."""
    assert is_worth_more(levels(*rates, failed=failed)) is goes_on


def test_what_to_enter_follows_from_the_knees() -> None:
    """Limits are a server's; weights compare; Immich sends what all can take."""
    gpu, nas = Level(6, 40.0, 0.1, 0.2), Level(1, 4.0, 0.2, 0.3)
    ocr = Level(2, 1.0, 1.0, 2.0)
    told = advice({"gpu": {"clip": gpu, "ocr": ocr}, "nas": {"clip": nas, "ocr": None}})
    assert told.limits == {"gpu": {"clip": 6, "ocr": 2}, "nas": {"clip": 1}}
    assert told.weights == {"gpu": 10.0, "nas": 1.0}
    assert told.concurrency == {"Smart Search": 7, "OCR": 2}


def test_searches_have_no_job_in_immich() -> None:
    """They come when people search; servers without common work are not compared."""
    one = Level(4, 9.0, 0.1, 0.2)
    told = advice({"a": {"search": one}, "b": {"clip": one}, "c": {"clip": None}})
    assert told.concurrency == {"Smart Search": 4}
    assert told.weights == {}
