"""
Debug records: what went over the wire, bounded in number and in bytes.

What a record is stands in ``record``. What is recorded, and what is not (what pages ask
for all the time), is decided by the caller.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Literal

import msgspec

from immich_ml_proxy.errors import BadRequest
from immich_ml_proxy.records.record import (
    Record,
    RequestSeen,
    ResponseSeen,
    size_of,
    written,
)

MAX_RECORDS_LIMIT = 10_000
"""The most records that may be asked for."""

MAX_SERVED = 16 * 1024 * 1024
"""Bytes of records in one answer: who asks often must not have copies of all made."""

MAX_UNWRITTEN = 16 * 1024 * 1024
"""Bytes of bodies that are held for records that nobody has looked at yet."""

RECORD_OVERHEAD = 64
"""Bytes that a record takes in memory beside its JSON."""


class Recorder:
    """
    Keep the last records while switched on; switching off keeps what there is.

    A record is kept as its JSON: so its size is known and not estimated, and ten
    thousand records are ten thousand objects for the garbage collector to pass by
    instead of a million. It is written when somebody looks, or when what it is made of
    takes too much room (``MAX_UNWRITTEN``): most are dropped unseen, and to digest a
    picture takes as long as to pass it on.

    :param enabled: whether to record. Ask before gathering what a record is made of,
        so that nothing is copied while this is off.
    :param max_records: records kept, 1 to 10,000.
    :param max_bytes: bytes that all records together may take. A record that is
        larger by itself is not kept.
    :raises BadRequest: if ``max_records`` is out of range.
    """

    def __init__(
        self,
        *,
        enabled: bool = False,
        max_records: int = 100,
        max_bytes: int = 64 * 1024 * 1024,
    ) -> None:
        self.enabled = enabled
        self._max_bytes = max_bytes
        self._kept: deque[bytes] = deque()
        self._held_bytes = 0
        self._unwritten: deque[tuple[int, Callable[[], bytes]]] = deque()  # later ones
        self._unwritten_bytes = 0
        self._last_id = 0
        self.max_records = max_records

    @property
    def max_records(self) -> int:
        """Records kept; a smaller number drops the oldest at once."""
        return self._max_records

    @max_records.setter
    def max_records(self, number: int) -> None:
        if not 1 <= number <= MAX_RECORDS_LIMIT:
            raise BadRequest(
                f"maxRecords: must be a number from 1 to {MAX_RECORDS_LIMIT}"
            )
        self._max_records = number
        self._drop_oldest()
        self._drop_unseen()

    @property
    def record_count(self) -> int:
        """Records kept now."""
        self._write()
        return len(self._kept)

    @property
    def held_bytes(self) -> int:
        """Bytes taken by the records kept now; at most ``max_bytes``."""
        self._write()
        return self._held_bytes

    def record(
        self,
        *,
        now: float,
        duration: float,
        type: Literal["incoming", "outgoing"],
        trace_id: str,
        backend: str | None,
        request: RequestSeen,
        response: ResponseSeen | None,
        error: str | None,
    ) -> None:
        """
        Keep a finished exchange; do nothing while switched off.

        :param now: when the request began, in seconds since the epoch.
        :param duration: seconds from then to the end of the answer.
        :param backend: name of the backend, if one was concerned.
        :param response: ``None`` if there was none.
        :param error: what went wrong, in words.
        """
        if not self.enabled:
            return
        self._last_id += 1
        size = size_of(response) if response is not None else 0
        if type == "incoming":  # what went on of it is the same bytes
            size += size_of(request)
        write = partial(
            written,
            self._last_id,
            now,
            duration,
            type,
            trace_id,
            backend,
            request,
            response,
            error,
        )
        self._unwritten.append((size, write))
        self._unwritten_bytes += size
        self._drop_unseen()
        while self._unwritten_bytes > MAX_UNWRITTEN:
            self._write_one()

    def _write(self) -> None:
        """Write what there is to be looked at."""
        while self._unwritten:
            self._write_one()

    def _write_one(self) -> None:
        size, write = self._unwritten.popleft()
        self._unwritten_bytes -= size
        kept = write()
        if len(kept) + RECORD_OVERHEAD <= self._max_bytes:
            self._kept.append(kept)
            self._held_bytes += len(kept) + RECORD_OVERHEAD
            self._drop_oldest()

    def _drop_unseen(self) -> None:
        """Drop what later ones have pushed out before anybody looked."""
        while len(self._unwritten) > self._max_records:
            size, _ = self._unwritten.popleft()
            self._unwritten_bytes -= size
            self._kept.clear()
            self._held_bytes = 0

    def records(self) -> list[Record]:
        """The records kept, oldest first."""
        self._write()
        return [msgspec.json.decode(kept, type=Record) for kept in self._kept]

    def to_json(self, last: int = MAX_RECORDS_LIMIT) -> bytes:
        """
        The last records as a JSON array, oldest first; cheaper than ``records``.

        :param last: how many; fewer where they are over ``MAX_SERVED``, but for one.
        """
        self._write()
        served: list[bytes] = []
        size = 0
        for kept in reversed(self._kept):
            size += len(kept)
            if served and (size > MAX_SERVED or len(served) >= last):
                break
            served.append(kept)
        return b"[" + b",".join(reversed(served)) + b"]"

    def clear(self) -> None:
        """Forget all records."""
        self._kept.clear()
        self._unwritten.clear()
        self._held_bytes = self._unwritten_bytes = 0

    def _drop_oldest(self) -> None:
        while len(self._kept) > self._max_records or self._held_bytes > self._max_bytes:
            self._held_bytes -= len(self._kept.popleft()) + RECORD_OVERHEAD
