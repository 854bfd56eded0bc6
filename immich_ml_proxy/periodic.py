"""A service that does something again and again while it runs."""

from __future__ import annotations

from collections.abc import Callable

from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall


class Periodic(Service):
    """
    Unlike Twisted's timer service it need not begin with a round.

    :param clock: source of time.
    :param period: seconds between two rounds.
    :param act: a round.
    :param at_once: whether the first one comes at the start, or after a period.
    """

    def __init__(
        self,
        clock: IReactorTime,
        period: float,
        act: Callable[[], object],
        at_once: bool = False,
    ) -> None:
        self._period = period
        self._at_once = at_once
        self._loop = LoopingCall(act)
        self._loop.clock = clock

    def startService(self) -> None:
        """Begin."""
        super().startService()
        self._loop.start(self._period, now=self._at_once)

    def stopService(self) -> Deferred[None] | None:
        """Do it no more."""
        super().stopService()
        if self._loop.running:
            self._loop.stop()
        return None
