"""All that is counted for Prometheus, and how it is read: the parts put together."""

from __future__ import annotations

import platform
from collections.abc import Callable
from importlib.metadata import version

from twisted.internet.interfaces import IReactorTime

from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.balancer.scheduler import Scheduler
from immich_ml_proxy.metrics.counters import Counters
from immich_ml_proxy.metrics.exposition import Collector
from immich_ml_proxy.metrics.lag import LagProbe
from immich_ml_proxy.metrics.reading import Beside, Reading
from immich_ml_proxy.metrics.told import Told
from immich_ml_proxy.metrics.traffic import Traffic
from immich_ml_proxy.observe.tally import Tally


class Meter:
    """
    :param clock: source of time.
    :param tally: counts for the overview.
    :ivar observer: of the pool, for the tally and for this.
    :ivar traffic: counts what goes over clients' connections.
    :ivar lag: measures how late the event loop is; a service.
    """

    def __init__(self, clock: IReactorTime, tally: Tally) -> None:
        self._clock = clock
        self._counters = Counters(tally)
        self.observer = Told(tally, self._counters)
        self.traffic = Traffic()
        self.lag = LagProbe(clock)

    def keep(self, pool: Pool) -> None:
        """Forget what is not configured any more."""
        self._counters.keep(pool)

    def collector(
        self,
        pool: Pool,
        scheduler: Scheduler,
        beside: Callable[[], Beside],
        settle: Callable[[], object],
    ) -> Collector:
        """
        Return what reads all of it.

        :param settle: has the traffic counted that is not yet.
        """
        names = "immich-ml-proxy", "twisted"
        ours, twisted = map(version, names)
        build = ours, platform.python_version(), twisted
        counted = self._counters, self.traffic, self.lag.seen
        reading = Reading(pool, scheduler, *counted, beside, build, settle)
        return Collector(reading, self._clock.seconds)
