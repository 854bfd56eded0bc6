"""All records as one JSON array, made piece by piece."""

from __future__ import annotations

import hashlib
from collections.abc import Generator

from immich_ml_proxy.records.content import picture
from immich_ml_proxy.records.kept import Kept
from immich_ml_proxy.records.page import merged
from immich_ml_proxy.records.record import of_part, of_row
from immich_ml_proxy.records.row import Row

#: What it costs to write one record, and of how many bytes of it, or of a picture that
#: is digested, as much again; in rows that are looked at.
ONE = 150
BYTES = 600
#: Bytes of a picture that are digested at once.
BLOCK = 256 * 1024


def array(kept: Kept, last: int | None) -> Generator[tuple[int, bytes], None, None]:
    """
    Yield the pieces of the array, oldest first, each with what it has cost.

    Records are written as they are when it is their turn: what has lost its content
    meanwhile is told without it.

    :param last: so many of them, counted from the newest; ``None``: all.
    """
    steps = merged(list(kept.work.rows), list(kept.side.rows))
    while True:
        try:
            yield next(steps), b""
        except StopIteration as over:
            rows: list[Row] = over.value
            break
    skipped, first = _skipped(rows, last)
    separator = b"["
    for row in rows[first:]:
        for cost in digest(row):
            yield cost, b""
        parts = [text for part in row.parts if (text := of_part(row, part))]
        own = of_row(row)
        for text in [*parts, own] if own else parts:
            if skipped:
                skipped -= 1
                continue
            yield ONE + len(text) // BYTES, separator + text
            separator = b","
    yield 1, b"]" if separator == b"," else b"[]"


def _skipped(rows: list[Row], last: int | None) -> tuple[int, int]:
    """Return how many records of which row are left out, with all before it."""
    if last is None:
        return 0, 0
    for at in range(len(rows) - 1, -1, -1):
        row = rows[at]
        last -= sum(1 for part in row.parts if part.number) + bool(row.record)
        if last <= 0:
            return -last, at
    return 0, 0


def digest(row: Row) -> Generator[int, None, None]:
    """Have the row know the digest of its picture, if that is there; in steps."""
    if row.digest is not None or row.content is None:
        return
    pieces = picture(row.content)
    if pieces is None:
        return
    sha256 = hashlib.sha256()
    for piece in pieces:
        view = memoryview(piece)
        for begin in range(0, len(view), BLOCK):
            sha256.update(view[begin : begin + BLOCK])
            yield min(len(view), BLOCK) // BYTES
    row.digest = sha256.hexdigest()
