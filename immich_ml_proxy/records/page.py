"""What one answer tells of the rows: those that match, from a cursor on."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping, Sequence

import attrs
import msgspec

from immich_ml_proxy.errors import BadRequest
from immich_ml_proxy.records.kept import Kept
from immich_ml_proxy.records.row import Row
from immich_ml_proxy.records.search import Wanted
from immich_ml_proxy.records.shown import Shown, shown

#: Bytes of one answer, and of what is under way in it; the rest is asked for again.
MOST_BYTES = 90_000
UNDER_WAY_BYTES = 30_000
#: Rows that are told if nothing is said, and at the most.
USUAL, MOST = 200, 500
#: Requests under way that are told.
MOST_UNDER_WAY = 100
#: Rows that are looked at in one step.
STEP = 250
#: What a row costs that is searched for text for the first time, in rows.
FIRST_SEARCH = 10


@attrs.frozen
class Cursor:
    """
    Where an answer begins or ends.

    :ivar after: tell what is newer than the row of this order,
    :ivar before: or what is older.
    :ivar limit: rows at the most.
    :ivar is_reset: it is of another run, and counts as none.
    """

    after: int | None = None
    before: int | None = None
    limit: int = USUAL
    is_reset: bool = False

    @classmethod
    def of(cls, query: Mapping[str, str], run: str) -> Cursor:
        """
        Return what the parameters of a query say.

        :raises BadRequest: with the parameter that is wrong.
        """
        limit = query.get("limit", str(USUAL))
        if not re.fullmatch(r"[1-9][0-9]{0,2}", limit) or int(limit) > MOST:
            raise BadRequest(f"limit: must be a number from 1 to {MOST}")
        found: dict[str, int] = {}
        is_reset = False
        for name in ("after", "before"):
            if name in query:
                parts = re.fullmatch(r"(\w{1,40})\.([0-9]{1,15})", query[name])
                if parts is None:
                    raise BadRequest(
                        f"{name}: must be what an answer had as next or older"
                    )
                if parts[1] == run:
                    found[name] = int(parts[2])
                else:
                    is_reset = True
        if len(found) > 1:
            raise BadRequest("after, before: only one of them can be given")
        return cls(**found, limit=int(limit), is_reset=is_reset)


class Page(msgspec.Struct, rename="camel"):
    """
    What one answer tells.

    :ivar rows: JSON of each, the newest last.
    :ivar next: of the newest that was looked at; for ``after=``.
    :ivar older: of the oldest that is told, if there are older ones; for ``before=``.
    :ivar more: there are newer ones that are not told.
    :ivar reset: the cursor was of another run of the proxy.
    :ivar total: rows of these kinds, of which ``matching`` are wanted.
    """

    rows: list[msgspec.Raw]
    next: str
    older: str | None
    more: bool
    reset: bool
    total: int
    matching: int
    under_way: list[msgspec.Raw]
    under_way_total: int
    dropped: int


def page(
    kept: Kept,
    wanted: Wanted,
    cursor: Cursor,
    run: str,
    under_way: Generator[int, None, list[Shown]],
) -> Generator[int, None, Page]:
    """
    Return what is told, in steps; each yields what it has cost, in rows.

    :param run: names this run of the proxy.
    :param under_way: leads to the requests that are under way.
    """
    newest = kept.newest
    going = [one for one in (yield from under_way) if wanted.wants(one)]
    told_going, room = _encoded(going[:MOST_UNDER_WAY])
    if wanted.kinds & {"ping", "page"}:
        rows = yield from merged(list(kept.work.rows), list(kept.side.rows))
    else:
        rows = list(kept.work.rows)
    total, matching = yield from _matching(rows, wanted)
    told, begin, end = _told(matching, cursor, run, room)
    is_more = cursor.after is not None and end < len(matching)
    return Page(
        rows=told,
        next=f"{run}.{matching[end - 1].order if is_more else newest}",
        older=f"{run}.{matching[begin].order}" if 0 < begin < end else None,
        more=is_more,
        reset=cursor.is_reset,
        total=total,
        matching=len(matching),
        under_way=told_going,
        under_way_total=len(going),
        dropped=kept.dropped,
    )


def merged(
    some: Sequence[Row], others: Sequence[Row]
) -> Generator[int, None, list[Row]]:
    """Return the rows of both in their order, in steps."""
    rows: list[Row] = []
    at = 0
    for row in some:
        while at < len(others) and others[at].order < row.order:
            rows.append(others[at])
            at += 1
            if at % STEP == 0:
                yield STEP
        rows.append(row)
        if len(rows) % STEP == 0:
            yield STEP
    rows += others[at:]
    return rows


def _matching(
    rows: Sequence[Row], wanted: Wanted
) -> Generator[int, None, tuple[int, list[Row]]]:
    """Return how many there are of these kinds, and those that are wanted."""
    matching: list[Row] = []
    total = cost = 0
    for row in rows:
        cost += FIRST_SEARCH if wanted.text and row.search is None else 1
        if row.kind in wanted.kinds:
            total += 1
            if wanted.matches(row):
                matching.append(row)
        if cost >= STEP:
            yield cost
            cost = 0
    yield cost
    return total, matching


def _encoded(going: Sequence[Shown]) -> tuple[list[msgspec.Raw], int]:
    """Return requests under way as JSON, and the bytes left for what has ended."""
    told: list[msgspec.Raw] = []
    taken = 0
    for one in going:
        text = _encoder.encode(one)
        taken += len(text) + 1
        if taken > UNDER_WAY_BYTES:
            break
        told.append(msgspec.Raw(text))
    return told, MOST_BYTES - min(taken, UNDER_WAY_BYTES)


_encoder = msgspec.json.Encoder()


def _told(
    matching: Sequence[Row], cursor: Cursor, run: str, room: int
) -> tuple[list[msgspec.Raw], int, int]:
    """
    Return the rows that one answer tells, as JSON, and from where to where they are.

    :param matching: all that are wanted, in their order.
    :param room: bytes that there are for them; one row is always told.
    """
    limit = cursor.limit
    begin, end = 0, len(matching)
    if cursor.after is not None:
        begin = _count_to(matching, cursor.after)
        step = range(begin, min(end, begin + limit))
    else:
        if cursor.before is not None:
            end = _count_to(matching, cursor.before - 1)
        step = range(end - 1, max(begin, end - limit) - 1, -1)
    rows: list[msgspec.Raw] = []
    for at in step:
        text = _encoder.encode(shown(matching[at], run))
        room -= len(text) + 1
        if room < 0 and rows:
            break
        rows.append(msgspec.Raw(text))
    if cursor.after is not None:
        return rows, begin, begin + len(rows)
    rows.reverse()
    return rows, end - len(rows), end


def _count_to(rows: Sequence[Row], order: int) -> int:
    """Return how many of them have no later order."""
    low, high = 0, len(rows)
    while low < high:
        middle = (low + high) // 2
        if rows[middle].order <= order:
            low = middle + 1
        else:
            high = middle
    return low
