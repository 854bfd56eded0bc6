"""The rows that are kept: how many, and how many bytes of them."""

from __future__ import annotations

from immich_ml_proxy.errors import BadRequest
from immich_ml_proxy.records.ring import Ring
from immich_ml_proxy.records.row import Row

MAX_RECORDS_LIMIT = 10_000
"""The most rows that may be asked for, and what is kept if nothing else is said."""

MAX_BYTES = 64 * 1024 * 1024
"""Bytes of all of it, and of the pictures in it."""
MAX_PICTURE_BYTES = 16 * 1024 * 1024

SIDE_SHARE = 10
"""Of the rows, pings and pages take one in so many at the most, if all are taken."""


class Kept:
    """
    The oldest pictures go first, then the oldest contents, and then rows.

    :param max_records: rows kept, 1 to 10,000.
    :param max_bytes: bytes that all of it may take,
    :param max_picture_bytes: and the pictures in it.
    :raises BadRequest: if ``max_records`` is out of range.
    :ivar work: the rows of work,
    :ivar side: and of pings and pages.
    :ivar by_number: the rows by their numbers; those under way, too, which others add.
    :ivar dropped: how many rows were pushed out by newer ones.
    :ivar newest: the order of the row that has ended last.
    """

    def __init__(
        self,
        max_records: int = MAX_RECORDS_LIMIT,
        max_bytes: int = MAX_BYTES,
        max_picture_bytes: int = MAX_PICTURE_BYTES,
    ) -> None:
        self.max_bytes = max_bytes
        self.max_picture_bytes = max_picture_bytes
        self.work = Ring()
        self.side = Ring()
        self.by_number: dict[int, Row] = {}
        self.dropped = self.newest = 0
        self.max_records = max_records

    @property
    def max_records(self) -> int:
        """Rows kept; a smaller number drops the oldest at once."""
        return self._max_records

    @max_records.setter
    def max_records(self, number: int) -> None:
        if not 1 <= number <= MAX_RECORDS_LIMIT:
            raise BadRequest(
                f"maxRecords: must be a number from 1 to {MAX_RECORDS_LIMIT}"
            )
        self._max_records = number
        self._drop()

    def __len__(self) -> int:
        return len(self.work) + len(self.side)

    @property
    def bytes(self) -> int:
        """Bytes taken by all of it; at most ``max_bytes``."""
        return self.work.bytes + self.side.bytes

    @property
    def picture_bytes(self) -> int:
        """Bytes that the pictures take of it."""
        return self.work.picture_bytes + self.side.picture_bytes

    def add(self, row: Row) -> None:
        """Keep a row that has ended."""
        self.newest += 1
        row.order = self.newest
        self._ring_of(row).add(row)
        self._drop()

    def grow(self, row: Row, size: int) -> None:
        """The content of a row that is kept has become larger."""
        self._ring_of(row).grow(row, size)
        self._drop()

    def clear(self) -> None:
        """Forget all but what is under way."""
        self.work.clear()
        self.side.clear()
        self.by_number = {
            number: row for number, row in self.by_number.items() if not row.order
        }

    def _ring_of(self, row: Row) -> Ring:
        return self.work if row.kind in ("predict", "other") else self.side

    def _drop(self) -> None:
        """Hold all the bounds."""
        work, side = self.work, self.side
        while work.picture_bytes > self.max_picture_bytes:
            work.hide()  # only work comes with pictures
        while self.bytes > self.max_bytes and (work.full or side.full):
            fuller = [ring for ring in (work, side) if ring.full]
            min(fuller, key=lambda ring: ring.full[0].order).empty()
        while len(self) and (
            len(self) > self._max_records or self.bytes > self.max_bytes
        ):
            is_side = len(side) > self._max_records // SIDE_SHARE or not len(work)
            row = (side if is_side else work).drop()
            del self.by_number[row.number]
            self.dropped += 1
