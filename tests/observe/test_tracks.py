"""Rings of numbers over time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.observe.tracks import MINUTES, SECONDS, Ring, Track


@given(
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 300)), max_size=60),
    st.integers(-5, 250),
    st.integers(0, 30),
)
def test_a_ring_is_a_list_that_forgets(
    puts: list[tuple[int, int]], begin: int, count: int
) -> None:
    """Of the last ten steps each has what was put last; all others have 0."""
    ring, model, step = Ring("B", 10), dict[int, int](), 0
    for forward, value in puts:
        step += forward
        ring.put(step, value)
        model[step] = min(value, 255)
    newest = max((at for at, value in model.items() if value), default=-100)
    # A zero moves nothing on: what was never put is zero as well.
    kept = {at: value for at, value in model.items() if newest - 10 < at <= newest}
    expected = [kept.get(at, 0) for at in range(begin, begin + count)]
    assert ring.read(begin, begin + count) == expected
    assert ring.sum(begin, begin + count) == sum(expected)
    assert [ring.get(at) for at in range(begin, begin + count)] == expected


def test_what_is_too_much_is_the_most() -> None:
    """It does not begin again at 0."""
    ring = Ring("H", 3)
    ring.put(1, 70_000)
    assert ring.read(0, 3) == [0, 65_535, 0]


def test_what_is_older_than_all_that_is_kept_is_not_put() -> None:
    """It would stand where something newer stands."""
    ring = Ring("B", 3)
    ring.put(10, 1)
    ring.put(7, 9)
    assert ring.read(6, 12) == [0, 0, 0, 0, 1, 0]


def test_a_range_that_ends_before_it_begins_is_empty() -> None:
    """As everywhere."""
    ring = Ring("B", 3)
    ring.put(10, 1)
    assert ring.read(10, 9) == []
    assert ring.sum(10, 9) == 0


def test_a_count_adds_up_in_its_second_and_its_minute() -> None:
    """Two looks in one second are one second."""
    track = Track()
    for second, value in ((60, 2), (60, 3), (61, 4), (120, 5)):
        track.count(second, value)
    assert track.seconds.read(60, 62) == [5, 4]
    assert track.minutes.read(1, 3) == [9, 5]


def test_of_a_level_a_minute_has_the_highest() -> None:
    """That is what one wants to know of it later."""
    track = Track()
    for second, value in ((60, 2), (61, 7), (62, 1)):
        track.level(second, value)
    assert track.seconds.read(60, 63) == [2, 7, 1]
    assert track.minutes.get(1) == 7


def test_fifteen_minutes_and_a_day_are_kept() -> None:
    """Not a second less."""
    track = Track()
    for second in range(86_400):
        track.count(second, 1)
    assert (SECONDS, MINUTES) == (900, 1440)
    assert track.seconds.sum(0, 86_400) == 900
    assert track.minutes.sum(0, 1440) == 86_400
