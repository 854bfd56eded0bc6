"""Has the watch look once a second, and tells the time to what knows none."""

from __future__ import annotations

from collections.abc import Callable

from twisted.application.service import Service
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from immich_ml_proxy.observe.moment import Moment

#: Seconds that the two clocks may drift apart before it counts: less is none's doing.
DRIFT = 0.5


class Timepiece:
    """
    Tells the moment by two clocks.

    :param clock: counts seconds.
    :param wall: what time it is, in Unix seconds.
    """

    def __init__(self, clock: IReactorTime, wall: Callable[[], float]) -> None:
        self._clock = clock
        self._wall = wall
        self._base = self._ahead = wall() - clock.seconds()

    def moment(self) -> Moment:
        """Return the present moment."""
        now = self._clock.seconds()
        ahead = self._wall() - now
        if abs(ahead - self._ahead) > DRIFT:
            self._ahead = ahead
        return Moment(now, self._ahead, self._base)


class Ticker(Service):
    """
    :param clock: source of time.
    :param timepiece: tells the moment.
    :param look: is told it once a second.
    """

    _log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        timepiece: Timepiece,
        look: Callable[[Moment], object],
    ) -> None:
        self._timepiece = timepiece
        self._look = look
        self._loop = LoopingCall(self._tick)
        self._loop.clock = clock

    def startService(self) -> None:
        """Begin to look."""
        super().startService()
        self._loop.start(1.0, now=False)

    def stopService(self) -> None:
        """Look no more."""
        super().stopService()
        if self._loop.running:
            self._loop.stop()

    def _tick(self) -> None:
        try:
            self._look(self._timepiece.moment())
        except Exception:
            # What is shown of the work must not end with it, nor end it.
            self._log.failure("looking at what is going on failed")
