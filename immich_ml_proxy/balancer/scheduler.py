"""Gives places at backends to requests, and lets those wait for which there is none."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping
from itertools import count
from operator import itemgetter

import attrs

from immich_ml_proxy.balancer.demand import Demand
from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.balancer.queue import WaitingLine
from immich_ml_proxy.balancer.server import Server
from immich_ml_proxy.config.model import Route
from immich_ml_proxy.errors import Unavailable

#: Seconds between two looks for places that time alone has opened: with many backends
#: to look at all of them for every request would take longer than all the rest.
LOOK_EVERY = 0.1


@attrs.define(eq=False)
class Waiting:
    """
    A request that wants a place.

    :ivar demand: what it asks for.
    :ivar granted: called, once, with the backend at which it has been given a place,
        or with ``None`` when there is none left that it could be given.
    :ivar tried: the backends that have failed it.
    :ivar hold: it waits for a backend that is ready rather than take any.
    :ivar proven: one that has served such requests goes before all others.
    :ivar again: it has stood in a line before, and is not to be lost now.
    """

    demand: Demand
    granted: Callable[[Server | None], None]
    tried: frozenset[Server] = frozenset()
    hold: bool = False
    proven: bool = False
    again: bool = False

    @property
    def lane(self) -> Hashable:
        """What those have in common that may go to the same places."""
        demand = self.demand
        return demand.kind, demand.need.digest, self.tried, self.hold, self.proven


class Scheduler:
    """
    The waiting lines of all routes, over one pool.

    :param pool: says where a demand may go.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._lines: dict[Route, WaitingLine[Waiting]] = {}
        self._arrivals = count()
        self._offers: list[Server | None] = []  # those under way; None is all
        self._looked = 0.0

    def at_once(
        self,
        demand: Demand,
        tried: Collection[Server],
        now: float,
        hold: bool,
        proven: bool,
    ) -> Server | None:
        """Grant a place where nobody waits for one; see :class:`Waiting`."""
        line = self._lines.get(demand.route)
        if line is not None and len(line):
            return None
        server = self._pool.choose(demand, tried, now, hold, None, proven)
        if server is not None:
            server.take(demand, now)
        return server

    def ask(self, waiting: Waiting, now: float) -> None:
        """
        Grant a place at once, or put the request in line.

        :raises Unavailable: when the line is full; not for a request that a backend has
            failed, or that has stood in line: it is not to be lost now.
        """
        demand = waiting.demand
        line = self._lines.get(demand.route)
        if line is None or not line.has(waiting.lane, demand.is_search):
            server = self._place(waiting, now)
            if server is not None or not self._pool.may_ask(demand, waiting.tried, now):
                waiting.granted(server)
                return
            if line is None:
                line = WaitingLine(demand.route.max_waiting, self._arrivals)
                self._lines[demand.route] = line
        is_new = not waiting.tried and not waiting.again
        if is_new and line.is_full(demand.is_search):
            raise Unavailable(
                f"{demand.kind.label}: {len(line)} requests wait already for a place "
                f"on the route {demand.route.key}"
            )
        line.push(waiting, waiting.lane, demand.is_search)
        self._look(now)

    def leave(self, waiting: Waiting) -> None:
        """Take a request out of its line, if it stands in one."""
        demand = waiting.demand
        line = self._lines.get(demand.route)
        if line is not None:
            line.remove(waiting, waiting.lane, demand.is_search)

    def let_go(self, waiting: Waiting, now: float) -> None:
        """Hold a request no longer, if it still waits: any backend will do."""
        demand = waiting.demand
        line = self._lines.get(demand.route)
        if line is not None and line.remove(waiting, waiting.lane, demand.is_search):
            waiting.hold = False
            line.push(waiting, waiting.lane, demand.is_search)
            self.dispatch(now)

    def release(self, server: Server, demand: Demand, now: float) -> None:
        """A place is free again."""
        server.give_back(demand)
        if not server.in_flight:
            server.busy_seconds += now - server.busy_since
        if self._lines:
            self._offer(server, now)
            self._look(now)

    def reconfigured(self, now: float) -> None:
        """Another configuration is in force."""
        self._lines = {route: line for route, line in self._lines.items() if len(line)}
        self.dispatch(now)

    def dispatch(self, now: float) -> None:
        """Give places to those in line, as far as there are any."""
        self._looked = now
        self._offer(None, now)

    def _look(self, now: float) -> None:
        """Dispatch if that was not done just now."""
        if self._lines and now - self._looked >= LOOK_EVERY:
            self.dispatch(now)

    def _offer(self, server: Server | None, now: float) -> None:
        """Give the places of a backend, or of all, to those in line."""
        self._offers.append(server)
        if len(self._offers) > 1:
            return  # somebody granted a place has given it back at once: see below
        try:
            for each in self._offers:  # which may become more meanwhile
                while self._grant_one(each, now):
                    pass
        finally:
            self._offers.clear()

    def waiting(self) -> Mapping[Route, int]:
        """Return how many requests wait, by route."""
        return {route: len(line) for route, line in self._lines.items() if len(line)}

    def _grant_one(self, freed: Server | None, now: float) -> bool:
        """
        Grant one place.

        :param freed: the only backend at which there may be one.
        """
        heads = [
            (rank, arrival, line, waiting)
            for line in self._lines.values()
            if len(line)
            for rank, arrival, waiting in line.heads()
        ]
        # Lines may share a backend: none of them goes before all others.
        heads.sort(key=itemgetter(0, 1))
        for _, _, line, waiting in heads:
            demand = waiting.demand
            server = self._place(waiting, now, freed)
            if server is not None:
                # A search goes ahead of the images of every line.
                for each in self._lines.values() if demand.is_search else (line,):
                    each.served(demand.is_search)
            elif freed or self._pool.may_ask(demand, waiting.tried, now):
                continue
            line.remove(waiting, waiting.lane, demand.is_search)
            waiting.granted(server)
            return True
        return False

    def _place(
        self, waiting: Waiting, now: float, freed: Server | None = None
    ) -> Server | None:
        demand, tried = waiting.demand, waiting.tried
        if freed and (freed in tried or not freed.has_place(demand, now)):
            return None
        server = self._pool.choose(
            demand, tried, now, waiting.hold, freed, waiting.proven
        )
        if server is not None:
            server.take(waiting.demand, now)
        return server
