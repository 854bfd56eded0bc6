"""Asks a second backend when the first takes long, within a budget."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

T = TypeVar("T")

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


def hedged(
    first: Deferred[T],
    second: Callable[[], Deferred[T] | None],
    after: float,
    clock: IReactorTime,
) -> Deferred[T]:
    """
    Return the first good result; what has not answered by then is cancelled.

    :param second: begins the second attempt, or declines with ``None``.
    :param after: seconds that the first one is given alone.
    :return: fails as the first attempt did when no attempt ends well.
    """
    attempts = [first]
    failures: list[Failure] = []

    def end() -> None:
        if timer.active():
            timer.cancel()
        for attempt in attempts:
            attempt.cancel()

    result: Deferred[T] = Deferred(lambda _: end())

    def good(value: T) -> None:
        if not result.called:
            result.callback(value)
            end()

    def bad(failure: Failure) -> None:
        failures.append(failure)
        if not result.called and len(failures) == len(attempts):
            result.errback(failures[0])
            end()

    def begin_second() -> None:
        attempt = second()
        if attempt is not None:
            attempts.append(attempt)
            attempt.addCallbacks(good, bad)

    timer = clock.callLater(after, begin_second)
    first.addCallbacks(good, bad)
    return result
