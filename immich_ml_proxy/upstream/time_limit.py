"""Ends what takes too long, counted from when its body is complete."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure

from immich_ml_proxy.protocol.body import Body

#: Less than this is left of a time that is over, when seconds are added up.
NOTHING = 0.001

T = TypeVar("T")


def limit_time(
    doing: Deferred[T],
    look: Callable[[float], float],
    clock: IReactorTime,
    body: Body | None,
    too_late: Callable[[float], Exception],
) -> Deferred[T]:
    """
    Cancel ``doing`` when its time is over.

    :param look: given the seconds it has taken, returns in how many to look again; none
        left: its time is over. They count from when ``body`` is complete: that a client
        sends slowly is not the fault of whom it is passed on to. ``None`` is complete.
    :param too_late: makes the error of it from the seconds that it has taken.
    """
    timer: IDelayedCall | None = None
    error: Exception | None = None
    began = 0.0

    def begin() -> None:
        nonlocal began
        began = clock.seconds()
        look_now()

    def look_now() -> None:
        nonlocal timer, error
        seconds = clock.seconds() - began
        left = look(seconds)
        if doing.called:
            return
        if left > NOTHING:
            timer = clock.callLater(left, look_now)
        else:
            error = too_late(round(seconds, 2))
            doing.cancel()

    def end(result: T | Failure) -> T | Failure:
        begin_no_more()
        if timer is not None and timer.active():
            timer.cancel()
        return result if error is None else Failure(error)

    if body is None:
        begin()
    begin_no_more = body.when_complete(begin) if body is not None else _nothing
    return doing.addBoth(end)


def _nothing() -> None:
    """Take nothing back."""
