"""Asks a second backend when the first takes long, within a budget."""

from __future__ import annotations

#: Extra requests by request that could have had one, at the most.
SHARE = 0.05


class HedgeBudget:
    """
    Allows one extra request for every twenty.

    :ivar hedged: extra requests sent so far.
    """

    def __init__(self) -> None:
        self._seen = 0
        self.hedged = 0

    def seen(self) -> None:
        """A request came that may be hedged."""
        self._seen += 1

    def spend(self) -> bool:
        """Whether one more extra request is allowed; it is counted."""
        if self.hedged + 1 > SHARE * self._seen:
            return False
        self.hedged += 1
        return True
