"""Waits for a place at a backend: the scheduler with Deferreds and a clock."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from immich_ml_proxy.balancer.demand import Demand
from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.balancer.scheduler import Scheduler, Waiting
from immich_ml_proxy.balancer.server import Server
from immich_ml_proxy.config.model import Route

#: Seconds between two looks, while somebody waits, for what time alone opens: the end
#: of a breaker or of a busy time, a request that is overdue.
LOOK_EVERY = 0.5


@attrs.define(eq=False)
class Place:
    """
    A place that was taken at a backend, and is given back by whoever holds it.

    :ivar server: where it is.
    """

    server: Server
    _demand: Demand
    _places: Places
    _is_taken: bool = True

    def give_back(self) -> None:
        """Give it back; a second time does nothing."""
        if self._is_taken:
            self._is_taken = False
            self._places.given_back(self.server, self._demand)


class Places:
    """
    :param clock: source of time.
    :param pool: the backends.
    :ivar wanted: told of a backend that is down while there is work for it.
    :ivar looked: told every ``LOOK_EVERY`` seconds while somebody waits.
    """

    looked: Callable[[], object]

    def __init__(
        self, clock: IReactorTime, pool: Pool, wanted: Callable[[Server], object]
    ) -> None:
        self._clock = clock
        self._pool = pool
        self.wanted = wanted
        self.scheduler = Scheduler(pool)
        self.looked = tuple
        self._looking: IDelayedCall | None = None

    def at_once(
        self,
        demand: Demand,
        tried: Collection[Server],
        hold_until: float,
        proven: bool = False,
    ) -> Place | None:
        """Return the place that :meth:`take` would give without waiting, if any."""
        now = self._clock.seconds()
        server = self.scheduler.at_once(demand, tried, now, hold_until > now, proven)
        return None if server is None else Place(server, demand, self)

    def take(
        self,
        demand: Demand,
        tried: Collection[Server],
        hold_until: float,
        proven: bool = False,
        again: bool = False,
    ) -> Deferred[Place | None]:
        """
        Return a place once there is one; it must be given back.

        Cancelling leaves the line.

        :param tried: the backends that have failed the request.
        :param hold_until: the time until which one that is ready is waited for.
        :param proven: one that has served such requests goes before all others.
        :param again: it has stood in a line before, and is not to be lost now.
        :return: ``None`` when there is no backend left to ask.
        :raises Unavailable: when too many wait already.
        """
        now = self._clock.seconds()
        taken: Deferred[Place | None] = Deferred(
            lambda _: self.scheduler.leave(waiting)
        )

        def granted(server: Server | None) -> None:
            taken.callback(None if server is None else Place(server, demand, self))

        hold = hold_until > now
        waiting = Waiting(demand, granted, frozenset(tried), hold, proven, again)
        self.scheduler.ask(waiting, now)
        if not taken.called:
            self._wake(demand.route, now)
            self._look_again()
            taken.addBoth(self._waits_no_more)
            if waiting.hold:
                taken.addBoth(self._held, self._hold(waiting, hold_until - now))
        return taken

    def take_free(self, demand: Demand, tried: Collection[Server]) -> Place | None:
        """Return a place at a backend that is ready, if there is one now."""
        now = self._clock.seconds()
        server = self._pool.choose(demand, tried, now, hold=True)
        if server is None or not server.is_ready(demand, now):
            return None
        server.take(demand, now)
        return Place(server, demand, self)

    def take_at(self, server: Server, demand: Demand) -> Place | None:
        """Return a place at just this backend, if there is one now."""
        now = self._clock.seconds()
        if not server.has_place(demand, now):
            return None
        server.take(demand, now)
        return Place(server, demand, self)

    def given_back(self, server: Server, demand: Demand) -> None:
        """A place is free again; see :meth:`Place.give_back`."""
        self.scheduler.release(server, demand, self._clock.seconds())

    def awaited(self) -> list[Server]:
        """Return the backends that are down while requests wait for them."""
        return list(
            dict.fromkeys(
                server
                for route in self.scheduler.waiting()
                for server in self._pool.servers_of(route)
                if server.is_enabled and server.health.status != "healthy"
            )
        )

    def reconfigured(self) -> None:
        """Another configuration is in force."""
        self.scheduler.reconfigured(self._clock.seconds())

    def changed(self) -> None:
        """The health of a backend may have changed, or it is as down as before."""
        now = self._clock.seconds()
        self.scheduler.dispatch(now)
        for route in self.scheduler.waiting():
            self._wake(route, now)

    def _look_again(self) -> None:
        """See to it that those in line are looked at when only time passes."""
        if self._looking is None:
            self._looking = self._clock.callLater(LOOK_EVERY, self._look)

    def _look(self) -> None:
        self._looking = None
        self.looked()
        self.scheduler.dispatch(self._clock.seconds())
        if self.scheduler.waiting():
            self._look_again()

    def _waits_no_more(self, result: Any) -> Any:
        if self._looking is not None and not self.scheduler.waiting():
            self._looking.cancel()
            self._looking = None
        return result

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
