"""
What nobody else can say: that a machine has nothing to do while Immich has work.

Immich sends as many requests at once as its settings say, and that may be fewer than
the machines can take.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from immich_ml_proxy.observe.kinds import JOBS

#: Seconds that are looked at,
OVER = 300
#: and of those there must have been so many with work of the kind under way.
WORKING = 120
#: Share of the time with nothing to do from which on it is worth a word.
IDLE = 0.3
#: No higher concurrency is advised.
HIGHEST = 16


@attrs.frozen
class Machine:
    """
    A server that the kind of work may go to.

    :ivar places: requests that it may be given at once.
    :ivar idle: share of the time, while there was work, in which it had nothing to do.
    """

    name: str
    places: int
    idle: float


def idle_share(busy: Sequence[int], under_way: Sequence[int]) -> float:
    """
    Return the share of the time in which there was work, and none for the server.

    :param busy: hundredths of each second for which it had anything to do.
    :param under_way: requests under way in each second.
    """
    working = [
        min(part, 100) for part, any_ in zip(busy, under_way, strict=True) if any_
    ]
    return 1 - sum(working) / (100 * len(working)) if working else 0.0


def advice(
    kind: str,
    under_way: Sequence[int],
    waiting: Sequence[int],
    machines: Sequence[Machine],
) -> list[dict[str, Any]]:
    """
    Return what to say about one kind of work, at most a sentence, as JSON.

    :param under_way: its requests under way, of each of the last seconds.
    :param waiting: those of them that wait for a place: then Immich sends enough.
    :param machines: those it may go to that are well.
    """
    working = [count for count in under_way if count]
    idle = max(machines, key=lambda one: one.idle, default=None)
    if kind not in JOBS or idle is None or len(working) < WORKING:
        return []
    # What is seldom, such as the moment after a pause, is no habit.
    at_once = sorted(working)[int(0.95 * (len(working) - 1))]
    waited = sum(1 for count in waiting if count)
    enough = min(HIGHEST, sum(one.places for one in machines))
    if idle.idle < IDLE or waited > len(working) / 20 or enough <= at_once:
        return []
    return [
        {
            "machine": idle.name,
            "kind": kind,
            "idle": round(idle.idle, 2),
            "atOnce": at_once,
            "raiseTo": enough,
            "text": f"{idle.name} is idle {100 * idle.idle:.0f} % of the time because "
            f"Immich sends {at_once} at once; raise {JOBS[kind]} concurrency to "
            f"{enough}",
        }
    ]
