"""What is going on, in numbers: the values of ``/api/status``."""

from __future__ import annotations

from collections import Counter
from typing import Any

import attrs

from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.balancer.scheduler import Scheduler
from immich_ml_proxy.balancer.server import Server


def status(pool: Pool, scheduler: Scheduler, now: float) -> dict[str, Any]:
    """
    Return the numbers of every backend and every route.

    Times are milliseconds. A backend's ``waiting`` counts the requests that wait on
    routes it belongs to, so one request may count at several backends.
    """
    waiting = scheduler.waiting()
    routes = {route.key: route for route in (*waiting, *pool.config.all_routes)}
    # Some may still wait under the route that had this key before.
    counts = Counter[str]()
    for route, count in waiting.items():
        counts[route.key] += count
    return {
        "backends": {
            server.name: {
                **_server(server, now),
                "waiting": sum(
                    count
                    for route, count in waiting.items()
                    if server.name in route.backends
                ),
            }
            for server in pool
        },
        "routes": {
            key: {
                "waiting": counts[key],
                "maxWaiting": route.max_waiting,
                "held": counts[key] if pool.is_down(route, now) else 0,
                "down": pool.is_down(route, now),
            }
            for key, route in routes.items()
        },
    }


def _server(server: Server, now: float) -> dict[str, Any]:
    return {
        "state": server.backend.state,
        "disabledUntil": server.backend.disabled_until,
        "offUntil": None if server.off is None else server.off.until,
        "resting": server.is_resting,
        "status": server.reported(now).status,
        "inFlight": server.in_flight,
        "limit": server.limiter.limit,
        "limitIsFound": server.backend.max_concurrent == "auto",
        "served": server.served,
        "failed": server.failed,
        "retried": server.retried,
        "normalised": server.normalised,
        "cannot": server.abilities.cannot(now),
        "notes": server.notes(now),
        "ejections": server.ejections,
        "serviceTimes": {
            task: attrs.asdict(percentiles)
            for task, percentiles in server.times.percentiles().items()
        },
    }
