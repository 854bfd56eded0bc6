"""Answers as bytes, and what a connection makes of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import attrs
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.web.client import ResponseFailed, ResponseNeverReceived

from immich_ml_proxy.upstream.answer_reader import BadAnswer
from immich_ml_proxy.upstream.http_connection import Answer, Connection
from tests.fakes import outcome

BODY = b'{"clip": "[0.5]"}'
OK = b"HTTP/1.1 200 OK\r\n"
SIZED = OK + b"Content-Length: 17\r\n\r\n" + BODY
#: The beginning of one that comes in chunks.
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
CHUNKS = b"6\r\n" + BODY[:6] + b"\r\nb;x=y\r\n" + BODY[6:] + b"\r\n0\r\n\r\n"


@attrs.frozen
class Read:
    """
    What became of some bytes.

    :ivar said: status, headers and body of the answer.
    :ivar failed: or the text of what is wrong with it.
    :ivar ended: whether it took the end of the connection to know.
    :ivar kept: whether the connection is there for another request.
    """

    said: tuple[int, list[tuple[bytes, Any]], bytes] | None
    failed: str
    ended: bool
    kept: bool


def pieces(said: bytes, cuts: Iterable[int] = ()) -> Iterator[bytes]:
    """Yield what a network that cuts there delivers."""
    inner = sorted({cut for cut in cuts if 0 < cut < len(said)})
    for start, end in pairwise([0, *inner, len(said)]):
        yield said[start:end]


def read(
    said: bytes, cuts: Iterable[int] = (), reason: Exception | None = None
) -> Read:
    """Return what a connection makes of an answer that is its last."""
    idle: list[Connection] = []
    connection = Connection(idle.append)
    connection.makeConnection(StringTransport())
    results = outcome(connection.send(b"GET / HTTP/1.1\r\n\r\n", None))
    for piece in pieces(said, cuts):
        if piece and connection.is_open:
            connection.dataReceived(piece)
    kept = bool(idle) and connection.is_open
    ended = not results
    connection.connectionLost(Failure(reason or ConnectionDone()))
    [result] = results
    if isinstance(result, Answer):
        fields = list(result.headers.getAllRawHeaders())
        return Read((result.code, fields, result.body), "", ended, kept)
    assert isinstance(result, Failure)
    error: Any = result.value
    assert isinstance(error, ResponseFailed)
    first = error.reasons[0].value
    if isinstance(first, BadAnswer):
        return Read(None, str(first), ended, kept)
    assert isinstance(first, ConnectionDone | ConnectionLost)
    never = isinstance(error, ResponseNeverReceived)
    return Read(None, "nothing came" if never else "broken off", ended, kept)


def body_of(said: bytes, reason: Exception | None = None) -> bytes:
    """Return the body of what is an answer however it is cut."""
    whole = read(said, reason=reason)
    assert whole.said is not None, whole.failed
    assert read(said, range(len(said)), reason) == whole
    return whole.said[2]


def error_of(said: bytes, reason: Exception | None = None) -> str:
    """Return what is wrong with what is no answer, however it is cut."""
    whole = read(said, reason=reason)
    assert whole.said is None
    assert not whole.kept
    assert read(said, range(len(said)), reason) == whole
    return whole.failed
