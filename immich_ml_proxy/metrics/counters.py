"""
Counts what becomes of requests since the start; told by the balancer on their way.

What clients can make up is no key here: a route and a server are configured, a kind is
one of five. What is not configured any more is forgotten.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from immich_ml_proxy.balancer.demand import Demand
from immich_ml_proxy.balancer.server import Server
from immich_ml_proxy.observe.buckets import Buckets
from immich_ml_proxy.observe.kinds import kind_of
from immich_ml_proxy.observe.tally import Tally


class Counters:
    """
    A part of ``balancer.observer``.

    :param tally: counts what is answered.
    :ivar requests: how long groups took as a whole, by route, kind, who answered
        (``None``: nobody), and what came of them.
    :ivar attempts: those that were no answer, by server, kind, and what came of them.
    :ivar served: how long those took that were, by server, route and kind.
    :ivar retries: groups that were asked again, by route.
    :ivar hedges: groups that were asked of one more server at the same time, by route.
    :ivar refusals: how often it was found that one cannot do something, by server.
    """

    def __init__(self, tally: Tally) -> None:
        self.served = tally.served
        self.requests: dict[tuple[str, str, Server | None, str], Buckets] = {}
        self.attempts = Counter[tuple[Server, str, str]]()
        self.retries = Counter[str]()
        self.hedges = Counter[str]()
        self.refusals = Counter[Server]()

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

    def over(
        self, demand: Demand, server: Server | None, outcome: str, seconds: float
    ) -> None:
        """A group is over."""
        key = demand.route.key, kind_of(demand), server, outcome
        found = self.requests.get(key)
        if found is None:
            found = self.requests[key] = Buckets()
        found.add(seconds)

    def keep(self, servers: Collection[Server], routes: Collection[str]) -> None:
        """Forget all but these, which are configured."""
        for request in [*self.requests]:
            route, _, by, _ = request
            if route not in routes or (by is not None and by not in servers):
                del self.requests[request]
        for served in [*self.served]:
            if served[0] not in servers or served[1] not in routes:
                del self.served[served]
        for attempt in [*self.attempts]:
            if attempt[0] not in servers:
                del self.attempts[attempt]
        for one in [*self.refusals]:
            if one not in servers:
                del self.refusals[one]
        for counts in (self.retries, self.hedges):
            for key in [*counts]:
                if key not in routes:
                    del counts[key]
