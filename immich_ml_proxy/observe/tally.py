"""Counts what becomes of requests until it is taken, once a second; an observer."""

from __future__ import annotations

from collections import Counter

import attrs

from immich_ml_proxy.balancer.demand import Demand
from immich_ml_proxy.balancer.observer import Nobody
from immich_ml_proxy.balancer.replica_set import Machine
from immich_ml_proxy.balancer.server import Server
from immich_ml_proxy.observe.buckets import Buckets
from immich_ml_proxy.observe.kinds import kind_of
from immich_ml_proxy.observe.log_times import unit_of

#: By whom, of which route and kind.
Answer = tuple[Machine, str, str]
#: Of which route and kind, who answered (``None``: nobody), and what came of it.
Group = tuple[str, str, Machine | None, str]


@attrs.define
class Counts:
    """
    What has happened since the last one was taken.

    :ivar arrived: requests, by the key of the route and kind.
    :ivar answered: how many took how long, by server, route and kind.
    :ivar failed: how many failed, and the last one's reason, by server and kind.
    """

    arrived: dict[tuple[str, str], int] = attrs.field(factory=dict)
    answered: dict[tuple[Server, str, str], Counter[int]] = attrs.field(factory=dict)
    failed: dict[tuple[Server, str], tuple[int, str]] = attrs.field(factory=dict)


class Tally(Nobody):
    """
    Told of every request; see ``balancer.observer``.

    Times are gathered, and counted with the others of their second: many together cost
    less than each alone.
    """

    def __init__(self) -> None:
        self._counts = Counts()
        self._answered: dict[tuple[Server, str, str], list[float]] = {}
        self._over: dict[Group, list[float]] = {}
        self._served: dict[Answer, Buckets] = {}
        self._groups: dict[Group, Buckets] = {}

    def arrived(self, demand: Demand) -> None:
        """A request has come."""
        key, arrived = (demand.route.key, kind_of(demand)), self._counts.arrived
        arrived[key] = arrived.get(key, 0) + 1

    def answered(self, server: Server, demand: Demand, seconds: float) -> None:
        """A server has served it."""
        key = server, demand.route.key, kind_of(demand)
        times = self._answered.get(key)
        if times is None:
            times = self._answered[key] = []
        times.append(seconds)

    def over(
        self, demand: Demand, server: Server | None, outcome: str, seconds: float
    ) -> None:
        """A group is over."""
        key = demand.route.key, kind_of(demand), server, outcome
        times = self._over.get(key)
        if times is None:
            times = self._over[key] = []
        times.append(seconds)

    def failed(self, server: Server, demand: Demand, reason: str) -> None:
        """A server has failed it."""
        key = server, kind_of(demand)
        count, _ = self._counts.failed.get(key, (0, ""))
        self._counts.failed[key] = count + 1, reason

    def take(self) -> Counts:
        """Return what was counted, and begin anew."""
        self._settle()
        taken, self._counts = self._counts, Counts()
        return taken

    @property
    def served(self) -> dict[Answer, Buckets]:
        """How long what was answered took since the start; it is not taken."""
        self._settle()
        return self._served

    @property
    def groups(self) -> dict[Group, Buckets]:
        """The same for all that is over, as a whole."""
        self._settle()
        return self._groups

    def _settle(self) -> None:
        answered, self._answered = self._answered, {}
        for answer, times in answered.items():
            self._served.setdefault(answer, Buckets()).add(*times)
            units = self._counts.answered.setdefault(answer, Counter())
            units.update(map(unit_of, times))
        over, self._over = self._over, {}
        for group, times in over.items():
            self._groups.setdefault(group, Buckets()).add(*times)
