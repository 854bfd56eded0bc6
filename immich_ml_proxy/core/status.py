"""What is going on, in numbers: the values of ``/api/status``."""

from __future__ import annotations

from typing import Any

import attrs

from immich_ml_proxy.core.member import Member
from immich_ml_proxy.core.pool import Pool
from immich_ml_proxy.core.scheduler import Scheduler


def status(pool: Pool, scheduler: Scheduler, now: float) -> dict[str, Any]:
    """
    Return the numbers of every backend and every route.

    Times are milliseconds. A backend's ``waiting`` counts the requests that wait on
    routes it belongs to, so one request may count at several backends.
    """
    waiting = scheduler.waiting()
    routes = dict.fromkeys((*pool.config.all_routes, *waiting))
    return {
        "backends": {
            member.name: {
                **_member(member, now),
                "waiting": sum(
                    count
                    for route, count in waiting.items()
                    if member.name in route.backends
                ),
            }
            for member in pool
        },
        "routes": {
            route.key: {
                "waiting": waiting.get(route, 0),
                "maxWaiting": route.max_waiting,
                "held": waiting.get(route, 0) if pool.is_down(route, now) else 0,
                "down": pool.is_down(route, now),
            }
            for route in routes
        },
    }


def _member(member: Member, now: float) -> dict[str, Any]:
    return {
        "state": member.backend.state,
        "status": member.reported(now).status,
        "inFlight": member.in_flight,
        "limit": member.limiter.limit,
        "limitIsFound": member.backend.max_concurrent == "auto",
        "served": member.served,
        "failed": member.failed,
        "retried": member.retried,
        "ejections": member.ejections,
        "serviceTimes": {
            task: attrs.asdict(percentiles)
            for task, percentiles in member.times.percentiles().items()
        },
    }
