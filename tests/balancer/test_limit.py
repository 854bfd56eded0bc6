"""The law by which a limit is found, and simulated servers on which it is tried."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.balancer.limit import (
    ANSWERS,
    FIRST_REST,
    HIGHEST,
    PRECISION,
    REST,
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


class SimulatedServer:
    """
    A server with ``places``, which works in order of arrival.

    It is always kept as busy as the limit allows.

    :param vary: draws by how much a request takes longer than ``seconds``.
    """

    def __init__(
        self, places: int, seconds: float, vary: Callable[[Random], float]
    ) -> None:
        self.limit = AdaptiveLimit()
        self.history: list[int] = []
        self.now = 0.0
        self._free = [0.0] * places
        self._seconds = seconds
        self._vary = vary
        self._random = Random(places)
        self._ends: list[tuple[float, float]] = []

    def run(self, requests: int) -> None:
        """Have so many requests answered."""
        for _ in range(requests):
            while len(self._ends) < self.limit.limit:
                self._begin()
            end, began = heapq.heappop(self._ends)
            self.now = end
            self.limit.answered("k", end - began, len(self._ends) + 1)
            self.history.append(self.limit.limit)

    def _begin(self) -> None:
        begun = max(self.now, heapq.heappop(self._free))
        end = begun + self._seconds * self._vary(self._random)
        heapq.heappush(self._free, end)
        heapq.heappush(self._ends, (end, self.now))


def steady(random: Random) -> float:
    """Every request takes the same."""
    return 1.0


def even(random: Random) -> float:
    """A tenth more or less."""
    return random.uniform(0.9, 1.1)


def long_tailed(random: Random) -> float:
    """As faces in pictures: many are quick, some take several times as long."""
    return random.lognormvariate(-0.125, 0.5)


def with_outliers(random: Random) -> float:
    """One in a hundred takes twenty times as long."""
    return 20.0 if random.random() < 0.01 else 1.0


PLACES = pytest.mark.parametrize(
    ("places", "seconds"), [(4, 0.02), (1, 0.2), (8, 0.05), (16, 0.01)]
)


@PLACES
@pytest.mark.parametrize("vary", [steady, even])
def test_it_settles_at_what_the_server_can_do(
    places: int, seconds: float, vary: Callable[[Random], float]
) -> None:
    """Within a fifth of its places, or one, for nine requests of ten."""
    server = SimulatedServer(places, seconds, vary)
    server.run(6000)
    settled = server.history[2000:]
    near = [n for n in settled if abs(n - places) <= max(0.2 * places, 1)]
    assert len(near) >= 0.9 * len(settled), sorted(set(settled))


@PLACES
@pytest.mark.parametrize("vary", [long_tailed, with_outliers])
def test_requests_that_vary_are_not_mistaken_for_a_queue(
    places: int, seconds: float, vary: Callable[[Random], float]
) -> None:
    """Nine tenths of what the server can do are done, and little more is asked."""
    server = SimulatedServer(places, seconds, vary)
    server.run(10_000)
    begun = server.now
    server.run(10_000)
    mean = 1.19 if vary is with_outliers else 1.0
    ideal = 10_000 * seconds * mean / places
    assert server.now - begun <= ideal / 0.9
    assert sum(server.history[10_000:]) / 10_000 <= max(1.6 * places, 2)


def test_it_is_there_soon() -> None:
    """Eight places are in use after some dozens of answers: an import is not slow."""
    server = SimulatedServer(8, 0.05, steady)
    server.run(100)
    assert 8 in server.history
    assert max(server.history) <= 16


def test_it_begins_with_one_and_doubles() -> None:
    """Slow start: as long as it is of use, every window doubles the limit."""
    load = Load()
    assert load.limit.limit == 1
    assert [load.window(1.0) for _ in range(7)] == [2, 4, 8, 16, 32, 64, 48]


def test_a_doubling_takes_an_answer_of_each_place_and_six_at_the_least() -> None:
    """What was asked for before, and half of what is new, is not looked at."""
    load = Load()
    taken = [(load.limit.limit, load.answers(HIGHEST)) for _ in range(5)]
    assert taken == [(1, 6), (2, 6), (4, 2 + 6), (8, 5 + 8), (16, 11 + 16)]


def test_a_smaller_step_takes_more_answers_by_its_square() -> None:
    """A trial of a quarter takes 64; one upwards that is of no use, half of them."""
    load = Load()
    load.places(8, 6)
    assert (load.limit.limit, load.answers(8)) == (10, 8 + 32)
    load.places(8, 1)
    assert (load.limit.limit, load.answers(8)) == (6, 7 + 64)


def test_half_of_an_odd_number_of_answers_is_rounded_down() -> None:
    """Two more than nine are judged by 81 answers, or by 40."""
    load = Load()
    assert load.places(9, 6)[-2:] == [9, 11]
    assert load.answers(9) == 9 + 40


def test_it_does_not_grow_unless_it_is_reached() -> None:
    """What was never in flight at once proves nothing about more."""
    load = Load()
    load.window(1.0)
    for _ in range(1000):
        load.limit.answered("k", 1.0, 1)
    assert load.limit.limit == 2


@pytest.mark.parametrize("places", [4, 5, 7])
def test_a_limit_that_is_too_high_leads_to_the_right_one(places: int) -> None:
    """How much longer it takes with eight, or sixteen, tells how many are enough."""
    load = Load()
    seen = load.places(places, 4 if places < 6 else 5)
    assert abs(seen[-1] - places) <= 1, seen


def test_then_it_tries_a_quarter_more_and_a_quarter_less() -> None:
    """And returns, if more is of no use, and less is a loss."""
    assert Load().places(8, 9) == [2, 4, 8, 16, 8, 10, 8, 6, 8]


def test_a_server_that_lost_places_is_found_out() -> None:
    """What proves better is kept and tried further."""
    load = Load()
    assert load.places(8, 5)[-1] == 8
    assert load.places(5, 6) == [10, 8, 6, 4, 6, 8]


def test_a_server_that_won_places_is_found_out() -> None:
    """Each step that is of use is followed by the next."""
    load = Load()
    assert load.places(4, 4)[-1] == 4
    assert load.places(12, 7) == [5, 6, 8, 10, 12, 15, 12]


def test_a_server_that_is_slow_for_a_while_keeps_its_limit() -> None:
    """It is used for something else: fewer at once would not make it faster."""
    load = Load()
    load.places(8, 5)
    assert load.places(8, 4, seconds=5.0) == [10, 8, 6, 8]
    assert load.places(8, 2) == [10, 8]


def test_it_rests_between_trials() -> None:
    """For a short time when the limit is new, since too low a one costs most."""
    load = Load()
    load.places(1, 2)
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


def test_a_failed_request_halves_it() -> None:
    """And ends the slow start; it never goes below one."""
    load = Load()
    for _ in range(3):
        load.window(1.0)
    load.limit.failed(8)
    assert load.limit.limit == 2  # 8 was being tried, 4 had proved to be of use
    assert load.window(1.0) == 3
    assert load.window(1.0) == 4
    assert load.window(1.0) == 5
    assert load.window(1.0) == 6
    load.limit.failed(6)
    assert load.limit.limit == 2  # a half of the five that had proved to be of use
    for _ in range(9):
        load.limit.failed(1)
    assert load.limit.limit == 1


def test_answers_asked_for_under_the_limit_before_do_not_count() -> None:
    """They tell of the load that there was then."""
    load = Load()
    load.window(1.0)
    load.window(1.0)
    assert load.limit.limit == 4
    load.limit.answered("k", 100.0, 4)  # asked for under a limit of 2
    assert load.window(1.0) == 8


def test_kinds_are_not_compared_with_each_other() -> None:
    """A picture of 4 MB after searches is no sign of a queue."""
    limit = AdaptiveLimit()
    seen = set()
    for kind, seconds in [("search", 0.01), ("picture", 1.0)] * 400:
        limit.answered(kind, seconds, limit.limit)
        seen.add(limit.limit)
    assert HIGHEST in seen


def tried(before: list[tuple[str, float]], then: list[tuple[str, float]]) -> int:
    """Return the limit after one request at a time, and a trial of two."""
    limit = AdaptiveLimit()
    for kind, seconds in before:
        limit.answered(kind, seconds, 1)
    assert limit.limit == 2
    for kind, seconds in then:
        limit.answered(kind, seconds, 2)
    return limit.limit


QUICK, SLOW = ("search", 0.01), ("picture", 1.0)


def test_another_mixture_of_kinds_is_no_sign_of_a_queue() -> None:
    """Five searches and a picture, then a search and five pictures, all as quick."""
    assert tried([QUICK] * 5 + [SLOW], [QUICK] + [SLOW] * 5) == 4


def test_what_was_not_done_before_proves_nothing_against_a_limit() -> None:
    """There is nothing to compare it with."""
    assert tried([QUICK] * 6, [SLOW] * 6) == 4


def test_all_kinds_are_compared_together() -> None:
    """Everything takes as long as before, or twice as long: no kind hides another."""
    half = [("search", 1.0), ("picture", 1.0)] * 3
    assert tried(half, half) == 4
    assert tried(half, [(kind, 2 * seconds) for kind, seconds in half]) == 1


def test_kinds_count_by_the_time_they_take() -> None:
    """
    A search may wait behind a picture, and be ten times as slow.

    That is not much of what the server does.
    """
    limit = AdaptiveLimit()
    while limit.limit == 1:
        limit.answered("search", 0.02, 1)
        limit.answered("picture", 0.5, 1)
    while limit.limit == 2:
        limit.answered("search", 0.2, 2)
        limit.answered("picture", 0.5, 2)
    assert limit.limit == 4


def test_a_model_that_is_loaded_once_does_not_throw_it_back() -> None:
    """An outlier counts as ``SLOWEST`` times the usual at the most."""
    load = Load()
    load.places(8, 4)
    assert load.limit.limit == 16
    load.limit.answered("k", 600.0, 16)
    load.window(1.0)
    assert load.limit.limit >= 8


def test_a_fixed_limit_stays() -> None:
    """Whatever happens."""
    limit = FixedLimit(3)
    for seconds in (0.1, 100.0) * 50:
        limit.answered("k", seconds, 3)
    limit.failed(3)
    assert limit.limit == 3


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", None]),
        st.floats(0, 1e6),
        st.integers(1, 200),
        st.integers(1, 80),
    ),
    max_size=60,
)


@given(EVENTS)
def test_it_is_always_usable(events: list[tuple[str | None, float, int, int]]) -> None:
    """Whatever is measured, even nothing, the limit stays within 1 and ``HIGHEST``."""
    limit = AdaptiveLimit()
    for kind, seconds, in_flight, times in events:
        if kind is None:
            limit.failed(in_flight)
        for _ in range(times if kind else 0):
            limit.answered(kind, seconds, in_flight)
            assert 1 <= limit.limit <= HIGHEST
        assert 1 <= limit.limit <= HIGHEST
