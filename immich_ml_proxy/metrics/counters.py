"""
Counts what becomes of requests since the start; told by the balancer on their way.

What clients can make up is no key here: a route and a server are configured, a kind is
one of five. What is not configured any more is forgotten. A server's numbers are those
of its machine, as soon as anybody looks; a machine may have several servers.
"""

from __future__ import annotations

from collections import Counter
from typing import TypeVar

from immich_ml_proxy.balancer.demand import Demand
from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.balancer.replica_set import Machine, ReplicaSet, machine_of
from immich_ml_proxy.balancer.server import Server
from immich_ml_proxy.observe.buckets import Buckets
from immich_ml_proxy.observe.kinds import kind_of
from immich_ml_proxy.observe.tally import Answer, Group, Tally


class Counters:
    """
    A part of ``balancer.observer``.

    :param tally: counts what is answered.
    :ivar attempts: those that were no answer, by server, kind, and what came of them.
    :ivar retries: groups that were asked again, by route.
    :ivar hedges: groups that were asked of one more server at the same time, by route.
    :ivar refusals: how often it was found that one cannot do something, by server.
    """

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self.attempts = Counter[tuple[Machine, str, str]]()
        self.retries = Counter[str]()
        self.hedges = Counter[str]()
        self.refusals = Counter[Machine]()

    def tried(
        self, server: Server, demand: Demand, outcome: str, seconds: float
    ) -> None:
        """A server was asked in vain."""
        self.attempts[server, kind_of(demand), outcome] += 1

    def again(self, demand: Demand, is_beside: bool) -> None:
        """A server is asked again, or one more."""
        (self.hedges if is_beside else self.retries)[demand.route.key] += 1

    def learned(self, server: Server) -> None:
        """It was found that a server cannot do something."""
        self.refusals[server] += 1

    @property
    def requests(self) -> dict[Group, Buckets]:
        """How long groups took as a whole."""
        return self._tally.groups

    @property
    def served(self) -> dict[Answer, Buckets]:
        """How long attempts took that were an answer."""
        return self._tally.served

    def keep(self, pool: Pool) -> None:
        """
        Forget what is not configured any more.

        What a replica has done that is gone is its machine's from now on.
        """
        routes = {route.key for route in pool.config.all_routes}
        owner = _Owners(pool).owner
        requests, served = self.requests, self.served
        for request in [*requests]:
            route, kind, by, outcome = request
            to = None if by is None else owner(by)
            if route not in routes or (by is not None and to is None):
                del requests[request]
            elif to is not by:
                _move(requests, request, (route, kind, to, outcome))
        for answered in [*served]:
            by, route, kind = answered
            to = owner(by)
            if to is None or route not in routes:
                del served[answered]
            elif to is not by:
                _move(served, answered, (to, route, kind))
        for attempt, count in [*self.attempts.items()]:
            to = owner(attempt[0])
            if to is not attempt[0]:
                del self.attempts[attempt]
                if to is not None:
                    self.attempts[to, attempt[1], attempt[2]] += count
        for machine, count in [*self.refusals.items()]:
            to = owner(machine)
            if to is not machine:
                del self.refusals[machine]
                if to is not None:
                    self.refusals[to] += count
        for counts in (self.retries, self.hedges):
            for key in [*counts]:
                if key not in routes:
                    del counts[key]


class _Owners:
    """Whose the numbers of a server are, when the configuration is this one."""

    def __init__(self, pool: Pool) -> None:
        self._present: set[Machine] = {*pool, *pool.machines}

    def owner(self, by: Machine) -> Machine | None:
        """Return the server itself, the machine it was a replica of, or nobody."""
        if by in self._present or isinstance(by, ReplicaSet):
            return by if by in self._present else None
        machine = machine_of(by)
        return machine if machine in self._present else None


_Key = TypeVar("_Key")


def _move(found: dict[_Key, Buckets], key: _Key, to: _Key) -> None:
    buckets = found.pop(key)
    if to in found:
        found[to].take_in(buckets)
    else:
        found[to] = buckets
