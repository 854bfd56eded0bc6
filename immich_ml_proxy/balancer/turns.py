"""Turns: so many do something at once, and the others wait in the order they came."""

from __future__ import annotations

from collections import deque

from twisted.internet.defer import Deferred, succeed


class Turns:
    """
    As a ``DeferredSemaphore``, but that the number may change, and the wait end.

    :param most: how many may have a turn at once.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken = 0
        self._waiting: deque[Deferred[None]] = deque()
        self._is_calling = False

    def take(self) -> Deferred[None]:
        """Return what fires when it is our turn; cancelled, it is nobody's."""
        if self._taken < self._most and not self._waiting:
            self._taken += 1
            return succeed(None)
        turn: Deferred[None] = Deferred(self._waiting.remove)
        self._waiting.append(turn)
        return turn

    def give_back(self) -> None:
        """Our turn is over."""
        self._taken -= 1
        self._call()

    def allow(self, most: int) -> None:
        """Let so many have a turn; where they are more, until some have ended."""
        self._most = most
        self._call()

    def end(self) -> None:
        """Have nobody wait any more: what they wait for is cancelled."""
        while self._waiting:
            self._waiting[0].cancel()

    def _call(self) -> None:
        # Who ends at once comes here again: one loop, however many they are.
        if self._is_calling:
            return
        self._is_calling = True
        while self._waiting and self._taken < self._most:
            self._taken += 1
            self._waiting.popleft().callback(None)
        self._is_calling = False
