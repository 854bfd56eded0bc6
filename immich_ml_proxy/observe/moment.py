"""A moment, by the clock that counts seconds and by the one that people read."""

from __future__ import annotations

import attrs


@attrs.frozen
class Moment:
    """
    :ivar now: seconds of the clock, which always goes on.
    :ivar ahead: seconds by which Unix time is ahead of it, at this moment.
    :ivar base: the same at the start: what is kept is numbered by it, so that setting
        the wall clock moves all of it at once, and tears nothing.
    """

    now: float
    ahead: float
    base: float

    @property
    def second(self) -> int:
        """The number of the second that is going on; those before it are complete."""
        return int(self.now + self.base)

    def unix(self, time: float) -> float:
        """Return the Unix time of a time of the clock, to a tenth of a second."""
        return round(time + self.ahead, 1)

    def unix_step(self, step: int, length: int) -> int:
        """Return the Unix time at which a step of so many seconds begins."""
        return (step + round((self.ahead - self.base) / length)) * length
