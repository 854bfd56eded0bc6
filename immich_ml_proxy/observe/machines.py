"""What is told of each server, as JSON: the rows of the table of machines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from immich_ml_proxy.balancer.replica_set import Machine, ReplicaSet
from immich_ml_proxy.balancer.replicas import address_of
from immich_ml_proxy.balancer.server import Server
from immich_ml_proxy.observe.history import ASIDE, DOWN, UP, ServerHistory
from immich_ml_proxy.observe.kinds import SEARCH
from immich_ml_proxy.observe.log_times import MILLISECONDS, Histogram
from immich_ml_proxy.observe.moment import Moment
from immich_ml_proxy.observe.standing import Standing
from immich_ml_proxy.observe.tracks import MINUTES

#: Seconds over which traffic is told as a rate.
RATE_OVER = 10
#: Minutes that have a tick.
TICKS = 60

_TICKS = {UP: "u", ASIDE: "a", DOWN: "d"}
_STATES = {"up": UP, "down": DOWN, "drained": ASIDE, "disabled": ASIDE}


def number_of(standing: Standing) -> int:
    """Return the state of a server as its history keeps it; 0 if it is not known."""
    return _STATES.get(standing.state, 0)


def beats(history: ServerHistory, minute: int) -> str:
    """Return a character for each of the last minutes, this one included."""
    begin = minute - TICKS + 1
    failed = [0] * TICKS
    for kind in history.kinds.values():
        for at, count in enumerate(kind.failed.minutes.read(begin, minute + 1)):
            failed[at] += count
    states = history.state.minutes.read(begin, minute + 1)
    return "".join(
        "e" if state == UP and count else _TICKS.get(state, " ")
        for state, count in zip(states, failed, strict=True)
    )


def rates(counts: Mapping[str, int], seconds: int) -> dict[str, float]:
    """Return searches and images per second, those that there were."""
    images = sum(count for kind, count in counts.items() if kind != SEARCH)
    told = {SEARCH: counts.get(SEARCH, 0), "image": images}
    return {name: round(count / seconds, 2) for name, count in told.items() if count}


def row(
    server: Machine,
    history: ServerHistory,
    standing: Standing,
    moment: Moment,
    started: float,
) -> dict[str, Any]:
    """
    Return what is told of a server, but for what depends on the others.

    :param started: when the counting began, in seconds of the clock.
    """
    second, minute = moment.second, moment.second // 60
    return {
        "name": server.name,
        "url": server.backend.url,
        "state": standing.state,
        "since": moment.unix(standing.since),
        "why": standing.why,
        "by": standing.by,
        "until": server.until if standing.is_aside else None,
        "resting": server.is_resting or (standing.state == "down" and server.is_asleep),
        "canWake": server.backend.wake_on_lan is not None,
        "inFlight": server.in_flight,
        "limit": server.limiter.limit,
        "limitFound": server.backend.max_concurrent == "auto",
        "perMinute": history.count(second - 60, second),
        "rate": rates(history.count(second - RATE_OVER, second), RATE_OVER),
        "search": _times(history.searches.read(minute)),
        "image": _times(history.images.read(minute)),
        "errors": _errors(history, moment, started),
        "beats": beats(history, minute),
        "cannot": server.abilities.cannot(moment.now),
        "notes": _notes(server, moment.now),
    }


def replicas(
    machine: Machine,
    standing_of: Callable[[Machine, Server], Standing],
    moment: Moment,
) -> dict[str, Any]:
    """Return what is told of the replicas of a set beside its row; else nothing."""
    if not isinstance(machine, ReplicaSet):
        return {}
    rows = [
        {
            **_replica(one, moment.now),
            "state": standing.state,
            "since": moment.unix(standing.since),
            "why": standing.why,
        }
        for one in machine.replicas
        if (standing := standing_of(machine, one))
    ]
    # What was begun before there was an address is at none.
    leaving = [one for one in machine.leaving if address_of(one.backend)]
    gone = {"state": "leaving", "since": 0, "why": ""}
    return {
        "replicas": [*rows, *({**_replica(one, moment.now), **gone} for one in leaving)]
    }


def _replica(server: Server, now: float) -> dict[str, Any]:
    return {
        "address": address_of(server.backend),
        "inFlight": server.in_flight,
        "limit": server.limiter.limit,
        "served": server.served,
        "cannot": server.abilities.cannot(now),
        "notes": _notes(server, now),
    }


def _times(times: Histogram) -> dict[str, int] | None:
    if not times:
        return None
    return {f"p{part}": MILLISECONDS[times.percentile(part / 100)] for part in (50, 95)}


def _errors(
    history: ServerHistory, moment: Moment, started: float
) -> dict[str, Any] | None:
    minute = moment.second // 60
    first = minute - MINUTES + 1
    count = history.failures_since(first, minute)
    failures = history.failures
    if not count or failures is None:
        return None
    return {
        "count": count,
        "since": max(moment.unix(started), moment.unix_step(first, 60)),
        "last": moment.unix(failures.last),
        "why": failures.why[:200],
    }


def _notes(server: Machine, now: float) -> list[str]:
    # What it cannot do stands in a field of its own.
    return [one for one in server.notes(now) if not one.startswith("cannot: ")]
