"""Rows in the order in which they ended; the oldest lose their content first."""

from __future__ import annotations

from collections import deque

from immich_ml_proxy.records.content import let_go_of_picture
from immich_ml_proxy.records.row import Row

#: Bytes that a row takes beside its content, and each of its parts.
ROW_BYTES = 1000
PART_BYTES = 300


class Ring:
    """
    :ivar rows: all of them, the oldest first.
    :ivar full: those that have content,
    :ivar pictured: and those whose content has a picture.
    :ivar bytes: what all of it takes, with the rows themselves,
    :ivar picture_bytes: and what the pictures take of that.
    """

    def __init__(self) -> None:
        self.rows: deque[Row] = deque()
        self.full: deque[Row] = deque()
        self.pictured: deque[Row] = deque()
        self.bytes = 0
        self.picture_bytes = 0

    def __len__(self) -> int:
        return len(self.rows)

    def add(self, row: Row) -> None:
        """Keep a row that has ended."""
        self.rows.append(row)
        row.own_bytes = ROW_BYTES + PART_BYTES * len(row.parts)
        self.bytes += row.own_bytes + row.bytes + row.picture_bytes
        if row.bytes:
            self.full.append(row)
        if row.picture_bytes:
            self.pictured.append(row)
            self.picture_bytes += row.picture_bytes

    def grow(self, row: Row, size: int) -> None:
        """The content of a row that is kept has become larger."""
        row.bytes += size
        self.bytes += size

    def drop(self) -> Row:
        """Drop the oldest row, and return it."""
        row = self.rows[0]
        if self.full and self.full[0] is row:
            self.empty()
        self.rows.popleft()
        self.bytes -= row.own_bytes
        return row

    def empty(self) -> None:
        """Let go of the content of the oldest row that has any."""
        row = self.full.popleft()
        if self.pictured and self.pictured[0] is row:
            self.hide()
        self.bytes -= row.bytes
        row.bytes = 0
        row.content = None
        for part in row.parts:
            part.sent = None

    def hide(self) -> None:
        """Let go of the oldest picture."""
        row = self.pictured.popleft()
        self.bytes -= row.picture_bytes
        self.picture_bytes -= row.picture_bytes
        row.picture_bytes = 0
        content = row.content
        if content is not None:
            let_go_of_picture(content)

    def clear(self) -> None:
        """Forget all."""
        for one in (self.rows, self.full, self.pictured):
            one.clear()
        self.bytes = self.picture_bytes = 0
