"""The law by which a limit is found, step by step."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.balancer.limit import (
    ANSWERS,
    FIRST_REST,
    HIGHEST,
    PRECISION,
    REST,
    START,
    AdaptiveLimit,
    FixedLimit,
)


class Load:
    """
    A backend that is given as much as its limit allows.

    :ivar limit: the limit.
    """

    def __init__(self) -> None:
        self.limit = AdaptiveLimit()

    def window(self, seconds: float) -> int:
        """Give answers until the limit is judged; return the limit that follows."""
        before = self.limit.limit
        for _ in range(PRECISION * HIGHEST**2):
            self.limit.answered("k", seconds, before)
            if self.limit.limit != before:
                break
        return self.limit.limit

    def answers(self, places: int) -> int:
        """Work on so many at once; return how many answers the next judgement took."""
        before = self.limit.limit
        taken = 0
        while self.limit.limit == before:
            self.limit.answered("k", max(1.0, before / places), before)
            taken += 1
        return taken

    def places(self, number: int, windows: int, seconds: float = 1.0) -> list[int]:
        """Work on so many at once; return the limits of the next windows."""
        return [
            self.window(seconds * max(1.0, self.limit.limit / number))
            for _ in range(windows)
        ]


def test_the_numbers_are_those_of_the_design() -> None:
    """Four at first: the types of one request run at once."""
    assert (START, HIGHEST) == (4, 64)


def test_it_begins_with_four_and_doubles() -> None:
    """Slow start: as long as it is of use, every window doubles the limit."""
    load = Load()
    assert load.limit.limit == START
    assert [load.window(1.0) for _ in range(5)] == [8, 16, 32, 64, 48]


@pytest.mark.parametrize(
    ("times", "limit"),
    [
        ([0.5, 1.0, 1.5, 2.0], 1),
        ([0.5, 0.9, 1.7, 2.3], 1),
        ([0.5, 0.6, 1.0, 1.1], 2),
        ([0.5, 0.5, 0.5, 1.0], 3),
        ([0.5, 0.5, 0.5, 0.5], 4),
        ([0.5, 1.0, 1.0, 1.0], 4),  # asked for one after the other, by two clients
        ([0.5, 0.7, 1.0, 1.4], 4),  # of their own different length
        ([8.0, 8.1, 8.2, 8.3], 4),  # a model was loaded, for all of them
    ],
)
def test_first_answers_that_come_in_turns_tell_the_places(
    times: list[float], limit: int
) -> None:
    """A slow server would be given four at once, for half a minute."""
    one = AdaptiveLimit()
    for seconds in times:
        one.answered("k", seconds, START)
    assert one.limit == limit
    assert one.found == limit


def test_turns_of_different_work_tell_nothing() -> None:
    """Faces take longer than a search, wherever they are worked on."""
    one = AdaptiveLimit()
    for number, kind in enumerate(["clip", "faces", "clip", "faces"], start=1):
        one.answered(kind, 0.5 * number, START)
    assert one.limit == START


def test_what_the_first_turns_told_may_be_wrong() -> None:
    """One place is tried to be two after a while, and kept if that is of use."""
    load = Load()
    for turn in (1, 2, 3, 4):
        load.limit.answered("k", turn * 0.5, START)
    assert [load.window(1.0) for _ in range(3)] == [2, 3, 4]


def test_if_the_first_doubling_is_of_no_use_it_halves() -> None:
    """As long as nothing is missed: one place is found as soon as 16 are."""
    assert Load().places(1, 5) == [8, 2, 1, 2, 1]
    assert Load().places(2, 5) == [8, 2, 1, 2, 1]
    assert Load().places(3, 5) == [8, 2, 3, 2, 3]


@pytest.mark.parametrize(
    ("places", "found", "answers"),
    [
        (1, 1, 40),
        (2, 2, 37),
        (3, 3, 30),
        (4, 4, 30),
        (5, 5, 21),
        (6, 8, 40),
        (8, 8, 40),
        (12, 16, 87),
        (16, 16, 87),
    ],
)
def test_the_right_limit_is_found_in_few_answers(
    places: int, found: int, answers: int
) -> None:
    """Within a third of the places; then it rests for a while."""
    load = Load()
    for _ in range(answers):
        before = load.limit.limit
        load.limit.answered("k", max(1.0, before / places), before)
    assert load.limit.limit == found
    for _ in range(found * FIRST_REST):
        load.limit.answered("k", max(1.0, found / places), found)
        assert load.limit.limit == found


def test_a_doubling_takes_an_answer_of_each_place_and_six_at_the_least() -> None:
    """What was asked for before, and half of what is new, is not looked at."""
    load = Load()
    taken = [(load.limit.limit, load.answers(HIGHEST)) for _ in range(4)]
    assert taken == [(4, 2 + 6), (8, 5 + 8), (16, 11 + 16), (32, 23 + 32)]


def test_a_smaller_step_takes_more_answers_by_its_square() -> None:
    """A trial of a quarter takes 64; one upwards that is of no use, half of them."""
    load = Load()
    load.places(8, 4)
    assert (load.limit.limit, load.answers(8)) == (10, 8 + 32)
    load.places(8, 1)
    assert (load.limit.limit, load.answers(8)) == (6, 7 + 64)


def test_half_of_an_odd_number_of_answers_is_rounded_down() -> None:
    """Two more than nine are judged by 81 answers, or by 40."""
    load = Load()
    assert load.places(9, 4)[-2:] == [9, 11]
    assert load.answers(9) == 9 + 40


def test_it_does_not_grow_unless_it_is_reached() -> None:
    """What was never in flight at once proves nothing about more."""
    load = Load()
    load.window(1.0)
    for in_flight in range(1, 8):
        for _ in range(200):
            load.limit.answered("k", 1.0, in_flight)
    assert load.limit.limit == 8
    assert load.window(1.0) == 16


@pytest.mark.parametrize("places", [1, 2, 3, 4, 5, 7, 11, 23])
def test_a_limit_that_is_too_high_leads_to_the_right_one(places: int) -> None:
    """How much longer it takes with more, or less, tells how many are enough."""
    load = Load()
    # Of two windows one is a trial.
    found = load.places(places, 12)[-2:]
    assert min(abs(one - places) for one in found) <= max(1, places / 4), found


def test_then_it_tries_a_quarter_more_and_a_quarter_less() -> None:
    """And returns, if more is of no use, and less is a loss."""
    assert Load().places(8, 9) == [8, 16, 8, 10, 8, 6, 8, 10, 8]


def test_a_server_that_lost_places_is_found_out() -> None:
    """What proves better is kept and tried further."""
    load = Load()
    assert load.places(8, 3)[-1] == 8
    assert load.places(5, 6) == [10, 8, 6, 4, 6, 8]


def test_a_server_that_won_places_is_found_out() -> None:
    """Each step that is of use is followed by the next."""
    load = Load()
    assert load.places(4, 3)[-1] == 4
    assert load.places(12, 9) == [3, 4, 5, 6, 8, 10, 12, 15, 12]


def test_a_server_that_is_slow_for_a_while_keeps_its_limit() -> None:
    """It is used for something else: fewer at once would not make it faster."""
    load = Load()
    load.places(8, 3)
    assert load.places(8, 4, seconds=5.0) == [10, 8, 6, 8]
    assert load.places(8, 2) == [10, 8]


def test_it_rests_between_trials() -> None:
    """For a short time when the limit is new, since too low a one costs most."""
    load = Load()
    load.places(1, 5)
    assert load.limit.limit == 1
    rests = []
    for _ in range(5):
        answers = 0
        while load.limit.limit == 1:
            load.limit.answered("k", 1.0, 1)
            answers += 1
        rests.append(answers - ANSWERS - 1)  # the one on the way when it was lowered
        load.window(2.0)
    assert rests == [FIRST_REST, REST, REST, REST, REST]


def test_answers_asked_for_under_the_limit_before_do_not_count() -> None:
    """They tell of the load that there was then."""
    load = Load()
    load.window(1.0)
    assert load.limit.limit == 8
    for _ in range(3):
        load.limit.answered("k", 100.0, 8)  # asked for under a limit of 4
    assert load.window(1.0) == 16


def test_the_first_answers_of_all_do_not_count() -> None:
    """A cold server had no queue yet when it was asked for them."""
    load = Load()
    for _ in range(START // 2):
        load.limit.answered("k", 0.25, START)
    load.places(1, 2)
    assert load.limit.limit == 2
    load.window(0.5)
    assert load.limit.limit == 1


def test_the_first_of_the_additional_ones_do_not_count() -> None:
    """They find no queue yet: half of them are not looked at, the others are."""
    load = Load()
    load.window(1.0)
    for _ in range(3 + 2):
        load.limit.answered("k", 1.0, 8)
    assert load.window(2.0) == 2


def test_kinds_are_not_compared_with_each_other() -> None:
    """A picture of 4 MB after searches is no sign of a queue."""
    limit = AdaptiveLimit()
    seen = set()
    for kind, seconds in [("search", 0.01), ("picture", 1.0)] * 400:
        limit.answered(kind, seconds, limit.limit)
        seen.add(limit.limit)
    assert HIGHEST in seen


def test_kinds_that_were_not_done_before_tell_nothing() -> None:
    """Nor does what takes no time at all."""
    for seconds in (1.0, 0.0):
        limit = AdaptiveLimit()
        for number in range(200):
            limit.answered(number if seconds else "k", seconds, limit.limit)
        assert limit.limit > 16


def test_kinds_count_by_the_time_they_take() -> None:
    """
    A search may wait behind a picture, and be ten times as slow.

    That is not much of what the server does.
    """
    limit = AdaptiveLimit()
    while limit.limit == 4:
        limit.answered("search", 0.02, 4)
        limit.answered("picture", 0.5, 4)
    while limit.limit == 8:
        limit.answered("search", 0.2, 8)
        limit.answered("picture", 0.5, 8)
    assert limit.limit == 16


def test_a_model_that_is_loaded_once_does_not_throw_it_back() -> None:
    """An outlier counts as ``SLOWEST`` times the usual at the most."""
    load = Load()
    load.places(8, 2)
    assert load.limit.limit == 16
    for _ in range(11):
        load.limit.answered("k", 2.0, 16)
    load.limit.answered("k", 600.0, 16)
    load.window(2.0)
    assert load.limit.limit == 8


def test_a_fixed_limit_stays() -> None:
    """Whatever happens."""
    limit = FixedLimit(3)
    for seconds in (0.1, 100.0) * 50:
        limit.answered("k", seconds, 3)
    assert limit.limit == 3


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b"]),
        st.just(0.0) | st.floats(1e-9, 1e6),  # no clock tells less apart
        st.integers(1, 200),
        st.integers(1, 80),
    ),
    max_size=60,
)


@given(EVENTS)
def test_it_is_always_usable(events: list[tuple[str, float, int, int]]) -> None:
    """Whatever is measured, even nothing, the limit stays within 1 and ``HIGHEST``."""
    limit = AdaptiveLimit()
    for kind, seconds, in_flight, times in events:
        for _ in range(times):
            limit.answered(kind, seconds, in_flight)
            assert 1 <= limit.limit <= HIGHEST
