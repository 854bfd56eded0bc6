"""
Twisted's channel, with what it forgives refused, and every refusal answered and told.

See ``head_rules`` for what is refused, and why.
"""

from __future__ import annotations

import json
from http.client import responses
from typing import Any

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.http import _ChunkedTransferDecoder, _MalformedChunkedDataError

from immich_ml_proxy.downstream import head_rules
from immich_ml_proxy.downstream.address import plain
from immich_ml_proxy.downstream.open_connections import Tracked
from immich_ml_proxy.downstream.pace import Pace
from immich_ml_proxy.downstream.trace_id import new_trace_id

#: Seconds for which a refused client is listened to, so that it can read its answer:
#: closing at once would discard that with what the client still sends.
LINGER = 5.0
#: Longest Content-Length that is looked at, in digits; what has more is as large.
_DIGITS = 18
#: Largest chunk, in bytes; no body may be as large.
_LARGEST_CHUNK = 2**40


class StrictChannel(Tracked):
    """
    :ivar refused: an answer says so; what still comes is not looked at.
    """

    _strict_log = Logger()

    site: Any
    refused = False
    _is_visitor = False
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
        # Whoever is not let in comes again and again: that is told now and then.
        if status != 503 or self.site.admission.visitors.refused % 100 == 1:
            self._strict_log.info(
                "{trace_id}: a request from {peer} is refused with {status}: {reason}",
                trace_id=trace_id,
                peer=self._address or "a socket",
                status=status,
                reason=reason,
            )
        requests, self.requests = self.requests, []
        has_begun = any(request.startedWriting for request in requests)
        for request in requests:
            request.connectionLost(Failure(ConnectionDone()))
        if not has_begun:
            body = json.dumps({"error": reason})
            lines = [
                f"HTTP/1.1 {status} {responses[status]}",
                f"X-Request-ID: {trace_id}",
                "Content-Type: application/json",
                f"Content-Length: {len(body)}",
                "Connection: close",
            ]
            if status == 503:
                lines.append("Retry-After: 5")
            head = "\r\n".join((*lines, "", body))
            transport.write(head.encode("ascii"))
        half_close = getattr(transport, "loseWriteConnection", None)
        if half_close is None or status == 503:
            self.loseConnection()
            return
        half_close()  # where what was sent ends, nobody knows
        self.linger()

    def linger(self) -> None:
        """The last answer is written: the client has a while to read it."""
        transport: Any = self.transport
        self._linger = self.callLater(LINGER, transport.abortConnection)

    def connectionMade(self) -> None:
        """A client has connected; see ``IProtocol``."""
        admission = self.site.admission
        self.pace = Pace()
        self.timeOut = admission.bounds.idle_timeout
        super().connectionMade()
        reason = admission.visitors.come(self._address)
        self._is_visitor = reason is None
        if reason is not None:
            self.refuse(503, reason)

    def look(self, now: float) -> None:
        """Refuse a request that comes too slowly; called every second or so."""
        bounds = self.site.admission.bounds
        reason = self.pace.late_head(now, bounds)
        request = self.requests[-1] if self.requests else None
        if request is not None and request.is_expected:
            reason = reason or self.pace.slow_body(request.body.size, now, bounds)
        else:
            self.pace.no_body()
        if reason is not None:
            self.refuse(408, reason)

    def dataReceived(self, data: bytes) -> None:
        """Take in bytes; see ``IProtocol``."""
        if self.refused:
            return
        super().dataReceived(data)
        is_incomplete = self.line_mode and (self._buffer or hasattr(self, "_command"))
        self.pace.head(bool(is_incomplete), self.site.clock.seconds())

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
        admission = self.site.admission
        if self._is_visitor:
            self._is_visitor = False
            admission.visitors.go(self._address)
        if self._linger is not None and self._linger.active():
            self._linger.cancel()

    @property
    def _address(self) -> str | None:
        transport: Any = self.transport
        return getattr(plain(transport.getPeer()), "host", None)

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
