"""What may come of raw bytes that a client sends, and how answers are read."""

from __future__ import annotations

import re

import attrs

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.I)

#: Answered with 200 in whatever state the connection is, if it is in one at all.
SENTINEL = b"GET /api/debug/status HTTP/1.1\r\nHost: proxy\r\n\r\n"


@attrs.frozen
class Outcome:
    """
    :ivar statuses: of all answers that came, those below 200 too.
    :ivar reached: the texts of the searches that a backend got whole, in their order.
    :ivar open: whether the connection was left open, and the next request understood.
    """

    statuses: tuple[int, ...]
    reached: tuple[str, ...] = ()
    open: bool = False


@attrs.frozen
class Case:
    """
    Raw bytes, and what is to come of them.

    :ivar name: says what is wrong with them, or right.
    :ivar raw: all that the client sends before it looks at the answers.
    """

    name: str
    raw: bytes
    outcome: Outcome


#: Refused without having done anything.
BAD = Outcome((400,))
#: Served as any other.
SERVED = Outcome((200,), ("one",), open=True)
#: Served, and the connection is closed.
SERVED_LAST = Outcome((200,), ("one",))
#: More is waited for.
WAITS = Outcome((), open=True)


class Answers:
    """
    Takes the answers of a connection apart.

    :ivar statuses: of all that came.
    :ivar last: whether one of them said that it was the last.
    """

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.last = False
        self._rest = b""

    def take(self, data: bytes) -> None:
        """Look at the next bytes."""
        self._rest += data
        while b"\r\n\r\n" in self._rest:
            head, _, rest = self._rest.partition(b"\r\n\r\n")
            status = int(head.split()[1])
            length = _LENGTH.search(head)
            # What has no length ends with its connection.
            size = int(length[1]) if length else len(rest)
            if status >= 200 and len(rest) < size:
                return
            self.statuses.append(status)
            self.last |= b"\r\nconnection: close" in head.lower()
            self._rest = rest if status < 200 else rest[size:]
