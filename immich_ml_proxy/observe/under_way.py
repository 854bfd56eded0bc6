"""The requests that are under way, wait or are held, as rows of the debug page."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Protocol

import attrs

from immich_ml_proxy.balancer.demand import Demand
from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.balancer.server import Server
from immich_ml_proxy.balancer.work import Work
from immich_ml_proxy.records.asked import Asked, asked
from immich_ml_proxy.records.row import time_at_servers
from immich_ml_proxy.records.shown import Shown, State, id_of

#: What one costs, in rows that are looked at; see ``records/page``.
COST = 30


class Going(Protocol):
    """
    A group that is under way; see ``balancer/attempts``.

    :ivar number: names it.
    :ivar arrived: when it came, in seconds of the clock.
    """

    number: int
    demand: Demand
    arrived: float

    @property
    def work(self) -> Work:
        """What is to be done."""

    @property
    def is_waiting(self) -> bool:
        """Whether nobody is being asked."""

    @property
    def asked_now(self) -> Sequence[tuple[Server, float]]:
        """Who is being asked, and since when."""


@attrs.define
class Moments:
    """
    :ivar now: in seconds of the clock, and ``wall`` in those since the epoch.
    :ivar run: names this run of the proxy.
    """

    now: float
    wall: float
    run: str


def under_way(
    groups: Sequence[Going], pool: Pool, at: Moments
) -> Generator[int, None, list[Shown]]:
    """
    Return the requests that are not over, the newest last, in steps.

    :param groups: what they consist of, in the order they came.
    """
    by_request: dict[int, list[Going]] = {}
    for one in groups:
        by_request.setdefault(id(one.work.body), []).append(one)
    yield len(groups)
    held: dict[tuple[str, bytes], bool] = {}
    found: list[Shown] = []
    for several in by_request.values():
        found.append(_shown(several, _state(several, pool, at.now, held), at))
        yield COST * len(several)
    return found


def _state(
    several: Sequence[Going],
    pool: Pool,
    now: float,
    held: dict[tuple[str, bytes], bool],
) -> State:
    if any(one.asked_now for one in several):
        return "under way"
    for one in several:
        demand = one.demand
        key = demand.route.key, demand.need.digest
        if one.is_waiting and key not in held:
            able = pool.able(demand, (), now)
            held[key] = not any(server.is_available(demand, now) for server in able)
        if held.get(key):
            return "held"
    return "waiting"


def _shown(several: Sequence[Going], state: State, at: Moments) -> Shown:
    first = several[0]
    row = first.work.body.row
    duration = max(0.0, at.now - (first.arrived if row is None else row.started))
    what = _asked(several)
    asking = [asked for one in several for asked in one.asked_now]
    if row is not None:
        work = time_at_servers(row.parts, duration)
        machines: Mapping[str, None] = dict.fromkeys(row.machines)
    else:
        work = at.now - min((since for _, since in asking), default=at.now)
        machines = {server.name: None for server, _ in asking}
    return Shown(
        id=f"u{at.run}-{first.number}" if row is None else id_of(row, at.run),
        time=round(at.wall - duration, 3),
        trace_id=first.work.trace_id,
        kind="predict",
        method="POST",
        path="/predict",
        tasks=what.tasks,
        words=what.words,
        models=what.models,
        machines=tuple(machines),
        route=tuple({one.demand.route.key: None for one in several}),
        status=None,
        state=state,
        wait=round(max(0.0, duration - work), 4),
        work=round(work, 4),
        duration=round(duration, 4),
        request_bytes=first.work.body.size,
        response_bytes=0,
        thumbnail=False,
        error=None,
        parts=len(asking) if row is None else row.parts_count,
    )


def _asked(several: Sequence[Going]) -> Asked:
    """Return what all groups of a request ask for."""
    each = [asked(one.work.group.entries) for one in several]
    if len(each) == 1:
        return each[0]
    return Asked(
        tasks=tuple(task for one in each for task in one.tasks),
        words=", ".join({one.words: None for one in each if one.words}),
        models=tuple({model: None for one in each for model in one.models}),
        kinds=tuple({kind: None for one in each for kind in one.kinds}),
    )
