"""Looks every second at what comes from clients, and whether it comes in time."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from twisted.application.service import Service
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from immich_ml_proxy.downstream.open_connections import OpenConnections

#: Seconds between two looks.
PERIOD = 1.0


class Watch(Service):
    """
    :param clock: source of time.
    :param doors: the connections of each site.
    """

    _log = Logger()

    def __init__(self, clock: IReactorTime, doors: Iterable[OpenConnections]) -> None:
        self._clock = clock
        self._doors = tuple(doors)
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
        for channel in chain.from_iterable(self._doors):
            try:
                channel.look(now)
            except Exception:
                # The others are looked at all the same; this one is not again.
                self._log.failure("a connection could not be looked at; it is closed")
                channel.transport.abortConnection()
