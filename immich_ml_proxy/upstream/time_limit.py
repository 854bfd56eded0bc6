"""Ends what takes too long, counted from when its body is complete."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from immich_ml_proxy.protocol.body import Body
from immich_ml_proxy.upstream.reply import ExchangeFailed

#: Less than this is left of a time that is over, when seconds are added up.
NOTHING = 0.001


class Limited:
    """
    Something whose time is limited.

    :param doing: cancelled when its time is over.
    :param look: given the seconds it has taken, returns in how many to look again; none
        left: its time is over.
    :ivar error: that its time was over, once it was.
    """

    __slots__ = ("_doing", "_ended", "_forget_body", "began", "due", "error", "look")

    def __init__(self, doing: Deferred[Any], look: Callable[[float], float]) -> None:
        self._doing = doing
        self._forget_body: Callable[[], None] | None = None
        self._ended = False
        self.look = look
        self.began = self.due = 0.0
        self.error: ExchangeFailed | None = None

    def wait_for(self, body: Body, begin: Callable[[Limited], None]) -> None:
        """Begin when the body is complete, if it is not over before."""
        self._forget_body = body.when_complete(lambda: begin(self))

    def end(self) -> None:
        """It is over."""
        self._ended = True
        if self._forget_body is not None:
            self._forget_body()

    def is_over(self, now: float) -> bool:
        """Look, and end it if its time is over; return whether it has ended."""
        taken = now - self.began
        left = self.look(taken)
        if self._ended:
            return True
        if left > NOTHING:
            self.due = now + left
            return False
        seconds = round(taken, 2)
        self.error = ExchangeFailed(f"timed out after {seconds:g} s", timed_out=True)
        self._doing.cancel()
        return True


class TimeLimits:
    """
    Looks at all that is limited in time, with one timer.

    To make a timer for each request and to cancel it costs more than to have one that
    finds, every few seconds, that what it was made for is over.

    :param clock: source of time.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._limited: dict[Limited, None] = {}
        self._timer: IDelayedCall | None = None
        self._at = 0.0  # when it goes off

    def limit(
        self, doing: Deferred[Any], look: Callable[[float], float], body: Body | None
    ) -> Limited:
        """
        Limit the time of ``doing``; :meth:`end` must be told when it is over.

        :param look: see :class:`Limited`. The seconds count from when ``body`` is
            complete: that a client sends slowly is not the fault of whom it is passed
            on to. ``None`` is complete.
        """
        limited = Limited(doing, look)
        if body is None or body.complete:
            self._begin(limited)
        else:
            limited.wait_for(body, self._begin)
        return limited

    def end(self, limited: Limited) -> None:
        """It is over, in whatever way."""
        self._limited.pop(limited, None)
        limited.end()

    def stop(self) -> None:
        """Look no more: all is over."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _begin(self, limited: Limited) -> None:
        limited.began = now = self._clock.seconds()
        if not limited.is_over(now):
            self._limited[limited] = None
            self._look_at(limited.due, now)

    def _look_at(self, due: float, now: float) -> None:
        """See to it that the timer goes off by then."""
        if self._timer is None:
            self._timer = self._clock.callLater(due - now, self._look)
        elif due < self._at:
            self._timer.reset(due - now)
        else:
            return
        self._at = due

    def _look(self) -> None:
        self._timer = None
        now = self._clock.seconds()
        for limited in tuple(self._limited):
            # It may have ended by what another one has led to.
            is_due = limited.due - now <= NOTHING and limited in self._limited
            if is_due and limited.is_over(now):
                self._limited.pop(limited, None)
        if self._limited:
            self._look_at(min(one.due for one in self._limited), now)
