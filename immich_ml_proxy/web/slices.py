"""Work that would stop the reactor for long, in slices: others go on in between."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure

#: What one slice may cost, in what the steps count; about a millisecond of work,
COST = 1000
#: and seconds after which it ends in any case.
LONGEST = 0.002

T = TypeVar("T")


def in_slices(clock: IReactorTime, steps: Generator[int, None, T]) -> Deferred[T]:
    """
    Return what ``steps`` return; the first slice is done at once.

    Cancelling it ends the work.

    :param steps: yield what each has cost.
    """
    waiting: list[IDelayedCall] = []

    def cancel(_: Any) -> None:
        steps.close()
        if waiting and waiting[0].active():
            waiting[0].cancel()

    done: Deferred[T] = Deferred(cancel)

    def go() -> None:
        cost, end = 0, clock.seconds() + LONGEST
        try:
            while cost < COST and clock.seconds() <= end:
                cost += next(steps)
        except StopIteration as over:
            done.callback(over.value)
        except Exception:
            done.errback(Failure())
        else:
            waiting[:] = [clock.callLater(0, go)]

    go()
    return done
