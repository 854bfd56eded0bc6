"""
One connection to an HTTP/1.1 server, which carries one request at a time.

The wire format (RFC 9112): a request line and header lines, each ended by CRLF, an
empty line, the body; the answer likewise, with a status line, its body as long as
``Content-Length`` says, or in chunks, or until the connection is closed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone, ResponseFailed, ResponseNeverReceived
from twisted.web.http import _ChunkedTransferDecoder
from twisted.web.http_headers import Headers
from twisted.web.iweb import IBodyProducer, IResponse
from zope.interface import implementer

#: Longest head of an answer, in bytes.
MAX_HEAD = 64 * 1024
#: Longest body of an answer, in bytes; real ones have a few 100 KB.
MAX_ANSWER = 64 * 1024 * 1024

_TOO_LONG = "it is longer than 64 MB"
_WHOLE = Failure(ResponseDone())


class BadAnswer(Exception):
    """What a server sent is no HTTP answer, or one that is too long."""


@implementer(IResponse)
class Answer:
    """A whole answer; see ``IResponse``."""

    version = (b"HTTP", 1, 1)
    request = None
    previousResponse = None

    def __init__(self, code: int, phrase: bytes, headers: Headers, body: bytes) -> None:
        self.code = code
        self.phrase = phrase
        self.headers = headers
        self.length = len(body)
        self._body = body

    def deliverBody(self, protocol: Any) -> None:
        """Deliver all of the body at once."""
        body, self._body = self._body, b""
        if body:
            protocol.dataReceived(body)
        protocol.connectionLost(_WHOLE)

    def setPreviousResponse(self, response: Any) -> None:
        """Answers are not redirected here."""
        self.previousResponse = response


@attrs.define
class _Head:
    """The head of an answer: status, headers, and how its body ends."""

    code: int
    phrase: bytes
    headers: Headers
    length: int | None  # of the body; None: until the connection is closed
    chunked: bool
    keep: bool  # the connection stays open


class Connection(Protocol):
    """
    A connection that carries one request at a time.

    :param idle: told when it could carry another one.
    :ivar idle_since: when it last became idle, in seconds.
    """

    def __init__(self, idle: Callable[[Connection], None]) -> None:
        self._idle = idle
        self.idle_since = 0.0
        self._answer: Deferred[Answer] | None = None
        self._received: list[bytes] = []
        self._size = 0
        self._head: _Head | None = None
        self._decoder: Any = None
        self._sent = True
        self.is_open = True

    def send(self, head: bytes, body: IBodyProducer | None) -> Deferred[Answer]:
        """Send a request and return its answer; cancelling closes the connection."""
        transport: Any = self.transport
        answer: Deferred[Answer] = Deferred(self._cancelled)
        self._answer = answer
        transport.write(head)
        if body is not None:
            self._sent = False
            transport.registerProducer(body, True)
            sent: Deferred[None] = body.startProducing(transport)
            sent.addCallbacks(self._all_sent, lambda _: None)
        return answer

    def _all_sent(self, result: object) -> None:
        self._sent = True
        transport: Any = self.transport
        transport.unregisterProducer()

    def dataReceived(self, data: bytes) -> None:
        """Take in a part of the answer."""
        if self._answer is None:
            self.close()  # nobody has asked
            return
        try:
            self._take(data)
        except (BadAnswer, ValueError) as error:
            self._fail(ResponseFailed([Failure(BadAnswer(str(error)))]))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """End the answer, or fail it."""
        self.is_open = False
        if self._answer is None:
            return
        head = self._head
        if head is not None and head.length is None and not head.chunked:
            self._finish()
        elif self._size or head is not None:
            self._fail(ResponseFailed([reason]))
        else:
            self._fail(ResponseNeverReceived([reason]))

    def _take(self, data: bytes) -> None:
        if self._decoder is not None:
            self._decoder.dataReceived(data)
            return
        self._received.append(data)
        self._size += len(data)
        if self._head is None and not self._find_head():
            return
        head = self._head
        assert head is not None
        if head.chunked:
            rest = b"".join(self._received)
            self._received, self._size = [], 0
            self._decoder = _ChunkedTransferDecoder(self._chunk, self._last_chunk)
            self._decoder.dataReceived(rest)
        elif head.length is not None and self._size >= head.length:
            self._finish()
        elif self._size > MAX_ANSWER:
            raise BadAnswer(_TOO_LONG)

    def _find_head(self) -> bool:
        """Cut the head off what was received; whether it is all there."""
        received = b"".join(self._received)
        while True:
            end = received.find(b"\r\n\r\n")
            if end < 0 and len(received) > MAX_HEAD:
                raise BadAnswer("its head is too long")
            if end < 0:
                self._received = [received]
                return False
            head = _parsed(received[:end])
            received = received[end + 4 :]
            if head.code >= 200:  # below: "100 Continue" and the like
                self._head = head
                self._received, self._size = [received], len(received)
                return True

    def _chunk(self, data: bytes) -> None:
        self._received.append(data)
        self._size += len(data)
        if self._size > MAX_ANSWER:
            raise BadAnswer(_TOO_LONG)

    def _last_chunk(self, rest: bytes) -> None:
        self._finish()

    def _finish(self) -> None:
        head, answer = self._head, self._answer
        assert head is not None
        assert answer is not None
        body = b"".join(self._received)
        if head.length is not None:
            keep = head.keep and self._sent and len(body) == head.length
            body = body[: head.length]
        else:
            keep = head.keep and self._sent and head.chunked
        self._forget()
        if keep and self.is_open:
            self._idle(self)
        else:
            self.close()
        answer.callback(Answer(head.code, head.phrase, head.headers, body))

    def _fail(self, error: Exception) -> None:
        answer = self._answer
        self._forget()
        self.close()
        if answer is not None:
            answer.errback(Failure(error))

    def _cancelled(self, answer: object) -> None:
        self._forget()
        self.close()

    def _forget(self) -> None:
        self._answer = self._head = self._decoder = None
        self._received, self._size = [], 0

    def close(self) -> None:
        """Close the connection at once."""
        transport: Any = self.transport
        self.is_open = False
        transport.abortConnection()


def _parsed(head: bytes) -> _Head:
    lines = head.split(b"\r\n")
    version, _, status = lines[0].partition(b" ")
    code, _, phrase = status.partition(b" ")
    if not version.startswith(b"HTTP/1.") or not (code.isdigit() and len(code) == 3):
        raise BadAnswer("it is not HTTP")
    headers = Headers()
    length: int | None = None
    chunked = False
    keep = version != b"HTTP/1.0"
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        if not colon:
            raise BadAnswer("a header line has no colon")
        value = value.strip()
        headers.addRawHeader(name, value)
        lowered = name.lower()
        if lowered == b"content-length":
            if not value.isdigit() or length not in (None, int(value)):
                raise BadAnswer("its length is no number")
            length = int(value)
        elif lowered == b"transfer-encoding":
            chunked = value.lower() == b"chunked"
        elif lowered == b"connection" and value.lower() == b"close":
            keep = False
    if int(code) in (204, 304):
        length = 0
    return _Head(int(code), phrase, headers, None if chunked else length, chunked, keep)
