"""The request class: the body in memory, work begun early, the answer recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from twisted.web import server

from immich_ml_proxy.balancer.leg import Leg
from immich_ml_proxy.downstream.address import plain
from immich_ml_proxy.downstream.admission import Ticket
from immich_ml_proxy.downstream.names import Names
from immich_ml_proxy.downstream.target import origin_form
from immich_ml_proxy.downstream.trace_id import names_of
from immich_ml_proxy.downstream.upload import Upload
from immich_ml_proxy.errors import LoopDetected, ProxyError
from immich_ml_proxy.headers import KnownHeaders, raw
from immich_ml_proxy.predictor import Prediction
from immich_ml_proxy.protocol.body import Body
from immich_ml_proxy.upstream.endpoints import BLOCK

if TYPE_CHECKING:
    from immich_ml_proxy.downstream.site import ProxySite

#: Bytes read at once between two requests. Twisted cuts a head out of what was read
#: line by line, copying the rest each time: there should not be much of it.
HEAD = 8 * 1024
#: What answers say they come from.
SERVER = server.version


class ProxyRequest(server.Request):
    """
    A request whose body is a list of chunks in memory, not a file.

    :ivar body: the body; dropped when the request is over.
    :ivar upload: what a ``POST /predict`` has begun.
    :ivar trace_id: the client's ``X-Request-ID`` or a new one.
    :ivar names: this, and its place in a trace.
    :ivar legs: how the groups of a ``POST /predict`` fare.
    :ivar answering: what will give the answer; cancelled when the client leaves.
    :ivar answer: the bytes of the answer if it is recorded, else ``None``.
    :ivar started: when the headers were complete, in seconds of the clock.
    """

    responseHeaders: KnownHeaders
    upload: Upload | None = None
    answering: Deferred[Any] | None = None
    answer: list[bytes] | None = None
    trace_id: str
    names: Names
    started: float
    legs: Sequence[Leg] = ()

    _ticket: Ticket | None = None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        channel: Any = self.channel
        self._proxy: ProxySite = channel.site
        # A client may leave, or be sent away, before its headers are complete.
        self.body = Body(None)
        self.responseHeaders = KnownHeaders({})

    @property
    def _transport(self) -> Any:
        return self.channel.transport

    def gotLength(self, length: int | None) -> None:
        """The headers are complete; see ``twisted.web.http.Request``."""
        site = self._proxy
        site.active.add(self)
        self.body = Body(length)
        self.started = site.clock.seconds()
        self.names = names_of(raw(self.requestHeaders))
        self.trace_id = self.names.own.decode("ascii")
        # The channel tells the request line later, and has it under private names.
        # Without them work would begin when the body is complete, not before.
        channel: Any = self.channel
        self.method = channel._command
        self.uri, host = origin_form(channel._path)
        if host is not None:
            self.requestHeaders.setRawHeaders(b"host", [host])
        self.path = self.uri.partition(b"?")[0]
        if site.recorder.enabled:
            site.came(self)
        if length is None or length > HEAD:
            channel.transport.bufferSize = BLOCK
        error = self._loop()
        if error is not None or not site.admission.is_open_for(length):
            self._ticket = Ticket(site.admission, self, self._resumed)
            error = error or self._ticket.announced(length)
        if error is not None:
            self._refuse(error)
        elif length != 0 and self.path == b"/predict" and self.method == b"POST":
            self._begin_upload()

    @property
    def is_expected(self) -> bool:
        """Whether more of the body must come, and would be read."""
        ticket = self._ticket
        return (
            self in self._proxy.active
            and not self.body.complete
            and not (ticket is not None and (ticket.refused or ticket.waiting))
        )

    @property
    def via(self) -> bytes:
        """The ``Via`` that it goes on with."""
        return self._proxy.hops.onward(self.requestHeaders.getRawHeaders(b"via", ()))

    def _loop(self) -> ProxyError | None:
        via = self.requestHeaders.getRawHeaders(b"via")
        if via is not None:
            try:
                self._proxy.hops.check(via)
            except LoopDetected as error:
                return error
        return None

    def handleContentChunk(self, data: bytes) -> None:
        """Keep a chunk; see ``twisted.web.http.Request``."""
        ticket, body = self._ticket, self.body
        if ticket is not None and ticket.refused:
            return
        if body.length is None and ticket is not None:
            error = ticket.grown(body.size, len(data))
            if error is not None:
                self._refuse(error)
                return
        upload = self.upload
        if upload is not None:
            upload.feed(data, body.size + len(data) == body.length)
        body.append(data)
        if body.size == body.length:
            body.finish(self._proxy.clock.seconds())
        if upload is not None:
            upload.taken()

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """All has arrived; see ``twisted.web.http.Request``."""
        if self._ticket is not None and self._ticket.refused:
            self.finish()
            return
        if not self.body.complete:
            self.body.finish(self._proxy.clock.seconds())
        self.clientproto = version
        self.process()

    def process(self) -> None:
        """Have the site's resource answer; see ``twisted.web.server.Request``."""
        self.site = self._proxy
        names = self.names
        self.responseHeaders.put(
            {
                b"Server": [SERVER],
                b"Date": [self.site.date()],
                b"X-Request-Id": [names.own],
                b"Traceresponse": [names.parent],
            }
        )
        if self.path == b"*":
            self._handleStar()
            return
        try:
            self.render(self.site.resource)
        except BaseException:
            self.processingFailed(Failure())

    def segments(self) -> list[bytes]:
        """Return the parts of the path, decoded."""
        return [unquote_to_bytes(part) for part in self.path[1:].split(b"/")]

    @property
    def is_over(self) -> bool:
        """Whether it was answered, or there is nobody to answer."""
        return bool(self.finished or self._disconnected)

    def getClientAddress(self) -> Any:
        """Return where the client is; see ``twisted.web.http.Request``."""
        return plain(super().getClientAddress())

    def getRequestHostname(self) -> bytes:
        """
        Return the host that was asked; see ``twisted.web.http.Request``.

        Klein fails for one that is no name, such as ``a..b``; no route depends on it.
        """
        host: bytes = super().getRequestHostname()
        try:
            host.decode("ascii").encode("idna")
        except UnicodeError:
            return b"localhost"
        return host

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
        self._end_connection()
        if self.answer is not None:
            self.answer.append(data)
        super().write(data)

    def _end_connection(self) -> None:
        """Have the answer be the last one where the site ends."""
        if self._proxy.is_ending and not self.startedWriting:
            self.channel.persistent = 0
            self.setHeader(b"Connection", b"close")

    def respond(self, body: bytes) -> None:
        """
        Give the whole answer, of which all headers are set, ``Content-Length`` too.

        It does what :meth:`write` and :meth:`finish` do, in fewer steps.
        """
        if self.method == b"HEAD" or self.clientproto != b"HTTP/1.1":
            self.write(body)
        else:
            if self.answer is not None:
                self.answer.append(body)
            self.sentLength = len(body)
            self._end_connection()
            self.startedWriting = 1
            self.channel.writeHeaders(
                b"HTTP/1.1", b"%d" % self.code, self.code_message, self.responseHeaders
            )
            self.channel.write(body)
        self.finish()

    def finish(self) -> None:
        """The answer is complete; see ``twisted.web.http.Request``."""
        site = self._proxy
        self._transport.bufferSize = HEAD
        if self._ticket is not None:
            self._ticket.answered()
        super().finish()
        self._let_go(site)

    def connectionLost(self, reason: Failure) -> None:
        """The client is gone; see ``twisted.web.http.Request``."""
        site = self._proxy
        site.client_left(self)
        self._abandon()
        super().connectionLost(reason)
        if self.answering is not None:
            self.answering.cancel()
        self._let_go(site)

    def _let_go(self, site: ProxySite) -> None:
        # Klein leaves requests in reference cycles: what is large goes now, not when
        # the garbage collector comes.
        site.finished(self)
        # It may have been answered by who never asked what came of the work.
        self._abandon()
        self.body.drop()
        self.body.row = None
        if self._ticket is not None:
            self._ticket.end()
        self.answer = self.answering = None
        self.legs = ()

    def _abandon(self) -> None:
        if self.upload is not None:
            self.upload.abandon()
            self.upload = None

    def _begin_upload(self) -> Upload:
        content_type = self.getHeader(b"content-type")
        legs: list[Leg] = []
        self.legs = legs
        predict, onward = self._proxy.predict, self.names.onward(self.via)
        upload = Upload(self.body, content_type, self.trace_id, onward, legs, predict)
        upload.held = self._ticket is not None and self._ticket.waiting
        self.upload = upload
        return upload

    def _resumed(self) -> None:
        if self.upload is not None:
            self.upload.go_on()

    def _refuse(self, error: ProxyError) -> None:
        self._abandon()
        self.body.drop()
        if self._ticket is not None:
            self._ticket.refuse(error)
