"""
How many bytes of bodies may be held at once, and who waits for room.

A body of known length is charged whole before it is read, so that what has begun can
always end. One of unknown length (a chunked upload) is charged as it grows; the
oldest of those is never held back, since uploads that wait for each other would wait
for ever. A body larger than the limit is let in when no other is held that is not
small. What is held therefore stays within the limit (or one body of the largest size
allowed, if that is more) plus one body of that size, plus for every connection
``SMALL`` bytes, or what is read from it at once if that is more.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

#: Bodies up to this size, in bytes, never wait: a search is one.
SMALL = 64 * 1024


class Charge:
    """
    The room that one body takes.

    :ivar size: bytes charged.
    :ivar waiting: the body may not be read (on) yet.
    """

    def __init__(self, budget: Budget, go_on: Callable[[], None]) -> None:
        self._budget = budget
        self.go_on = go_on
        self.size = 0
        self.waiting = False

    def grow(self, size: int) -> None:
        """Charge ``size`` more bytes, which have been read already."""
        self._budget.grown(self, size)

    def release(self) -> None:
        """Give the room back; safe to call twice."""
        self._budget.released(self)


class Budget:
    """
    :param limit: bytes; one body may always be held, however large.
    :ivar used: bytes charged now.
    :ivar peak: the most that were charged at once; may be set back.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.used = self.peak = 0
        self._large = 0  # how many bodies over SMALL are held
        self._waiting: deque[tuple[Charge, int]] = deque()
        self._growing: list[Charge] = []  # oldest first
        self._held_back: list[Charge] = []

    @property
    def waiting(self) -> int:
        """How many bodies wait for room."""
        return len(self._waiting) + len(self._held_back)

    @property
    def limit(self) -> int:
        """Bytes that may be held."""
        return self._limit

    @limit.setter
    def limit(self, limit: int) -> None:
        self._limit = limit
        self._let_go_on()

    def charge(self, size: int | None, go_on: Callable[[], None]) -> Charge:
        """
        Charge a body before it is read.

        :param size: its length in bytes, ``None`` when it is not known.
        :param go_on: called, once, when a body that had to wait may be read.
        :return: the charge; see its ``waiting``.
        """
        charge = Charge(self, go_on)
        if size is None:
            self._growing.append(charge)
        elif size <= SMALL or (not self._waiting and self._fits(size)):
            self._take(charge, size)
        else:
            charge.waiting = True
            self._waiting.append((charge, size))
        return charge

    def grown(self, charge: Charge, size: int) -> None:
        """See :meth:`Charge.grow`."""
        self._take(charge, size)
        if not charge.waiting and not self._may_grow(charge):
            charge.waiting = True
            self._held_back.append(charge)

    def released(self, charge: Charge) -> None:
        """See :meth:`Charge.release`."""
        self.used -= charge.size
        self._large -= charge.size > SMALL
        charge.size = 0
        for held in (self._growing, self._held_back):
            if charge in held:
                held.remove(charge)
        self._waiting = deque(
            (waiting, size) for waiting, size in self._waiting if waiting is not charge
        )
        self._let_go_on()

    def _fits(self, size: int) -> bool:
        # Small bodies do not count: while people search there is always one.
        return self._large == 0 or self.used + size <= self._limit

    def _may_grow(self, charge: Charge) -> bool:
        return self.used <= self._limit or self._growing[0] is charge

    def _take(self, charge: Charge, size: int) -> None:
        self._large += charge.size <= SMALL < charge.size + size
        charge.size += size
        self.used += size
        self.peak = max(self.peak, self.used)

    def _let_go_on(self) -> None:
        for charge in tuple(self._held_back):
            # Who was let go on before may have let this one go, too.
            if charge in self._held_back and self._may_grow(charge):
                self._held_back.remove(charge)
                charge.waiting = False
                charge.go_on()
        while self._waiting and self._fits(self._waiting[0][1]):
            charge, size = self._waiting.popleft()
            self._take(charge, size)
            charge.waiting = False
            charge.go_on()
