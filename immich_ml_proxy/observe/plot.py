"""What is plotted, as JSON: images by server and searches' p95, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from immich_ml_proxy.observe.history import History, ServerHistory
from immich_ml_proxy.observe.kinds import SEARCH
from immich_ml_proxy.observe.log_times import MILLISECONDS
from immich_ml_proxy.observe.moment import Moment
from immich_ml_proxy.observe.tracks import MINUTES, SECONDS

#: Seconds of a step, and steps, by range.
RANGES: Mapping[str, tuple[int, int]] = {"15m": (1, SECONDS), "24h": (60, MINUTES)}


def plot(
    history: History,
    names: Mapping[str, str],
    which: str,
    since: int | None,
    until: int,
    moment: Moment,
) -> dict[str, Any]:
    """
    Return the steps of a range.

    Of the first steps those are left out in which nothing was done, and what is 0
    throughout. Steps are multiples of their length in Unix time.

    :param names: of the servers, by what they are known by.
    :param which: one of :data:`RANGES`.
    :param since: the second from which on they are wanted; ``None``: all.
    :param until: the second before which they end; no more was done since.
    """
    length, count = RANGES[which]
    end = -(-until // length)  # a minute is told while it is going on
    begin = -(-moment.second // length) - count
    if since is not None:
        begin = max(begin, since // length)
    images = {
        names[key]: _images(one, which, begin, end)
        for key, one in history.servers.items()
        if key in names
    }
    track = history.search_p95
    ring = track.seconds if which == "15m" else track.minutes
    p95 = [MILLISECONDS[unit] for unit in ring.read(begin, end)]
    told = {name: counts for name, counts in images.items() if any(counts)}
    idle = min((_zeros(each) for each in (*told.values(), p95)), default=0)
    return {
        "range": which,
        "step": length,
        "from": moment.unix_step(begin + idle, length),
        "until": moment.unix_step(end, length),
        "images": {name: _cut(counts, idle) for name, counts in told.items()},
        "searchP95": _cut(p95, idle),
    }


def _images(server: ServerHistory, which: str, begin: int, end: int) -> list[int]:
    total = [0] * max(0, end - begin)
    for kind, one in server.kinds.items():
        if kind != SEARCH:
            ring = one.done.seconds if which == "15m" else one.done.minutes
            total = [a + b for a, b in zip(total, ring.read(begin, end), strict=True)]
    return total


def _zeros(numbers: list[int]) -> int:
    """Return how many zeros come first."""
    return next((at for at, one in enumerate(numbers) if one), len(numbers))


def _cut(numbers: list[int], idle: int) -> list[int]:
    """Return the numbers without the first, and without zeros at the end."""
    end = len(numbers)
    while end > idle and not numbers[end - 1]:
        end -= 1
    return numbers[idle:end]
