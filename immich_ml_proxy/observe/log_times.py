"""
Times in log units: a byte for a quarter of a millisecond up to ten minutes.

Twelve units are an octave, as on a piano, so none is off by more than 3 %.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from math import log2

#: Milliseconds of the first unit. 0 is no time at all: nothing was timed.
_FIRST = 0.25
_FIRSTS = 1000 / _FIRST  # in a second
_PER_OCTAVE = 12
#: How many units there are, 0 included.
UNITS = 256
_LAST = UNITS - 1


def unit_of(seconds: float) -> int:
    """Return the unit of a time, 1 to 255; what is out of the range is at its end."""
    firsts = seconds * _FIRSTS
    if firsts <= 1.0:
        return 1
    unit = int(_PER_OCTAVE * log2(firsts) + 1.5)
    return unit if unit < UNITS else _LAST


#: Milliseconds of each unit, as people are told them.
MILLISECONDS: Sequence[int] = (
    0,
    *(max(1, round(_FIRST * 2 ** (one / _PER_OCTAVE))) for one in range(_LAST)),
)


#: How many requests took how long: by unit.
Times = Mapping[int, int]


class Histogram:
    """How many took how long, in as little room for many as for few."""

    __slots__ = ("_counts", "_total")

    def __init__(self) -> None:
        self._counts = array("I", [0]) * UNITS
        self._total = 0

    def __bool__(self) -> bool:
        return self._total > 0

    def add(self, times: Times) -> None:
        """Take in some more."""
        for unit, count in times.items():
            self._counts[unit] += count
            self._total += count

    def subtract(self, other: Histogram) -> None:
        """Take out what was added before."""
        for unit, count in enumerate(other._counts):
            if count:
                self._counts[unit] -= count
        self._total -= other._total

    def clear(self) -> None:
        """Take out all."""
        self._counts = array("I", [0]) * UNITS
        self._total = 0

    def percentile(self, part: float) -> int:
        """Return the unit below or at which ``part`` of the times are; 0: none are."""
        wanted, seen = part * self._total, 0
        for unit, count in enumerate(self._counts):
            seen += count
            if count and seen >= wanted:
                return unit
        return 0


def percentile(times: Times, part: float) -> int:
    """
    Return the unit below or at which ``part`` of the times are; 0 if there are none.

    :param times: a few, as they are in a second.
    """
    wanted, seen = part * sum(times.values()), 0
    for unit in sorted(times):
        seen += times[unit]
        if times[unit] and seen >= wanted:
            return unit
    return 0


def merged(*all_times: Times) -> Counter[int]:
    """Return the sum of several."""
    total = Counter[int]()
    for times in all_times:
        total.update(times)
    return total
