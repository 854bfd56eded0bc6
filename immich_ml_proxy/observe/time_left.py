"""How long it will still take: by kind of work, and of all the slowest counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from immich_ml_proxy.observe.kinds import IMAGES, OTHER

#: Seconds over which is counted how fast it goes; fewer when work has begun since,
OVER = 60
#: but not fewer than these.
AT_LEAST = 5


@attrs.frozen
class Queue:
    """
    What Immich tells of one of its queues.

    :ivar left: jobs that wait or are under way.
    :ivar is_paused: none of them is begun.
    """

    left: int
    is_paused: bool = False


@attrs.frozen
class Queues:
    """
    What Immich has told.

    :ivar by_kind: its queues, by kind of work; empty when it did not tell.
    :ivar asked: when, in seconds of the clock; ``None``: not yet.
    :ivar error: why it did not tell, a sentence.
    """

    by_kind: Mapping[str, Queue] = {}
    asked: float | None = None
    error: str | None = None


def rate(done: Sequence[int], under_way: Sequence[int]) -> float:
    """
    Return how many are done in a second.

    :param done: how many were, of each of the last seconds, the oldest first.
    :param under_way: how many were under way in it; before the first one there was
        nothing to do.
    """
    begun = next((at for at, one in enumerate(under_way) if one), len(under_way))
    first = next((at for at, one in enumerate(done) if one), len(done))
    seconds = max(AT_LEAST, len(done) - min(begun, first))
    return sum(done) / seconds


def time_left(
    done: Mapping[str, int],
    rates: Mapping[str, float],
    queues: Queues | None,
    now: float,
) -> dict[str, Any]:
    """
    Return what is told of the time left, as JSON, with Unix times.

    :param done: since the start, by kind.
    :param rates: per second, by kind; see :func:`rate`.
    :param queues: what Immich has told; ``None`` when it is not asked.
    :param now: Unix time of what Immich has told; the times that follow from it are
        rounded to what can be known of them.
    """
    by_kind = queues.by_kind if queues is not None else {}
    kinds = {}
    for kind in IMAGES:
        queue = by_kind.get(kind)
        if kind != OTHER and (done.get(kind) or rates.get(kind) or queue):
            kinds[kind] = _kind(done.get(kind, 0), rates.get(kind, 0.0), queue, now)
    waiting = {kind: one for kind, one in kinds.items() if one["left"]}
    slowest = max(
        waiting,
        key=lambda kind: waiting[kind]["ends"] or float("inf"),
        default=None,
    )
    return {
        "source": "counts" if queues is None else "immich",
        "asked": None if queues is None else queues.asked,
        "error": None if queues is None else queues.error,
        "kinds": kinds,
        "slowest": slowest,
        "ends": waiting[slowest]["ends"] if slowest is not None else None,
    }


def _kind(done: int, rate: float, queue: Queue | None, now: float) -> dict[str, Any]:
    left = None if queue is None else queue.left
    ends = None
    if left and rate and queue is not None and not queue.is_paused:
        seconds = left / rate
        # To the second where that is near, to one in a hundred where it is far.
        grain = max(1.0, 10.0 ** (len(str(int(seconds))) - 3))
        ends = round((now + seconds) / grain) * grain
    return {
        "done": done,
        "rate": round(rate, 2),
        "left": left,
        "ends": ends,
        "paused": queue is not None and queue.is_paused,
    }
