"""Up to how many requests at once a server gets faster, and what follows from that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from immich_ml_proxy.observe.kinds import JOBS, SEARCH

#: A step up must bring so much more, as a share, to be worth its wait.
WORTH = 0.1
#: Numbers of requests at once that are tried, one after the other.
LEVELS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
#: Immich takes no higher concurrency seriously.
HIGHEST = 32


@attrs.frozen
class Level:
    """
    What was measured with so many requests at once.

    :ivar at_once: how many.
    :ivar rate: requests answered well in a second.
    :ivar median: seconds of one.
    :ivar p95: seconds within which 95 % were answered.
    :ivar failed: requests that were not answered well.
    """

    at_once: int
    rate: float
    median: float
    p95: float
    failed: int = 0


def is_worth_more(levels: Sequence[Level]) -> bool:
    """Whether a higher level should be tried after these, of which there is one."""
    last = levels[-1]
    if last.failed or len(levels) < 2:
        return not last.failed
    # One step that brings nothing may be noise; two are none.
    best = max(level.rate for level in levels[:-2]) if len(levels) > 2 else 0.0
    return max(level.rate for level in levels[-2:]) >= (1 + WORTH) * best


def knee(levels: Sequence[Level]) -> Level | None:
    """
    Return the lowest level that is about as fast as any, ``None`` if none went well.

    A level with failures is none to run at, nor are those above it.
    """
    well: list[Level] = []
    for level in levels:
        if level.failed:
            break
        well.append(level)
    best = max((level.rate for level in well), default=0.0)
    return next((level for level in well if level.rate * (1 + WORTH) >= best), None)


@attrs.frozen
class Advice:
    """
    What to enter where.

    :ivar limits: requests at once of each server, by its name and the kind of work.
    :ivar weights: of each server: its speed beside the slowest one's, which is 1.
    :ivar concurrency: of Immich's jobs, by their name there.
    """

    limits: dict[str, dict[str, int]]
    weights: dict[str, float]
    concurrency: dict[str, int]


def advice(found: Mapping[str, Mapping[str, Level | None]]) -> Advice:
    """
    Return what to enter, from the knees that were found.

    :param found: by server and kind of work; ``None``: it cannot do that.
    """
    limits = {
        server: {kind: level.at_once for kind, level in kinds.items() if level}
        for server, kinds in found.items()
    }
    concurrency: dict[str, int] = {}
    for kinds in limits.values():
        for kind, places in kinds.items():
            if kind != SEARCH:
                job = JOBS.get(kind, kind)
                concurrency[job] = min(HIGHEST, concurrency.get(job, 0) + places)
    return Advice(limits, _weights(found), concurrency)


def _weights(found: Mapping[str, Mapping[str, Level | None]]) -> dict[str, float]:
    """Compare servers by the kinds of work that all of them do."""
    able = {server: kinds for server, kinds in found.items() if any(kinds.values())}
    common = [
        kind
        for kind in {kind for kinds in able.values() for kind in kinds}
        if all(kinds.get(kind) is not None for kinds in able.values())
    ]
    # Seconds of one of each kind, which is what a picture of Immich's takes in all.
    seconds = {
        server: sum(1 / level.rate for kind in common if (level := kinds[kind]))
        for server, kinds in able.items()
    }
    slowest = max(seconds.values(), default=0.0)
    if not common or not slowest:
        return {}
    return {server: round(slowest / one, 1) for server, one in seconds.items()}
