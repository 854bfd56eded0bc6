"""How long a backend takes: averages that choose it, percentiles that people read."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping

import attrs

#: Weight of a new observation in the moving average.
WEIGHT = 0.2
#: Service times kept for percentiles, by task.
KEPT = 500
#: Tasks that are told apart; clients name them, so there must be a limit.
MAX_TASKS = 50

#: A request takes long after this many times the expected seconds,
PATIENCE = 20.0
#: but not before as many seconds: a model may have to be loaded.
LEAST_PATIENCE = 5.0

_SIZES = (64 * 1024, 1024 * 1024, 4 * 1024 * 1024)
SIZE_CLASSES = len(_SIZES) + 1


@attrs.frozen(cache_hash=True)
class Kind:
    """
    What has service times of its own.

    :ivar label: what is asked for, such as ``clip/visual``.
    :ivar size_class: 0 for bodies up to 64 KB, which is every search; then up to
        1 MB, up to 4 MB, and above.
    """

    label: str
    size_class: int


def size_class(size: int) -> int:
    """Return the size class of a body that has ``size`` bytes; see :class:`Kind`."""
    return bisect_left(_SIZES, size)


def patience(expected: float) -> float:
    """Return after how many seconds a request of so many expected ones takes long."""
    return max(LEAST_PATIENCE, PATIENCE * expected)


@attrs.frozen
class Percentiles:
    """Service times in milliseconds, and of how many requests."""

    count: int
    p50: float
    p90: float
    p99: float


class ServiceTimes:
    """The service times of one backend."""

    def __init__(self) -> None:
        self._averages: dict[Kind, float] = {}
        self._recent: dict[str, deque[float]] = {}
        self._counts: dict[str, int] = {}

    def add(self, kind: Kind, seconds: float) -> None:
        """Take in how long a served request took."""
        if kind.label not in self._recent:
            if len(self._recent) >= MAX_TASKS:
                return
            self._recent[kind.label] = deque(maxlen=KEPT)
            self._counts[kind.label] = 0
        self._recent[kind.label].append(seconds)
        self._counts[kind.label] += 1
        average = self._averages.get(kind)
        self._averages[kind] = (
            seconds if average is None else average + WEIGHT * (seconds - average)
        )

    def expected(self, kind: Kind) -> float | None:
        """
        Return how many seconds a request of this kind is likely to take.

        The moving average of its kind; else the longest of the same task; else
        ``None``.
        """
        average = self._averages.get(kind)
        if average is not None:
            return average
        alike = [
            seconds
            for other, seconds in self._averages.items()
            if other.label == kind.label
        ]
        return max(alike, default=None)

    def percentiles(self) -> Mapping[str, Percentiles]:
        """Return the percentiles of the recent requests by task."""
        return dict(self._percentiles())

    def _percentiles(self) -> Iterator[tuple[str, Percentiles]]:
        for label, recent in self._recent.items():
            yield label, _of(recent, self._counts[label])

    @staticmethod
    def together(several: Iterable[ServiceTimes]) -> Mapping[str, Percentiles]:
        """Return the percentiles of several backends as if they were one."""
        recent: dict[str, list[float]] = {}
        counts = Counter[str]()
        for one in several:
            for label, seconds in one._recent.items():
                recent.setdefault(label, []).extend(seconds)
                counts[label] += one._counts[label]
        return {label: _of(recent[label], counts[label]) for label in recent}


def _of(recent: Iterable[float], count: int) -> Percentiles:
    ordered = sorted(recent)
    p50, p90, p99 = (
        round(1000 * ordered[int(part * len(ordered))], 1) for part in (0.5, 0.9, 0.99)
    )
    return Percentiles(count, p50, p90, p99)
