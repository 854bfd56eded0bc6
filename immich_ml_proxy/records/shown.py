"""A row as the list of requests shows it."""

from __future__ import annotations

from typing import Literal

import msgspec

from immich_ml_proxy.records.row import Row, time_at_servers
from immich_ml_proxy.records.text import without_surrogates

State = Literal["done", "waiting", "held", "under way"]


class Shown(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """
    :ivar id: names it in links; opaque.
    :ivar time: when the request came, in seconds since the epoch.
    :ivar words: what it asks for, for people.
    :ivar status: of the answer; ``None``: there is none, or not yet.
    :ivar duration: seconds; of these ``work`` while a machine was asked, ``wait`` the
        rest.
    :ivar thumbnail: whether its picture is kept.
    :ivar parts: how many requests went out for it.
    """

    id: str
    time: float
    trace_id: str
    kind: str
    method: str
    path: str
    tasks: tuple[str, ...]
    words: str
    models: tuple[str, ...]
    machines: tuple[str, ...]
    route: tuple[str, ...]
    status: int | None
    state: State
    wait: float
    work: float
    duration: float
    request_bytes: int
    response_bytes: int
    thumbnail: bool
    error: str | None
    parts: int


def shown(row: Row, run: str) -> Shown:
    """Return a row that has ended, as the list shows it."""
    return _shown(row, run, "done", row.duration, row.work)


def shown_under_way(row: Row, run: str, now: float) -> Shown:
    """Return a row that has not ended; ``now`` in seconds of the clock."""
    duration = max(0.0, now - row.started)
    return _shown(row, run, "under way", duration, time_at_servers(row.parts, duration))


def _shown(row: Row, run: str, state: State, duration: float, work: float) -> Shown:
    asked = row.asked
    return Shown(
        id=id_of(row, run),
        time=round(row.began, 3),
        trace_id=row.trace_id,
        kind=row.kind,
        method=row.method,
        path=row.path,
        tasks=asked.tasks,
        words=asked.words,
        models=asked.models,
        machines=tuple(map(_name, row.machines)),
        route=routes_of(row),
        status=row.status,
        state=state,
        wait=round(max(0.0, duration - work), 4),
        work=round(work, 4),
        duration=round(duration, 4),
        request_bytes=row.request_bytes,
        response_bytes=row.answer_bytes,
        thumbnail=row.picture_bytes > 0,
        error=row.error,
        parts=row.parts_count,
    )


def routes_of(row: Row) -> tuple[str, ...]:
    """Return the keys of the routes by which it went, each once."""
    return tuple({part.route: None for part in row.parts if part.route})


def id_of(row: Row, run: str) -> str:
    """Return what names a row; ``run`` names this run of the proxy."""
    return f"r{run}-{row.number}"


def number_of(name: str, run: str) -> int | None:
    """Return the number of the row that this names, if it is of this run."""
    begin, _, number = name.partition("-")
    is_ours = begin == f"r{run}" and number.isascii() and number.isdecimal()
    return int(number) if is_ours and len(number) < 16 else None


def _name(text: str) -> str:
    return without_surrogates(text)[:100]
