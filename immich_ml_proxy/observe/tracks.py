"""Numbers over time, in packed rings: the newest step takes the place of the oldest."""

from __future__ import annotations

from array import array

#: Steps that are kept: the seconds of 15 minutes, and the minutes of 24 hours.
SECONDS = 15 * 60
MINUTES = 24 * 60


class Ring:
    """
    A number for each step of time; 0 where none was put.

    :param typecode: of the numbers, see ``array``: ``B`` holds up to 255, ``H`` up to
        65,535. What is more is kept as the most.
    :param length: steps that are kept.
    """

    __slots__ = ("_last", "_most", "_values")

    def __init__(self, typecode: str, length: int) -> None:
        self._values = array(typecode, [0]) * length
        self._most = 256**self._values.itemsize - 1
        self._last = -length  # the newest step

    def put(self, step: int, value: int) -> None:
        """Put the number of a step that is not older than the newest."""
        values, last = self._values, self._last
        length = len(values)
        if step > last:
            if value == 0:
                return  # what was never put is 0
            for missing in range(max(last + 1, step - length + 1), step):
                values[missing % length] = 0
            self._last = step
        elif step <= last - length:
            return
        values[step % length] = min(value, self._most)

    def get(self, step: int) -> int:
        """Return the number of a step."""
        last, length = self._last, len(self._values)
        return self._values[step % length] if last - length < step <= last else 0

    def read(self, begin: int, end: int) -> list[int]:
        """Return the numbers of the steps from ``begin`` up to, without, ``end``."""
        values, last, length = self._values, self._last, len(self._values)
        first = max(begin, last - length + 1)
        if first >= end or first > last:
            return [0] * max(0, end - begin)
        there = min(end, last + 1)
        at = first % length
        count = there - first
        found = list(values[at : at + count])
        found += values[: count - len(found)]
        return [0] * (first - begin) + found + [0] * (end - there)

    def sum(self, begin: int, end: int) -> int:
        """Return the sum of the same."""
        return sum(self.read(begin, end)) if end > begin and self._last >= begin else 0


class Track:
    """
    One number over time: of each second for 15 minutes, of each minute for 24 hours.

    Seconds are numbered by any clock that goes on.
    """

    __slots__ = ("minutes", "seconds")

    def __init__(self, typecode: str = "H") -> None:
        self.seconds = Ring(typecode, SECONDS)
        self.minutes = Ring(typecode, MINUTES)

    def count(self, second: int, value: int) -> None:
        """So many more in this second: a minute has the sum."""
        if value:
            for ring, step in ((self.seconds, second), (self.minutes, second // 60)):
                ring.put(step, ring.get(step) + value)

    def level(self, second: int, value: int) -> None:
        """It stands so high in this second: a minute has the highest."""
        self.note(second, value, max(value, self.minutes.get(second // 60)))

    def note(self, second: int, value: int, of_minute: int) -> None:
        """So it is in this second, and so in this minute as far as it has gone."""
        self.seconds.put(second, value)
        self.minutes.put(second // 60, of_minute)
