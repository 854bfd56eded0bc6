"""
Times in log units: a byte for a quarter of a millisecond up to ten minutes.

Twelve units are an octave, as on a piano, so none is off by more than 3 %.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import log2

#: Milliseconds of the first unit. 0 is no time at all: nothing was timed.
_FIRST = 0.25
_PER_OCTAVE = 12
#: How many units there are, 0 included.
UNITS = 256
_LAST = UNITS - 1


def unit_of(seconds: float) -> int:
    """Return the unit of a time, 1 to 255; what is out of the range is at its end."""
    milliseconds = seconds * 1000
    if milliseconds <= _FIRST:
        return 1
    return min(_LAST, 1 + round(_PER_OCTAVE * log2(milliseconds / _FIRST)))


#: Milliseconds of each unit, as people are told them.
MILLISECONDS: Sequence[int] = (
    0,
    *(max(1, round(_FIRST * 2 ** (one / _PER_OCTAVE))) for one in range(_LAST)),
)


def percentile(times: Mapping[int, int], part: float) -> int:
    """
    Return the unit below or at which ``part`` of the times are; 0 if there are none.

    :param times: how many there are of each unit.
    """
    wanted = part * sum(times.values())
    seen = 0
    for unit in sorted(times):
        seen += times[unit]
        if seen >= wanted and times[unit]:
            return unit
    return 0


def merged(*all_times: Mapping[int, int]) -> Counter[int]:
    """Return the sum of several."""
    total = Counter[int]()
    for times in all_times:
        total.update(times)
    return total
