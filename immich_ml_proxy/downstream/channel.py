"""
The connection of a client: reads its requests, one after the other.

Twisted's channel does that line by line. Here a usual head that has arrived whole is
read in one go, its body is counted and handed on, and everything else is left to
Twisted, which thereby refuses all that it ever did.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web.http_headers import Headers

from immich_ml_proxy.downstream import head
from immich_ml_proxy.downstream.open_connections import Tracked
from immich_ml_proxy.sockets import write_now

if TYPE_CHECKING:
    from immich_ml_proxy.downstream.site import ProxySite

#: Bytes of a body that are copied to be written together with their head.
JOINED = 64 * 1024


class ProxyChannel(Tracked):
    """
    :ivar site: what its requests are for.
    """

    site: ProxySite

    _left = 0  # bytes of a body that is counted here
    _early = b""  # what came before its time
    _is_reading = False  # that
    _is_held = False  # the next request, until the client has taken its answers
    _head = b""  # of an answer that has begun
    _timer: IDelayedCall | None = None
    _quiet_since = 0.0
    _peer: Any = None
    _host: Any = None

    # --- What comes ------------------------------------------------------------------

    def dataReceived(self, data: bytes) -> None:
        """Take in bytes; see ``Protocol``."""
        self.resetTimeout()
        if self._left:
            self._take_body(data)
        elif self.requests or self._handlingRequest or self._buffer:
            super().dataReceived(data)  # part of a request that is read there
        else:
            end = data.find(b"\r\n\r\n", 0, head.LONGEST)
            usual = head.read(data[:end]) if end > 0 and self.persistent else None
            if usual is None:
                super().dataReceived(data)
            else:
                self._begin(usual, data[end + 4 :])

    def _begin(self, usual: head.Head, rest: bytes) -> None:
        request = self.requestFactory(self)
        self.requests.append(request)
        self._command, self._path = usual.method, usual.target
        self._version = b"HTTP/1.1"
        request.requestHeaders = usual.headers
        self.length = self._left = usual.length
        request.gotLength(usual.length)
        if usual.length == 0:
            if rest:
                self._dataBuffer.append(rest)
            self.allContentReceived()
        elif rest:
            self._take_body(rest)

    def _take_body(self, data: bytes) -> None:
        size = len(data)
        if size > self._left:
            self._dataBuffer.append(data[self._left :])
            data, size = data[: self._left], self._left
        self._left -= size
        self.requests[-1].handleContentChunk(data)
        if not self._left:
            self.allContentReceived()

    def requestDone(self, request: Any) -> None:
        """
        Go on with the next request; see ``HTTPChannel``.

        Not before the client has taken the answers so far: one that never does would
        have them pile up.
        """
        self.requests.remove(request)
        self._send_head()
        if not self.persistent:
            self.loseConnection()
            return
        if self._savedTimeOut:
            self.setTimeout(self._savedTimeOut)
        if self._waitingForTransport:
            self._is_held = True
        else:
            self._next()

    def resumeProducing(self) -> None:
        """The client has taken what was written; see ``IPushProducer``."""
        super().resumeProducing()
        if self._is_held:
            self._is_held = False
            self._next()

    def _next(self) -> None:
        """Read the next request, some of which may have come."""
        self._handlingRequest = False
        self.setLineMode()
        if self._dataBuffer:
            # There may have been too much of it.
            self._networkProducer.resumeProducing()
            data, self._dataBuffer = b"".join(self._dataBuffer), []
            self._read_on(data)

    def _read_on(self, data: bytes) -> None:
        """
        Read what came early.

        Requests may be answered as soon as they are read, and the next ones then be
        read within: that must not go as deep as there are requests.
        """
        self._early = data
        if self._is_reading:
            return
        self._is_reading = True
        try:
            while self._early:
                data, self._early = self._early, b""
                self.dataReceived(data)
        finally:
            self._is_reading = False

    # --- What goes -------------------------------------------------------------------

    def writeHeaders(
        self, version: bytes, code: bytes, reason: bytes, headers: Headers
    ) -> None:
        """Keep the head of an answer until there is a body to go with it."""
        lines = [b"%s %s %s\r\n" % (version, code, reason)]
        for name, values in headers.getAllRawHeaders():
            for value in values:
                lines.append(b"%s: %s\r\n" % (name, value))
        lines.append(b"\r\n")
        self._head = b"".join(lines)

    def write(self, data: bytes) -> None:
        """Write a part of an answer; see ``ITransport``."""
        if self._head:
            if len(data) <= JOINED:
                data, self._head = self._head + data, b""
            else:
                self._send_head()
        write_now(self.transport, data)

    def writeSequence(self, iovec: Iterable[bytes]) -> None:
        """Write parts of an answer; see ``ITransport``."""
        self.write(b"".join(iovec))

    def _send_head(self) -> None:
        if self._head:
            head, self._head = self._head, b""
            write_now(self.transport, head)

    # --- The connection --------------------------------------------------------------

    def getPeer(self) -> Any:
        """Return where the client is; see ``ITransport``."""
        if self._peer is None:
            self._peer = super().getPeer()
        return self._peer

    def getHost(self) -> Any:
        """Return where it has connected to; see ``ITransport``."""
        if self._host is None:
            self._host = super().getHost()
        return self._host

    def setTimeout(self, period: int | None) -> int | None:
        """
        Close the connection when nothing comes for so long; see ``TimeoutMixin``.

        There is one timer, which looks what is wanted when it is due: to cancel it for
        every request and make a new one after it costs more.
        """
        before, self.timeOut = self.timeOut, period
        self._quiet_since = self.site.clock.seconds()
        if period is not None and (
            self._timer is None or self._timer.getTime() > self._quiet_since + period
        ):
            self._stop_timer()
            self._timer = self.callLater(period, self._look)
        return before

    def resetTimeout(self) -> None:
        """Something came; see ``TimeoutMixin``."""
        self._quiet_since = self.site.clock.seconds()

    def _look(self) -> None:
        self._timer = None
        if self.timeOut is None:
            return
        left = self._quiet_since + self.timeOut - self.site.clock.seconds()
        if left > 0:
            self._timer = self.callLater(left, self._look)
        else:
            self.timeoutConnection()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The client is gone; see ``Protocol``."""
        super().connectionLost(reason)
        self._stop_timer()
