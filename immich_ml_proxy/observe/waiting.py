"""Who waits for a place, for whom, and who could take it over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Protocol

import attrs

from immich_ml_proxy.balancer.demand import Demand
from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.balancer.replica_set import Machine, machine_of, servers_of
from immich_ml_proxy.observe.kinds import kind_of


class Waiter(Protocol):
    """
    A request that is under way.

    :ivar demand: what it asks for.
    :ivar arrived: when it came, in seconds of the clock.
    :ivar hold_until: until when it waits for a server that is well.
    """

    demand: Demand
    arrived: float
    hold_until: float

    @property
    def is_waiting(self) -> bool:
        """Whether nobody is being asked."""


@attrs.define
class Crowd:
    """
    Those of a route that wait with work of one kind.

    :ivar count: how many they are; ``held`` of them because nobody is well.
    :ivar oldest: when the first of them came, in seconds of the clock.
    :ivar gives_up: when the first of them that is held is given up; ``None``: nobody.
    :ivar awaited: servers that are down and could do it.
    :ivar takers: servers that are well and could do it, and are not asked.
    """

    count: int = 0
    held: int = 0
    oldest: float = 0.0
    gives_up: float | None = None
    awaited: dict[Machine, None] = attrs.field(factory=dict)
    takers: dict[Machine, None] = attrs.field(factory=dict)


@attrs.define
class _Needing:
    """What is to be known of all that need the same, on one route."""

    held: bool
    alone: Machine | None
    crowd: Crowd


def crowds(
    under_way: Iterable[Waiter], pool: Pool, now: float
) -> tuple[dict[tuple[str, str], Crowd], Counter[Machine]]:
    """
    Return who waits, by route and kind, and how many wait for one server alone.

    :param under_way: the requests that are not over, in the order they came.
    """
    found: dict[tuple[str, str], Crowd] = {}
    alone = Counter[Machine]()
    known: dict[tuple[str, bytes, str], _Needing] = {}
    for one in under_way:
        if not one.is_waiting:
            continue
        demand = one.demand
        route, kind = demand.route.key, kind_of(demand)
        key = route, demand.need.digest, kind
        needing = known.get(key)
        if needing is None:
            crowd = found.setdefault((route, kind), Crowd(oldest=one.arrived))
            needing = known[key] = _needing(demand, crowd, pool, now)
        crowd = needing.crowd
        crowd.count += 1
        if needing.alone is not None:
            alone[needing.alone] += 1
        if needing.held:
            crowd.held += 1
            if crowd.gives_up is None and one.hold_until > now:
                crowd.gives_up = one.hold_until
    return found, alone


def _needing(demand: Demand, crowd: Crowd, pool: Pool, now: float) -> _Needing:
    able = sorted(pool.able(demand, (), now), key=lambda server: server.name)
    machines = dict.fromkeys(machine_of(one) for one in able)
    held = not any(one.is_available(demand, now) for one in able)
    if held:
        crowd.awaited.update(
            {machine_of(one): None for one in able if one.health.status != "healthy"}
        )
        crowd.takers.update(
            {
                machine: None
                for machine in pool.machines
                if machine not in machines
                and any(one.is_available(demand, now) for one in servers_of(machine))
            }
        )
    return _Needing(held, next(iter(machines)) if len(machines) == 1 else None, crowd)
