"""How many took how long, counted by bounds as Prometheus wants them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache

#: Upper bounds in seconds: a search takes milliseconds, a model that is loaded minutes.
REQUESTS = (
    *(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
    *(1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0),
)
#: The same for how late the event loop is.
LAG = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Buckets:
    """
    Counts by upper bounds.

    :param bounds: in seconds, rising; a tuple.
    :ivar counts: how many were up to each bound and above the one before; the last one
        is of those above all.
    :ivar sum: of all, in seconds.
    """

    __slots__ = ("_bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float] = REQUESTS) -> None:
        self._bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def add(self, *times: float) -> None:
        """Count some; many at once cost less than each alone."""
        rising = sorted(times)
        self.sum += sum(rising)
        before = 0
        for index, bound in enumerate(self._bounds):
            up_to = bisect_right(rising, bound)
            self.counts[index] += up_to - before
            before = up_to
        self.counts[-1] += len(rising) - before

    def take_in(self, other: Buckets) -> None:
        """Count all of another one's, which has the same bounds."""
        for index, count in enumerate(other.counts):
            self.counts[index] += count
        self.sum += other.sum

    @property
    def total(self) -> int:
        """How many were counted."""
        return sum(self.counts)

    def buckets(self) -> list[tuple[str, int]]:
        """Return how many were up to each bound, which is written as a label."""
        so_far, found = 0, []
        for bound, count in zip(_labels(self._bounds), self.counts, strict=True):
            so_far += count
            found.append((bound, so_far))
        return found


@lru_cache(maxsize=8)
def _labels(bounds: Sequence[float]) -> tuple[str, ...]:
    return (*(str(float(bound)) for bound in bounds), "+Inf")
