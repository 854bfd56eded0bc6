"""The law by which a limit is found, on simulated servers."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from random import Random

import pytest

from immich_ml_proxy.balancer.limit import AdaptiveLimit


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
    ("places", "seconds"),
    [(1, 0.2), (2, 0.5), (3, 0.1), (4, 0.02), (8, 0.05), (16, 0.01)],
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


@pytest.mark.parametrize(
    ("places", "seconds"), [(1, 0.2), (2, 0.5), (3, 0.1), (4, 0.02), (8, 0.05)]
)
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


@pytest.mark.parametrize(
    ("places", "seconds"),
    [(1, 0.2), (2, 0.5), (3, 0.1), (4, 0.02), (6, 0.03), (8, 0.05), (16, 0.01)],
)
def test_the_first_guess_is_good(places: int, seconds: float) -> None:
    """After 150 answers it is within half of the places: an import is not slow."""
    server = SimulatedServer(places, seconds, even)
    server.run(150)
    assert abs(server.history[-1] - places) <= 0.5 * places, server.history
