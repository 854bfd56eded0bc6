"""The request class: decides where a body lives, and refuses one that is too large."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from twisted.web import server

from immich_ml_proxy.downstream.budget import Charge
from immich_ml_proxy.downstream.trace_id import trace_id
from immich_ml_proxy.downstream.upload import Upload
from immich_ml_proxy.errors import BodyTooLarge, ProxyError, Unavailable
from immich_ml_proxy.predictor import Prediction
from immich_ml_proxy.protocol.body import Body
from immich_ml_proxy.upstream.endpoints import BLOCK

if TYPE_CHECKING:
    from immich_ml_proxy.downstream.site import ProxySite

#: Bytes read at once between two requests. Twisted cuts a head out of what was read
#: line by line, copying the rest each time: there should not be much of it.
HEAD = 8 * 1024

#: Seconds that a refused client is given to read its answer before the connection is
#: closed: closing it at once would discard the answer with what the client still sends.
LINGER = 5.0


class ProxyRequest(server.Request):
    """
    A request whose body is a list of chunks in memory, not a file.

    :ivar body: the body; dropped when the request is over.
    :ivar upload: what a ``POST /predict`` has begun.
    :ivar trace_id: the client's ``X-Request-ID`` or a new one.
    :ivar answer: the bytes of the answer while debug is on, else ``None``.
    :ivar started: when the headers were complete, in Unix seconds.
    """

    upload: Upload | None = None
    answer: list[bytes] | None = None
    trace_id: str
    started: float

    _charge: Charge | None = None
    _waited = False
    _refused = False
    _linger: Any = None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # A client may leave, or be sent away, before its headers are complete.
        self.body = Body(None)

    @property
    def _proxy(self) -> ProxySite:
        channel: Any = self.channel
        site: ProxySite = channel.site
        return site

    @property
    def _transport(self) -> Any:
        return self.channel.transport

    def gotLength(self, length: int | None) -> None:
        """The headers are complete; see ``twisted.web.http.Request``."""
        site = self._proxy
        site.active.add(self)
        self.content = BytesIO()  # twisted.web wants one; the body is not in it
        self.body = Body(length)
        self.started = site.clock.seconds()
        self.trace_id = trace_id(self.getHeader(b"x-request-id"))
        # The channel tells the request line later, and has it under private names.
        # Without them work would begin when the body is complete, not before.
        self.method = getattr(self.channel, "_command", self.method)
        self.uri = getattr(self.channel, "_path", b"")
        self.path = self.uri.partition(b"?")[0]
        if site.recorder.enabled:
            self.answer = []
        if length is None or length > HEAD:
            self._transport.bufferSize = BLOCK
        if site.stopping:
            self._refuse(Unavailable("the proxy is shutting down"))
        elif length is not None and length > site.max_body_size:
            self._refuse_size()
        elif length != 0:
            self._charge = site.budget.charge(length, self._go_on)
            if self._charge.waiting:
                self._wait()
            if self.path == b"/predict" and self.method == b"POST":
                self._begin_upload()

    def handleContentChunk(self, data: bytes) -> None:
        """Keep a chunk; see ``twisted.web.http.Request``."""
        if self._refused:
            return
        body = self.body
        if body.length is None:
            if body.size + len(data) > self._proxy.max_body_size:
                self._refuse_size()
                return
            if self._charge is not None:
                waiting = self._charge.waiting
                self._charge.grow(len(data))
                if self._charge.waiting and not waiting:
                    self._wait()
        body.append(data)
        if self.upload is not None:
            self.upload.feed(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """All has arrived; see ``twisted.web.http.Request``."""
        if self._refused:
            self.finish()
            return
        self.body.finish()
        super().requestReceived(command, path, version)

    def predict(self) -> Deferred[Prediction]:
        """Return the answer to a ``POST /predict``."""
        upload = self.upload
        if upload is None:
            upload = self._begin_upload()
            for chunk in self.body.chunks:
                upload.feed(chunk)
        return upload.finish()

    def write(self, data: bytes) -> None:
        """Send a part of the answer; see ``twisted.web.http.Request``."""
        if self.answer is not None:
            self.answer.append(data)
        super().write(data)

    def finish(self) -> None:
        """The answer is complete; see ``twisted.web.http.Request``."""
        site = self._proxy
        self._transport.bufferSize = HEAD
        if self._waited:
            # What the channel saved when the body was complete was no timeout.
            self.channel.setTimeout(site.timeOut)
        if site.stopping:
            self.channel.persistent = 0
            site.closing.append(self._transport)
        super().finish()
        self._let_go(site)

    def connectionLost(self, reason: Failure) -> None:
        """The client is gone; see ``twisted.web.http.Request``."""
        site = self._proxy
        if self.upload is not None:
            self.upload.abandon()
        site.client_left(self)
        super().connectionLost(reason)
        self._let_go(site)

    def _let_go(self, site: ProxySite) -> None:
        # Klein leaves requests in reference cycles: what is large goes now, not when
        # the garbage collector comes.
        site.finished(self)
        self._drop_body()
        if self._linger is not None and self._linger.active():
            self._linger.cancel()
        self.upload = None
        self.answer = None

    def _drop_body(self) -> None:
        """Let go of the bytes, and make room for those of others."""
        self.body.drop()
        if self._charge is not None:
            self._charge.release()
            self._charge = None

    def _begin_upload(self) -> Upload:
        content_type = self.getHeader(b"content-type")
        upload = Upload(self.body, content_type, self.trace_id, self._proxy.predict)
        upload.held = self._charge is not None and self._charge.waiting
        self.upload = upload
        return upload

    def _refuse_size(self) -> None:
        limit = self._proxy.max_body_size
        self._refuse(
            BodyTooLarge(f"the body is larger than maxBodySize, {limit} bytes")
        )

    def _refuse(self, error: ProxyError) -> None:
        """Answer now, before the body is read, and close the connection soon."""
        self._refused = True
        if self.upload is not None:
            self.upload.abandon()
            self.upload = None
        self._drop_body()
        self.requestHeaders.removeHeader(b"expect")
        self.channel.persistent = 0
        self.clientproto = b"HTTP/1.1"
        self.setHeader(b"Connection", b"close")
        self.setHeader(b"X-Request-ID", self.trace_id.encode("ascii"))
        self.write(self._proxy.write_error(self, error))
        self._linger = self.channel.callLater(LINGER, self.channel.loseConnection)

    def _wait(self) -> None:
        """Read no more from this client until there is room for its body."""
        self._waited = True
        self.channel.setTimeout(None)
        self._transport.pauseProducing()

    def _go_on(self) -> None:
        # All may have come before reading stopped: then nothing more is expected.
        if not self.body.complete:
            self.channel.setTimeout(self._proxy.timeOut)
            if self.upload is not None:
                self.upload.go_on()
        self._transport.resumeProducing()
