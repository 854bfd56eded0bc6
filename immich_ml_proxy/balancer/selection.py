"""
How one of several backends is chosen: a policy is a class with one method.

A policy belongs to one route. It is given the backends that could take a request now,
at least one, and beside them all that are well, in the order of the route, to be
walked once; it returns one of the former, or ``None``: then the request waits for one
of the latter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from immich_ml_proxy.balancer.demand import Demand
from immich_ml_proxy.config.model import (
    FASTEST,
    IN_ORDER,
    LEAST_BUSY,
    ROUND_ROBIN,
    Route,
)

if TYPE_CHECKING:
    from immich_ml_proxy.balancer.server import Server


class Policy(Protocol):
    """Chooses a backend for a demand."""

    def choose(
        self,
        free: Sequence[Server],
        servers: Iterable[Server],
        demand: Demand,
        now: float,
    ) -> Server | None:
        """Return one of ``free``, or ``None`` to wait for another of ``servers``."""


class RoundRobin:
    """Takes turns over the backends that have a place."""

    def __init__(self, route: Route) -> None:
        self._turn = 0

    def choose(
        self,
        free: Sequence[Server],
        servers: Iterable[Server],
        demand: Demand,
        now: float,
    ) -> Server:
        """See :class:`Policy`."""
        self._turn += 1
        return free[(self._turn - 1) % len(free)]


class LeastBusy:
    """Takes the backend with the fewest requests in flight for its weight."""

    def __init__(self, route: Route) -> None:
        self._equals = RoundRobin(route)

    def choose(
        self,
        free: Sequence[Server],
        servers: Iterable[Server],
        demand: Demand,
        now: float,
    ) -> Server:
        """See :class:`Policy`; equals take turns."""
        least = min(map(_load, free))
        equals = [server for server in free if _load(server) == least]
        return self._equals.choose(equals, servers, demand, now)


class Fastest:
    """
    Takes the backend that is expected to finish first.

    A search goes where it will be answered first, and that may mean to wait a moment
    for a fast backend instead of a long time for a slow one. Image work takes the
    fastest backend that has a place: to leave a slow one idle would only make the
    whole import longer. A backend that nothing is known of is tried.
    """

    def __init__(self, route: Route) -> None:
        self._equals = RoundRobin(route)

    def choose(
        self,
        free: Sequence[Server],
        servers: Iterable[Server],
        demand: Demand,
        now: float,
    ) -> Server | None:
        """See :class:`Policy`; equals take turns."""
        finish = [server.seconds_to_finish(demand, now) for server in free]
        soonest = min(finish)
        if demand.is_search:
            all_of_them = (one.seconds_to_finish(demand, now) for one in servers)
            known = filter(None, all_of_them)
            if min(known, default=soonest) < soonest:
                return None
        equals = [one for one, due in zip(free, finish, strict=True) if due == soonest]
        return self._equals.choose(equals, servers, demand, now)


class InOrder:
    """
    Takes the first backend; the next one only when it is down.

    With ``spill`` also when it is full. Replicas of one are equals: of those the one
    with the fewest requests.
    """

    def __init__(self, route: Route) -> None:
        self._spill = route.spill
        self._equals = LeastBusy(route)

    def choose(
        self,
        free: Sequence[Server],
        servers: Iterable[Server],
        demand: Demand,
        now: float,
    ) -> Server | None:
        """See :class:`Policy`."""
        first = free[0]
        if first.replica_of is None:
            return first if self._spill or first is next(iter(servers)) else None
        if not (self._spill or next(iter(servers)).replica_of is first.replica_of):
            return None
        equals = [one for one in free if one.replica_of is first.replica_of]
        return self._equals.choose(equals, servers, demand, now)


def _load(server: Server) -> float:
    return server.in_flight / server.backend.weight


POLICIES: Mapping[str, Callable[[Route], Policy]] = {
    ROUND_ROBIN: RoundRobin,
    LEAST_BUSY: LeastBusy,
    FASTEST: Fastest,
    IN_ORDER: InOrder,
}
