"""The site: what all requests share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.web.http import datetimeToString
from twisted.web.resource import IResource
from twisted.web.server import Site

from immich_ml_proxy.downstream.admission import Admission
from immich_ml_proxy.downstream.channel import ProxyChannel
from immich_ml_proxy.downstream.request import ProxyRequest
from immich_ml_proxy.downstream.upload import Predict
from immich_ml_proxy.records.recorder import Recorder, RequestSeen, ResponseSeen
from immich_ml_proxy.upstream.client import flat


class ProxySite(Site):
    """
    :param clock: source of time.
    :param wall: what time it is, in Unix seconds.
    :param resource: answers.
    :param predict: begins the work of a ``POST /predict``.
    :param recorder: is told of every request while debug is on.
    :param admission: lets requests in.
    :ivar active: the requests under way.
    :ivar closing: the connections of the last answers, which may still be on their way.
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
        self.active: set[ProxyRequest] = set()
        self.closing: list[Any] = []
        self._idle: list[Deferred[None]] = []
        self._date = b""
        self._date_of = 0

    def date(self) -> bytes:
        """Return the time as answers tell it."""
        now = int(self._wall())
        if now != self._date_of:
            self._date_of, self._date = now, datetimeToString(now)
        return self._date

    def log(self, request: Any) -> None:
        """Record a request that was answered; there is no access log."""
        if request.answer is not None and _is_recorded(request.path):
            self._record(request, None)

    def client_left(self, request: ProxyRequest) -> None:
        """Record a request whose client did not wait for the answer."""
        if request.answer is not None and _is_recorded(request.path):
            self._record(request, "the client closed the connection")

    def finished(self, request: ProxyRequest) -> None:
        """A request is over, in whatever way."""
        self.active.discard(request)
        if not self.active:
            idle, self._idle = self._idle, []
            for waiting in idle:
                waiting.callback(None)

    def drained(self) -> Deferred[None]:
        """Take no new request; the Deferred fires when none is under way."""
        self.admission.stopping = True
        if not self.active:
            return succeed(None)
        waiting: Deferred[None] = Deferred()
        self._idle.append(waiting)
        return waiting

    def _record(self, request: ProxyRequest, error: str | None) -> None:
        answered = request.startedWriting
        duration = self.clock.seconds() - request.started
        backends = request.responseHeaders.getRawHeaders(b"X-Immich-ML-Backend")
        self.recorder.record(
            now=self._wall() - duration,
            duration=duration,
            type="incoming",
            trace_id=request.trace_id,
            backend=backends[0].decode() if backends else None,
            request=RequestSeen(
                request.method.decode("latin-1"),
                request.uri.decode("latin-1"),
                flat(request.requestHeaders),
                request.body.chunks,
            ),
            response=ResponseSeen(
                request.code, flat(request.responseHeaders), request.answer or ()
            )
            if answered
            else None,
            error=error,
        )


#: What pages ask for all the time.
_POLLED = (b"/debug", b"/api/overview", b"/api/demo")


def _is_recorded(path: bytes) -> bool:
    return path not in _POLLED and not path.startswith(
        (b"/debug/", b"/api/debug/", b"/static/")
    )
