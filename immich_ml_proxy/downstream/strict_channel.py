"""
Twisted's channel, with what it forgives refused, and every refusal answered and told.

See ``head_rules`` for what is refused, and why.
"""

from __future__ import annotations

from http.client import responses
from typing import Any

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.http import (
    HTTPChannel,
    _ChunkedTransferDecoder,
    _MalformedChunkedDataError,
)

from immich_ml_proxy.downstream import head_rules
from immich_ml_proxy.downstream.address import plain
from immich_ml_proxy.downstream.trace_id import new_trace_id

#: Seconds for which a refused client is listened to, so that it can read its answer:
#: closing at once would discard that with what the client still sends.
LINGER = 2.0
#: Longest Content-Length that is looked at, in digits; what has more is as large.
_DIGITS = 18
#: Largest chunk, in bytes; no body may be as large.
_LARGEST_CHUNK = 2**40


class StrictChannel(HTTPChannel):
    """
    :ivar refused: an answer says so; what still comes is not looked at.
    """

    _strict_log = Logger()

    refused = False
    _linger: IDelayedCall | None = None

    def refuse(self, status: int, reason: str) -> None:
        """
        Answer a request that is none, and close the connection soon.

        :param status: of the answer.
        :param reason: told to the client and to the log.
        """
        if self.refused:
            return
        self.refused = True
        self._buffer = b""
        self.setTimeout(None)
        transport: Any = self.transport
        trace_id = new_trace_id()
        self._strict_log.info(
            "{trace_id}: a request from {peer} is refused with {status}: {reason}",
            trace_id=trace_id,
            peer=getattr(plain(transport.getPeer()), "host", "a socket"),
            status=status,
            reason=reason,
        )
        requests, self.requests = self.requests, []
        has_begun = any(request.startedWriting for request in requests)
        for request in requests:
            request.connectionLost(Failure(ConnectionDone()))
        if not has_begun:
            body = f"{status} {responses[status]}: {reason}\n".encode(
                "ascii", "replace"
            )
            head = (
                f"HTTP/1.1 {status} {responses[status]}\r\n"
                f"X-Request-ID: {trace_id}\r\n"
                "Content-Type: text/plain; charset=utf-8\r\n"
                f"Content-Length: {len(body)}\r\n"
                "Connection: close\r\n\r\n"
            )
            transport.write(head.encode("ascii") + body)
        half_close = getattr(transport, "loseWriteConnection", None)
        if half_close is None:
            self.loseConnection()
            return
        half_close()
        self._linger = self.callLater(LINGER, transport.abortConnection)

    def dataReceived(self, data: bytes) -> None:
        """Take in bytes; see ``IProtocol``."""
        if not self.refused:
            super().dataReceived(data)

    def lineReceived(self, line: bytes) -> None:
        """Take in a line of a head; see ``LineReceiver``."""
        if line[:1] in (b" ", b"\t") and hasattr(self, "_command"):
            self.refuse(400, "a header goes on in the next line")
            return
        super().lineReceived(line)

    def lineLengthExceeded(self, line: bytes) -> None:
        """Refuse what is too long; see ``LineReceiver``."""
        self.refuse(431, f"a line of its head is longer than {self.MAX_LENGTH} bytes")

    def rawDataReceived(self, data: bytes) -> None:
        """Take in some of a body; see ``LineReceiver``."""
        if not self.refused:
            super().rawDataReceived(data)

    def allHeadersReceived(self) -> None:
        """Look at a whole head; see ``HTTPChannel``."""
        request = self.requests[-1]
        reason = head_rules.refusal(
            self._version,
            self._path,
            (
                (name, value)
                for name, values in request.requestHeaders.getAllRawHeaders()
                for value in values
            ),
        )
        if reason is not None:
            self.refuse(400, reason)
        else:
            super().allHeadersReceived()

    def allContentReceived(self) -> None:
        """Have a whole request answered; see ``HTTPChannel``."""
        if not self.refused:
            super().allContentReceived()

    def checkPersistence(self, request: Any, version: bytes) -> bool:
        """Whether there may be another request after this one; see ``HTTPChannel``."""
        lines = request.requestHeaders.getRawHeaders(b"connection", ())
        if version != b"HTTP/1.1":
            return False
        if b"close" not in head_rules.connection_options(lines):
            return True
        request.responseHeaders.setRawHeaders(b"Connection", [b"close"])
        return False

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The client is gone; see ``IProtocol``."""
        super().connectionLost(reason)
        if self._linger is not None and self._linger.active():
            self._linger.cancel()

    def _respondToBadRequestAndDisconnect(self) -> None:
        self.refuse(400, "it is no proper HTTP")

    def _maybeChooseTransferDecoder(self, header: bytes, data: bytes) -> bool:
        if header == b"Content-Length" and data.isdigit() and len(data) > _DIGITS:
            data = b"9" * _DIGITS
        elif header == b"Transfer-Encoding" and data.lower() != b"chunked":
            return self._failChooseTransferDecoder()
        if not super()._maybeChooseTransferDecoder(header, data):
            return False
        if header == b"Transfer-Encoding":
            receive = self.requests[-1].handleContentChunk
            self._transferDecoder = _StrictChunks(receive, self._finishRequestBody)
        return True


class _StrictChunks(_ChunkedTransferDecoder):
    """A body in chunks, without trailers: nobody here would look at them."""

    def _dataReceived_CHUNK_LENGTH(self) -> bool:
        end = self._buffer.find(b"\n")
        if end >= 0 and self._buffer[end - 1 : end] != b"\r":
            raise _MalformedChunkedDataError("A line ends without CR.")
        goes_on = super()._dataReceived_CHUNK_LENGTH()
        if goes_on and self.length > _LARGEST_CHUNK:
            raise _MalformedChunkedDataError("A chunk is too large.")
        return goes_on

    def _dataReceived_TRAILER(self) -> bool:
        if not b"\r\n".startswith(bytes(self._buffer[:2])):
            raise _MalformedChunkedDataError("There are trailers.")
        return super()._dataReceived_TRAILER()
