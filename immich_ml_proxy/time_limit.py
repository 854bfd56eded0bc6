"""Ends what takes too long, counted from when its body is complete."""

from __future__ import annotations

from typing import TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure

from immich_ml_proxy.core.body import Body

T = TypeVar("T")


def limit_time(
    doing: Deferred[T],
    seconds: float,
    clock: IReactorTime,
    body: Body | None,
    too_late: Exception,
) -> Deferred[T]:
    """
    Cancel ``doing`` when its time is over; it fails with ``too_late`` then.

    :param seconds: counted from when ``body`` is complete: that a client sends slowly
        is not the fault of whom it is passed on to. ``None`` is complete.
    """
    timer: IDelayedCall | None = None
    over = False

    def begin() -> None:
        nonlocal timer
        timer = clock.callLater(seconds, expire)

    def expire() -> None:
        nonlocal over
        over = True
        doing.cancel()

    def end(result: T | Failure) -> T | Failure:
        begin_no_more()
        if timer is not None and timer.active():
            timer.cancel()
        return Failure(too_late) if over else result

    if body is None:
        begin()
    begin_no_more = body.when_complete(begin) if body is not None else _nothing
    return doing.addBoth(end)


def _nothing() -> None:
    """Take nothing back."""
