"""The site: what all requests share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.web.http import datetimeToString
from twisted.web.resource import IResource
from twisted.web.server import Site

from immich_ml_proxy.config.headers import without_values
from immich_ml_proxy.downstream.admission import Admission
from immich_ml_proxy.downstream.channel import ProxyChannel
from immich_ml_proxy.downstream.ended_requests import EndedRequests
from immich_ml_proxy.downstream.open_connections import OpenConnections
from immich_ml_proxy.downstream.request import ProxyRequest
from immich_ml_proxy.downstream.upload import Predict
from immich_ml_proxy.metrics.traffic import CLIENT_LEFT
from immich_ml_proxy.protocol.hops import Hops
from immich_ml_proxy.records.content import FormSeen
from immich_ml_proxy.records.recorder import Recorder
from immich_ml_proxy.records.seen import RequestSeen, ResponseSeen
from immich_ml_proxy.upstream.client import flat


class ProxySite(Site):
    """
    :param clock: source of time.
    :param wall: what time it is, in Unix seconds.
    :param resource: answers.
    :param predict: begins the work of a ``POST /predict``.
    :param recorder: is told of every request while debug is on.
    :param admission: lets requests in.
    :param hops: knows what has been here before.
    :param ended: is told of every request that is over.
    :ivar active: the requests under way.
    :ivar connections: those of clients that are open.
    :ivar is_ending: each connection ends with its next answer.
    """

    protocol: Any = ProxyChannel
    requestFactory = ProxyRequest
    displayTracebacks = False
    noisy = False

    def __init__(
        self,
        clock: IReactorTime,
        wall: Callable[[], float],
        resource: IResource,
        predict: Predict,
        recorder: Recorder,
        admission: Admission,
        hops: Hops,
        ended: EndedRequests,
    ) -> None:
        super().__init__(
            resource,
            timeout=admission.bounds.idle_timeout,
            reactor=clock,
            parsePOSTFormSubmission=False,
        )
        self.clock = clock
        self._wall = wall
        self.predict = predict
        self.recorder = recorder
        self.admission = admission
        self.hops = hops
        self._ended = ended
        self.active: set[ProxyRequest] = set()
        self.connections = OpenConnections()
        self.is_ending = False
        self._date = b""
        self._date_of = 0

    def date(self) -> bytes:
        """Return the time as answers tell it."""
        now = int(self._wall())
        if now != self._date_of:
            self._date_of, self._date = now, datetimeToString(now)
        return self._date

    def buildProtocol(self, addr: Any) -> Any:
        """Return the channel of a connection; see ``IProtocolFactory``."""
        channel: Any = super().buildProtocol(addr)
        channel.connections = self.connections
        return channel

    def came(self, request: ProxyRequest) -> None:
        """Begin to record a request, of which the head is there."""
        if _is_recorded(request.path):
            request.answer = []
            request.body.row = self.recorder.begin(
                self._wall(),
                request.started,
                request.trace_id,
                request.method.decode("latin-1"),
                request.uri.decode("latin-1"),
            )

    def log(self, request: Any) -> None:
        """Tell of a request that was answered, and record it."""
        self._ended.add(request, request.code)
        if request.answer is not None:
            self._record(request, None)

    def client_left(self, request: ProxyRequest) -> None:
        """The same for one whose client did not wait for the answer."""
        if request in self.active:
            self._ended.add(request, CLIENT_LEFT)
        if request.answer is not None:
            self._record(request, "the client closed the connection")

    def finished(self, request: ProxyRequest) -> None:
        """A request is over, in whatever way."""
        self.active.discard(request)
        if request.body.row is not None:
            self.recorder.forget(request.body.row)

    def end(self) -> Deferred[None]:
        """
        Serve what still comes over open connections, and let each end after that.

        :return: fires when all have ended.
        """
        self.is_ending = True
        return self.connections.end()

    def _record(self, request: ProxyRequest, error: str | None) -> None:
        row = request.body.row
        if row is None or row.order:
            return
        answered = request.startedWriting
        backends = request.responseHeaders.getRawHeaders(b"X-Immich-ML-Backend")
        self.recorder.end(
            row,
            duration=self.clock.seconds() - request.started,
            backend=backends[0].decode() if backends else None,
            request=RequestSeen(
                request.method.decode("latin-1"),
                request.uri.decode("latin-1"),
                flat(request.requestHeaders),
                _recorded_body(request),
            ),
            response=ResponseSeen(
                request.code, flat(request.responseHeaders), request.answer or ()
            )
            if answered
            else None,
            error=error,
            form=_form(request),
        )


def _form(request: ProxyRequest) -> FormSeen | None:
    scanned = request.upload.scanned if request.upload is not None else None
    if scanned is None or scanned.entries is None:
        return None
    found = scanned.entries
    return FormSeen(found.value, (found.start, found.end), scanned.picture)


def _recorded_body(request: ProxyRequest) -> Sequence[bytes]:
    chunks = request.body.chunks
    # The headers of backends may have any name: theirs does not tell that it is secret.
    return [without_values(b"".join(chunks))] if _is_config(request.path) else chunks


def _is_config(path: bytes) -> bool:
    return path.startswith((b"/api/config", b"/api/notify"))


#: What pages ask for all the time.
_POLLED = (b"/debug", b"/api/overview", b"/api/demo")


def _is_recorded(path: bytes) -> bool:
    return path not in _POLLED and not path.startswith(
        (b"/debug/", b"/api/debug/", b"/static/")
    )
