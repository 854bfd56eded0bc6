"""The law by which a limit is found, and simulated servers on which it is tried."""

from __future__ import annotations

import heapq
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.core.limiter import (
    HIGHEST,
    LONGEST_REST,
    WINDOW,
    AdaptiveLimit,
    FixedLimit,
)


class Load:
    """
    A backend that is given as much as its limit allows.

    :ivar limit: the limit.
    """

    def __init__(self, doublings: int = 0) -> None:
        self.limit = AdaptiveLimit()
        self.stale = 0
        for _ in range(doublings):
            self.window(1.0)

    def answers(self, count: int, seconds: float) -> None:
        """Give so many answers."""
        for _ in range(count):
            self.limit.answered("k", seconds, self.limit.limit)

    def window(self, seconds: float) -> int:
        """Give the answers on which the limit is judged next; return the limit."""
        before = self.limit.limit
        for _ in range(self.stale + WINDOW * before):
            self.limit.answered("k", seconds, before)
            if self.limit.limit != before:
                self.stale = before - 1
                return self.limit.limit
        self.stale = 0
        return before


class SimulatedServer:
    """
    A server with ``places`` that shares itself out evenly beyond them.

    It is always kept as busy as the limit allows.
    """

    def __init__(self, places: int, seconds: float, jitter: float) -> None:
        self.limit = AdaptiveLimit()
        self.history: list[int] = []
        self._places = places
        self._seconds = seconds
        self._jitter = jitter
        self._random = Random(places)
        self._now = 0.0
        self._ends: list[tuple[float, float]] = []

    def run(self, requests: int) -> None:
        """Have so many requests answered."""
        for _ in range(requests):
            while len(self._ends) < self.limit.limit:
                self._begin()
            end, began = heapq.heappop(self._ends)
            self._now = end
            self.limit.answered("k", end - began, len(self._ends) + 1)
            self.history.append(self.limit.limit)

    def _begin(self) -> None:
        share = max(1.0, (len(self._ends) + 1) / self._places)
        noise = 1 + self._jitter * self._random.uniform(-1, 1)
        end = self._now + self._seconds * share * noise
        heapq.heappush(self._ends, (end, self._now))


@pytest.mark.parametrize("jitter", [0.0, 0.1])
@pytest.mark.parametrize(
    ("places", "seconds"), [(4, 0.02), (1, 0.2), (8, 0.05), (16, 0.01)]
)
def test_it_settles_at_what_the_server_can_do(
    places: int, seconds: float, jitter: float
) -> None:
    """Within a fifth of its places, for nine requests of ten."""
    server = SimulatedServer(places, seconds, jitter)
    server.run(4000)
    settled = server.history[2000:]
    near = [n for n in settled if abs(n - places) <= max(0.2 * places, 1e-9)]
    assert len(near) >= 0.9 * len(settled), sorted(set(settled))


def test_it_is_there_soon() -> None:
    """Eight places are in use after some dozens of answers: an import is not slow."""
    server = SimulatedServer(8, 0.05, 0.0)
    server.run(200)
    assert 8 in server.history
    assert max(server.history) <= 16


def test_it_begins_with_one_and_doubles() -> None:
    """Slow start: until a queue is seen, every full window doubles the limit."""
    load = Load()
    assert load.limit.limit == 1
    assert [load.window(1.0) for _ in range(7)] == [2, 4, 8, 16, 32, 64, HIGHEST]


def test_it_does_not_grow_unless_it_is_reached() -> None:
    """What was never in flight at once proves nothing about more."""
    limit = Load(1).limit
    for _ in range(100):
        limit.answered("k", 1.0, 1)
    assert limit.limit == 2


def test_a_queue_brings_it_to_the_servers_places() -> None:
    """Multiplicative decrease: answers that take twice as long halve it."""
    load = Load(3)
    assert load.limit.limit == 8
    assert load.window(2.0) == 4


def test_half_a_request_in_the_queue_is_little_enough_to_be_kept() -> None:
    """Less than half a request on average is noise; from there on one less."""
    assert Load(3).window(8 / 7.6) == 16
    assert Load(3).window(8 / 7.4) == 7


def test_after_a_queue_it_grows_by_one() -> None:
    """Additive increase, after two windows of rest."""
    load = Load(3)
    seen = [load.window(seconds) for seconds in (2.0, 1.0, 1.0, 1.0, 1.0)]
    assert seen == [4, 4, 4, 5, 6]


def test_rests_grow() -> None:
    """A limit that was found again and again is kept longer each time."""
    load = Load(1)
    rests = []
    for _ in range(6):
        assert load.window(2.0) == 1
        rest = 0
        while load.window(1.0) == 1:
            rest += 1
        rests.append(rest)
    assert rests == [2, 8, 32, LONGEST_REST, LONGEST_REST, LONGEST_REST]


def test_a_failed_request_halves_it() -> None:
    """And ends the slow start; it never goes below one."""
    load = Load(3)
    load.limit.failed(8)
    load.stale = 7
    assert load.limit.limit == 4
    assert load.window(1.0) == 5
    for _ in range(9):
        load.limit.failed(1)
    assert load.limit.limit == 1


def test_answers_asked_for_under_the_limit_before_do_not_count() -> None:
    """They tell of the load that there was then."""
    load = Load(3)
    load.answers(3, 100.0)
    load.stale = 0
    assert load.window(1.0) == 16


def test_kinds_are_not_compared_with_each_other() -> None:
    """A picture of 4 MB after searches is no sign of a queue."""
    limit = AdaptiveLimit()
    for kind, seconds in [("search", 0.01), ("picture", 1.0)] * 400:
        limit.answered(kind, seconds, limit.limit)
    assert limit.limit == HIGHEST


def test_a_model_that_is_loaded_once_does_not_throw_it_far_back() -> None:
    """An outlier counts as ``SLOWEST`` times the usual at the most."""
    load = Load(4)
    load.answers(load.stale, 1.0)
    load.answers(1, 600.0)
    load.answers(WINDOW * 16 - 1, 1.0)
    # On average 1 + (SLOWEST - 1) / 64: not even one in the queue.
    assert load.limit.limit == 15


def test_with_one_in_flight_nothing_can_queue() -> None:
    """Times that vary do not matter there: the limit may be tried upwards."""
    limit = AdaptiveLimit()
    for seconds in (1.0, 9.0, 1.0, 9.0):
        limit.answered("k", seconds, 1)
    assert limit.limit == 2


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
