"""What is told of each route, as JSON: what comes, where it goes, and what waits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.balancer.replica_set import Machine
from immich_ml_proxy.config.model import DEFAULT_ROUTE, Route
from immich_ml_proxy.observe.history import History
from immich_ml_proxy.observe.kinds import KEYS
from immich_ml_proxy.observe.machines import RATE_OVER
from immich_ml_proxy.observe.moment import Moment
from immich_ml_proxy.observe.waiting import Crowd


def rows(
    pool: Pool,
    history: History,
    keys: Mapping[Machine, str],
    crowds: Mapping[tuple[str, str], Crowd],
    moment: Moment,
) -> list[dict[str, Any]]:
    """
    Return what is told of every route of the configuration in force.

    :param keys: what servers are known by in the history.
    :param crowds: who waits, by route and kind; some may wait under the route that had
        the key before.
    """
    config, second = pool.config, moment.second
    return [
        {
            "key": route.key,
            "machines": list(route.backends),
            "fallback": _fallback(route, config.default),
            "down": pool.is_down(route, moment.now),
            "holds": route.hold_seconds > 0,
            "arrived": _arrived(history, route.key, second),
            "to": _to(history, keys, route.key, second),
            "maxWaiting": route.max_waiting,
            "waiting": [
                _crowd(route, kind, crowd, moment)
                for (key, kind), crowd in crowds.items()
                if key == route.key
            ],
        }
        for route in config.all_routes
    ]


def _fallback(route: Route, default: Route | None) -> list[str]:
    """Return the further servers that it goes to when none of its own is well."""
    if not route.fallback or default is None:
        return []
    return [name for name in default.backends if name not in route.backends]


def _arrived(history: History, key: str, second: int) -> dict[str, float]:
    return _rates(history.route(key).arrived, second)


def _to(
    history: History, keys: Mapping[Machine, str], route_key: str, second: int
) -> dict[str, dict[str, float]]:
    told = {}
    for server, key in keys.items():
        rings = {
            is_search: ring
            for (route, is_search), ring in history.server(key).traffic.items()
            if route == route_key
        }
        told[server.name] = _rates(rings, second)
    return {name: rates for name, rates in told.items() if rates}


def _rates(rings: Mapping[bool, Any], second: int) -> dict[str, float]:
    names = {True: "search", False: "image"}
    counts = {
        names[is_search]: ring.sum(second - RATE_OVER, second)
        for is_search, ring in rings.items()
    }
    return {name: round(one / RATE_OVER, 2) for name, one in counts.items() if one}


def _crowd(route: Route, kind: str, crowd: Crowd, moment: Moment) -> dict[str, Any]:
    gives_up = crowd.gives_up
    return {
        "kind": kind,
        "waiting": crowd.count,
        "held": crowd.held,
        "oldest": moment.unix(crowd.oldest),
        "givesUp": None if gives_up is None else moment.unix(gives_up),
        "for": [server.name for server in crowd.awaited],
        "takers": [server.name for server in crowd.takers],
        "task": KEYS.get(kind) if route.key == DEFAULT_ROUTE else route.key,
    }
