"""How the backends are: the values of ``/api/status`` and ``/api/health``."""

from __future__ import annotations

from collections import Counter
from typing import Any

import attrs

from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.balancer.replica_set import Machine, ReplicaSet
from immich_ml_proxy.balancer.replicas import address_of
from immich_ml_proxy.balancer.scheduler import Scheduler


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
            machine.name: {
                **_server(machine, now),
                "waiting": sum(
                    count
                    for route, count in waiting.items()
                    if machine.name in route.backends
                ),
                **_replicas(machine, now),
            }
            for machine in pool.machines
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


def _replicas(machine: Machine, now: float) -> dict[str, Any]:
    """Return the numbers of each replica, by its address; those that leave are last."""
    if not isinstance(machine, ReplicaSet):
        return {}
    staying = {address_of(one.backend): _server(one, now) for one in machine.replicas}
    leaving = {
        address_of(one.backend): {**_server(one, now), "leaving": True}
        for one in machine.leaving
    }
    leaving.pop("", None)  # what was begun before there was an address
    return {"replicas": {**staying, **leaving}}


def _server(server: Machine, now: float) -> dict[str, Any]:
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


def health_of_all(pool: Pool, now: float, ahead: float) -> dict[str, Any]:
    """
    Return the health of every backend by its name; replicas are in it by address.

    :param ahead: seconds that the wall clock is ahead of ``now``.
    """
    told = {}
    for machine in pool.machines:
        told[machine.name] = _health(machine, now, ahead)
        if isinstance(machine, ReplicaSet):
            told[machine.name]["replicas"] = {
                address_of(one.backend): _health(one, now, ahead)
                for one in machine.replicas
            }
    return told


def _health(machine: Machine, now: float, ahead: float) -> dict[str, Any]:
    health = machine.reported(now)
    told: dict[str, Any] = {
        "status": health.status,
        "lastCheck": int(health.last_check and health.last_check + ahead),
        "error": health.error,
    }
    notes = [one for one in machine.notes(now) if one not in health.error]
    if notes:
        told["note"] = "; ".join(notes)
    return told
