"""Looks every second at what comes from clients, and whether it comes in time."""

from __future__ import annotations

from twisted.application.service import Service
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from immich_ml_proxy.downstream.admission import Admission

#: Seconds between two looks.
PERIOD = 1.0


class Watch(Service):
    """
    :param clock: source of time.
    :param admission: knows the connections.
    """

    _log = Logger()

    def __init__(self, clock: IReactorTime, admission: Admission) -> None:
        self._clock = clock
        self._admission = admission
        self._loop = LoopingCall(self._look)
        self._loop.clock = clock

    def startService(self) -> None:
        """Begin to look."""
        super().startService()
        self._loop.start(PERIOD, now=False)

    def stopService(self) -> None:
        """Look no more."""
        super().stopService()
        if self._loop.running:
            self._loop.stop()

    def _look(self) -> None:
        now = self._clock.seconds()
        for channel in tuple(self._admission.channels):
            try:
                channel.look(now)
            except Exception:
                # The others are looked at all the same; this one is not again.
                self._log.failure("a connection could not be looked at; it is closed")
                channel.transport.abortConnection()
