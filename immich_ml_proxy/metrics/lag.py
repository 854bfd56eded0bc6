"""Measures how late the event loop is: what is due then waits for what is running."""

from __future__ import annotations

from twisted.application.service import Service
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from immich_ml_proxy.observe.buckets import LAG, Buckets

#: Seconds between two looks.
PERIOD = 0.25


class LagProbe(Service):
    """
    :param clock: source of time.
    :ivar seen: how late it was, each time.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._due = 0.0
        self._call: IDelayedCall | None = None
        self.seen = Buckets(LAG)

    def startService(self) -> None:
        """Begin to look."""
        super().startService()
        self._again()

    def stopService(self) -> None:
        """Look no more."""
        super().stopService()
        if self._call is not None:
            self._call.cancel()
            self._call = None

    def _again(self) -> None:
        self._due = self._clock.seconds() + PERIOD
        self._call = self._clock.callLater(PERIOD, self._look)

    def _look(self) -> None:
        self.seen.add(max(self._clock.seconds() - self._due, 0.0))
        self._again()
