"""
A row of the debug records: a request that came in, and those that went out for it.

What a row tells of itself is small and stays; what went over the wire is its *content*,
which may be let go before. Neither is looked at by the garbage collector: there may be
ten thousand rows, and to pass them by takes longer than a request.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from immich_ml_proxy.records.asked import NOTHING, Asked
from immich_ml_proxy.records.text import shown

#: Requests that went out which are kept of one row; a request that is held for an hour
#: may have thousands.
MOST_PARTS = 50

#: Header lines, each a name and a value.
Pairs = Sequence[tuple[bytes, bytes]]

UNDER_WAY = "under way"
ANSWERED = "answered"
REFUSED = "refused"
FAILED = "failed"
CANCELLED = "cancelled"
OUTPACED = "outpaced"
MISFIT = "misfit"
BUSY = "busy"


class Sent(msgspec.Struct, gc=False, eq=False):
    """
    What went over the wire to a server and back.

    :ivar method: of the request, and ``url``: secrets not masked.
    :ivar head: the header lines of the request, packed; see :func:`packed`.
    :ivar splice: the ``entries`` it was sent instead of those of the row, and from
        where to where they stood; ``None``: just as they stand there.
    :ivar is_own: whether it has a body of its own, and not that of the row.
    :ivar body: the beginning of that, ``size`` bytes in all.
    :ivar answer_head: the header lines of the answer, packed.
    :ivar answer: the beginning of its body, ``answer_size`` bytes in all.
    """

    method: str
    url: str
    head: bytes
    splice: tuple[int, int, bytes] | None
    is_own: bool
    body: bytes = b""
    size: int = 0
    answer_head: bytes = b""
    answer: bytes = b""
    answer_size: int = 0

    @property
    def bytes(self) -> int:
        """About how many bytes it takes."""
        splice = len(self.splice[2]) if self.splice is not None else 0
        heads = len(self.head) + len(self.answer_head) + len(self.url)
        return 300 + heads + splice + len(self.body) + len(self.answer)


class Part(msgspec.Struct, gc=False, eq=False):
    """
    A request to a server.

    :ivar machine: the server's name.
    :ivar why: it was made, such as ``failover``; see ``balancer/attempts``.
    :ivar route: by which it went, a routing key.
    :ivar begin: seconds after the row's begin.
    :ivar number: of its record.
    :ivar duration: seconds; ``None``: it is under way.
    :ivar status: of the answer; ``None``: there was none.
    :ivar outcome: in a word, one of those above, or what the balancer made of it.
    :ivar error: why there is no answer, in words.
    :ivar reason: the same, or what is wrong with the answer.
    :ivar sent: the content; ``None`` when that was let go.
    """

    machine: str
    why: str
    route: str
    begin: float
    number: int = 0
    duration: float | None = None
    status: int | None = None
    outcome: str = UNDER_WAY
    error: str | None = None
    reason: str | None = None
    sent: Sent | None = None

    def settle(self, duration: float, status: int | None, error: str | None) -> None:
        """
        It is over.

        :param duration: seconds since it went out.
        :param error: why there is no answer, in words.
        """
        self.duration, self.status = duration, status
        if status is None:
            is_cancelled = error is not None and error.startswith(CANCELLED)
            self.outcome = CANCELLED if is_cancelled else FAILED
            self.error = self.reason = None if error is None else shown(error, 300)
        elif status < 400:
            self.outcome = ANSWERED
        else:
            self.outcome = REFUSED if status < 500 else FAILED
            self.reason = f"answered {status}"


class Content(msgspec.Struct, gc=False, eq=False):
    """
    What went over the wire between the client and us.

    :ivar url: as in the request line; secrets not masked.
    :ivar head: the header lines of the request, packed.
    :ivar chunks: the body, or its beginning; without the picture where that was let go.
    :ivar picture: where the picture begins and ends in the body as it came.
    :ivar has_picture: whether ``chunks`` has it.
    :ivar size: bytes of the whole body.
    :ivar answer_head: the header lines of the answer, packed.
    :ivar answer: the beginning of its body, ``answer_size`` bytes in all.
    """

    url: str
    head: bytes
    chunks: tuple[bytes, ...]
    picture: tuple[int, int] | None
    has_picture: bool
    size: int
    answer_head: bytes = b""
    answer: bytes = b""
    answer_size: int = 0


class Row(msgspec.Struct, gc=False, eq=False):
    """
    :ivar number: names it; it is never given twice.
    :ivar began: when the request came, in seconds since the epoch,
    :ivar started: and of the clock.
    :ivar kind: ``predict``, ``ping``, ``page`` or ``other``.
    :ivar is_alone: nobody asked: it went out by itself, and is its one part.
    :ivar order: rows are in the order in which they ended; 0: it is under way.
    :ivar record: the number of the record of the incoming request; 0: there is none.
    :ivar backend: the servers whose answer it is, as the client was told.
    :ivar error: why there is no answer, or none that is good, in words.
    :ivar work: seconds in which at least one server was asked.
    :ivar parts: the last :data:`MOST_PARTS` that went out.
    :ivar parts_count: how many went out.
    :ivar digest: SHA-256 of the picture, once somebody wanted to know it.
    :ivar search: what is searched for text, once somebody did.
    :ivar bytes: what its content takes, but for the picture.
    :ivar picture_bytes: what that takes.
    :ivar own_bytes: what it takes when all that is gone.
    """

    number: int
    began: float
    started: float
    trace_id: str
    kind: str
    method: str
    path: str
    is_alone: bool = False
    order: int = 0
    record: int = 0
    asked: Asked = NOTHING
    backend: str | None = None
    status: int | None = None
    error: str | None = None
    duration: float = 0.0
    work: float = 0.0
    request_bytes: int = 0
    answer_bytes: int = 0
    parts: tuple[Part, ...] = ()
    parts_count: int = 0
    content: Content | None = None
    digest: str | None = None
    search: str | None = None
    bytes: int = 0
    picture_bytes: int = 0

    own_bytes: int = 0

    def add(self, part: Part) -> None:
        """A request goes out for it."""
        self.parts = (*self.parts[-MOST_PARTS + 1 :], part)
        self.parts_count += 1

    @property
    def machines(self) -> tuple[str, ...]:
        """The names of the servers that were asked, each once."""
        return tuple({part.machine: None for part in self.parts})

    @property
    def is_ok(self) -> bool:
        """Whether it was answered well."""
        return self.status is not None and 200 <= self.status < 400


def packed(pairs: Pairs) -> bytes:
    """Return header lines as one object."""
    return msgspec.msgpack.encode(pairs)


def unpacked(head: bytes) -> list[tuple[bytes, bytes]]:
    """Return the header lines again."""
    return _pairs.decode(head) if head else []


_pairs = msgspec.msgpack.Decoder(list[tuple[bytes, bytes]])


def time_at_servers(parts: Sequence[Part], duration: float) -> float:
    """Return the seconds in which at least one of them was under way."""
    total = end = 0.0
    for part in sorted(parts, key=_begin):
        until = duration if part.duration is None else part.begin + part.duration
        until = min(until, duration)
        total += max(0.0, until - max(end, part.begin))
        end = max(end, until)
    return total


def _begin(part: Part) -> float:
    return part.begin


def kind_of(path: str) -> str:
    """Return the kind of a request that came in."""
    if path == "/predict":
        return "predict"
    if path == "/ping":
        return "ping"
    page = path in _PAGES or path.startswith(("/api/", "/static/"))
    return "page" if page else "other"


_PAGES = {"/", "/config", "/debug", "/help", "/login", "/favicon.ico"}
