"""What the history lets one expect, and what it advises: told as JSON."""

from __future__ import annotations

from typing import Any

import attrs
import msgspec

from immich_ml_proxy.balancer.replica_set import Machine
from immich_ml_proxy.config.model import Config, Route
from immich_ml_proxy.observe import advice, time_left
from immich_ml_proxy.observe.kinds import IMAGES, JOBS, KEYS
from immich_ml_proxy.observe.moment import Moment
from immich_ml_proxy.observe.time_left import Queues
from immich_ml_proxy.observe.watch import Watch
from immich_ml_proxy.protocol import routing


def left(watch: Watch, moment: Moment, queues: Queues | None) -> dict[str, Any]:
    """Return how long it will still take, as JSON; see ``time_left``."""
    history, second = watch.history, moment.second
    begin = second - time_left.OVER
    rates = {
        kind: time_left.rate(
            _done(watch, kind, begin, second), _under_way(watch, kind, begin, second)
        )
        for kind in IMAGES
    }
    now = moment.now
    if queues is not None and queues.asked is not None:
        now = queues.asked
        queues = attrs.evolve(queues, asked=moment.unix(queues.asked))
    return time_left.time_left(history.done, rates, queues, moment.unix(now))


def advised(watch: Watch, moment: Moment) -> list[dict[str, Any]]:
    """Return what to do about machines with nothing to do, as JSON; see ``advice``."""
    end = moment.second
    begin = end - advice.OVER
    counts = {kind: sum(_done(watch, kind, begin, end)) for kind in JOBS}
    told: dict[str, dict[str, Any]] = {}
    for kind in sorted(counts, key=lambda one: -counts[one]):
        route = _route_of(kind, watch.pool.config)
        if not counts[kind] or route is None:
            continue
        under_way = _under_way(watch, kind, begin, end)
        waiting = watch.history.route(route.key).waiting.get(kind)
        for one in advice.advice(
            kind,
            under_way,
            [] if waiting is None else waiting.seconds.read(begin, end),
            [
                advice.Machine(
                    server.name,
                    server.limiter.found,
                    advice.idle_share(
                        watch.history.server(key).busy.seconds.read(begin, end),
                        under_way,
                    ),
                )
                for server, key in watch.keys.items()
                if server.name in route.backends and _is_well(server, moment.now)
            ],
        ):
            told.setdefault(one["machine"], one)
    return list(told.values())


def _done(watch: Watch, kind: str, begin: int, end: int) -> list[int]:
    """Return how many of a kind were done in each second."""
    kinds = [one.kinds.get(kind) for one in watch.history.servers.values()]
    counts = [one.done.seconds.read(begin, end) for one in kinds if one is not None]
    return [sum(each) for each in zip(*counts, strict=True)] or [0] * (end - begin)


def _under_way(watch: Watch, kind: str, begin: int, end: int) -> list[int]:
    track = watch.history.under_way.get(kind)
    return [0] * (end - begin) if track is None else track.seconds.read(begin, end)


def _is_well(server: Machine, now: float) -> bool:
    return server.is_enabled and server.reported(now).status == "healthy"


def _route_of(kind: str, config: Config) -> Route | None:
    """Return where work of a kind goes."""
    if config.default is None:
        return None
    task, _, only = KEYS[kind].partition("/")
    types = (only,) if only else ("detection", "recognition")
    asked = {task: dict.fromkeys(types, msgspec.Raw(b"{}"))}
    return routing.groups(asked, config)[0].route
