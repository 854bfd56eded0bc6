"""Looks every second at what comes from clients, and whether it comes in time."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Any

from twisted.application.internet import TimerService
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from immich_ml_proxy.downstream.open_connections import OpenConnections

#: Seconds between two looks.
PERIOD = 1.0


class Watch(TimerService):
    """
    :param clock: source of time.
    :param doors: the connections of each site.
    """

    clock: Any
    _log = Logger()

    def __init__(self, clock: IReactorTime, doors: Iterable[OpenConnections]) -> None:
        super().__init__(PERIOD, self._look)
        self.clock = clock
        self._doors = tuple(doors)

    def _look(self) -> None:
        now = self.clock.seconds()
        for channel in chain.from_iterable(self._doors):
            try:
                channel.look(now)
            except Exception:
                # The others are looked at all the same; this one is not again.
                self._log.failure("a connection could not be looked at; it is closed")
                channel.transport.abortConnection()
