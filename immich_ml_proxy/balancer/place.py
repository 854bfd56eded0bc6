"""Waits for a place at a backend: the scheduler with Deferreds and a clock."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from immich_ml_proxy.balancer.demand import Demand
from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.balancer.scheduler import Scheduler, Waiting
from immich_ml_proxy.balancer.server import Server
from immich_ml_proxy.config.model import Route


class Places:
    """
    :param clock: source of time.
    :param pool: the backends.
    :ivar wanted: told of a backend that is down while there is work for it.
    """

    def __init__(
        self, clock: IReactorTime, pool: Pool, wanted: Callable[[Server], object]
    ) -> None:
        self._clock = clock
        self._pool = pool
        self.wanted = wanted
        self.scheduler = Scheduler(pool)

    def take(
        self, demand: Demand, tried: Collection[Server], hold_until: float
    ) -> Deferred[Server | None]:
        """
        Return a backend at which a place has been taken; it must be given back.

        Cancelling leaves the line.

        :param tried: the backends that have failed the request.
        :param hold_until: the time until which a healthy backend is waited for.
        :return: ``None`` when there is no backend left to ask.
        :raises Unavailable: when too many wait already.
        """
        now = self._clock.seconds()
        taken: Deferred[Server | None] = Deferred(
            lambda _: self.scheduler.leave(waiting)
        )
        waiting = Waiting(demand, taken.callback, frozenset(tried), hold_until > now)
        self.scheduler.ask(waiting, now)
        if not taken.called:
            self._wake(demand.route, now)
            if waiting.hold:
                taken.addBoth(self._held, self._hold(waiting, hold_until - now))
        return taken

    def give_back(self, server: Server, demand: Demand) -> None:
        """Give a place back."""
        self.scheduler.release(server, demand, self._clock.seconds())

    def reconfigured(self) -> None:
        """Another configuration is in force."""
        self.scheduler.reconfigured(self._clock.seconds())

    def changed(self) -> None:
        """The health of a backend may have changed, or it is as down as before."""
        now = self._clock.seconds()
        self.scheduler.dispatch(now)
        for route in self.scheduler.waiting():
            self._wake(route, now)

    def _hold(self, waiting: Waiting, seconds: float) -> IDelayedCall:
        return self._clock.callLater(
            seconds,
            lambda: self.scheduler.let_go(waiting, self._clock.seconds()),
        )

    def _held(self, result: Any, timer: IDelayedCall) -> Any:
        if timer.active():
            timer.cancel()
        return result

    def _wake(self, route: Route, now: float) -> None:
        for server in self._pool.servers_of(route):
            if not server.is_healthy(now) and server.is_enabled:
                self.wanted(server)
