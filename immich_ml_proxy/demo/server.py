"""One simulated ML server: places, service time, failures and counters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, get_args

from attrs import define, field, validators
from klein import Klein, Response
from twisted.internet.defer import Deferred, DeferredSemaphore
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.python.failure import Failure
from twisted.web.iweb import IRequest
from twisted.web.server import Request, Site
from werkzeug.exceptions import HTTPException

from .protocol import (
    INTERNAL_ERROR,
    PONG,
    UNAVAILABLE,
    Reply,
    json_reply,
    reply_to_predict,
)

#: Value of the ``X-Simulated`` header that every response carries.
SIMULATED = "immich-ml-proxy demo"

WHO = json_reply(200, {"message": "Immich ML (simulated)"})

#: Seconds after which the service closes a connection without a request.
KEEP_ALIVE = 2.0

#: ``up``; ``hang``: /predict never answers, /ping does; ``hang_all``: nothing ever
#: answers; ``error``: 500 from /predict at once, /ping answers; ``ping_error``: 503
#: from /ping, /predict works.
Mode = Literal["up", "hang", "hang_all", "error", "ping_error"]
MODES: tuple[Mode, ...] = get_args(Mode)

#: A ``klein.Response``, which Klein takes from a route but leaves out of its types.
Rendered = Any


@define(eq=False, slots=False)
class SimulatedServer:
    """
    A Klein app that answers as Immich's ML service does.

    :param clock: source of time: the reactor, or a ``task.Clock`` in tests.
    :param name: who it is, sent in the header ``X-Simulated-Server``.
    :param service_time: seconds a request is worked on. By task: those of its
        slowest task, since the tasks of a request run side by side.
    :param places: requests worked on at once; further ones wait, first come first
        served. A request that is refused takes no place and no time.
    :param mode: see ``Mode``; may be set at any time, for requests yet to come.
    """

    app: ClassVar[Klein] = Klein()

    clock: IReactorTime
    name: str
    service_time: float | Mapping[str, float] = 0.0
    places: int = 1
    mode: Mode = field(default="up", validator=validators.in_(MODES))

    #: Requests answered with 200, by task.
    served: Counter[str] = field(factory=Counter, init=False)
    #: Pings and predicts that came, whatever became of them.
    pings: int = field(default=0, init=False)
    predicts: int = field(default=0, init=False)
    #: Requests that have a place now, and the most there ever were.
    in_progress: int = field(default=0, init=False)
    peak_in_progress: int = field(default=0, init=False)
    #: Requests that will never be answered and whose client is still there.
    hanging: int = field(default=0, init=False)

    _free: DeferredSemaphore = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._free = DeferredSemaphore(self.places)

    @property
    def waiting(self) -> int:
        """Requests that wait for a place."""
        return len(self._free.waiting)

    @app.route("/", methods=["GET"])
    async def root(self, request: IRequest) -> Rendered:
        """Say who answers."""
        if self.mode == "hang_all":
            await self._never()
        return self._response(WHO)

    @app.route("/ping", methods=["GET"])
    async def ping(self, request: IRequest) -> Rendered:
        """Answer ``pong``."""
        self.pings += 1
        if self.mode == "hang_all":
            await self._never()
        broken = self.mode == "ping_error"
        return self._response(UNAVAILABLE if broken else PONG)

    @app.route("/predict", methods=["POST"])
    async def predict(self, request: IRequest) -> Rendered:
        """
        Answer a form of ``entries`` and ``image`` or ``text``.

        A client that leaves cancels this, which frees its place.
        """
        self.predicts += 1
        if self.mode in ("hang", "hang_all"):
            await self._never()
        if self.mode == "error":
            return self._response(INTERNAL_ERROR)
        [content_type] = request.requestHeaders.getRawHeaders("content-type", [""])[:1]
        reply = reply_to_predict(content_type, request.content.read())
        if reply.status == 200:
            await self._work(reply.tasks)
            self.served.update(reply.tasks)
        return self._response(reply)

    @app.handle_errors(HTTPException)
    def no_such_page(self, request: IRequest, failure: Failure) -> Rendered:
        """Answer 404 and 405 in the service's form."""
        error = failure.value
        assert isinstance(error, HTTPException)
        return self._response(json_reply(error.code or 500, {"detail": error.name}))

    async def _work(self, tasks: tuple[str, ...]) -> None:
        async with self._free:
            self.in_progress += 1
            self.peak_in_progress = max(self.peak_in_progress, self.in_progress)
            try:
                seconds = self._seconds(tasks)
                # Without a service time the answer is there in the same turn, so
                # tests that do not care for time need no clock.
                if seconds > 0:
                    await deferLater(self.clock, seconds)
            finally:
                self.in_progress -= 1

    def _seconds(self, tasks: tuple[str, ...]) -> float:
        if isinstance(self.service_time, Mapping):
            return max((self.service_time.get(task, 0.0) for task in tasks), default=0)
        return self.service_time

    async def _never(self) -> None:
        """Wait until the client goes away."""
        self.hanging += 1
        try:
            await Deferred()
        finally:
            self.hanging -= 1

    def _response(self, reply: Reply) -> Response:
        headers: dict[str | bytes, str | bytes | Sequence[str | bytes]] = {
            "Content-Type": reply.content_type,
            # Else Twisted sends the answer in chunks, which the service does not.
            "Content-Length": str(len(reply.body)),
            "X-Simulated": SIMULATED,
            "X-Simulated-Server": self.name,
        }
        return Response(reply.status, headers, reply.body)


class _Request(Request):
    """
    Stops the keep-alive time while there is a request.

    The service counts it between requests only; Twisted would also close on a
    client that pauses in the middle of an upload.
    """

    def gotLength(self, length: int | None) -> None:
        """Called when the head of a request is in."""
        self.channel.setTimeout(None)
        super().gotLength(length)

    def finish(self) -> None:
        """Called when the answer is complete and the client still there."""
        self.channel.setTimeout(KEEP_ALIVE)
        super().finish()


class _Site(Site):
    """A ``Site`` without an access log: the proxy's own tells who served what."""

    noisy = False

    def log(self, request: object) -> None:
        """Write nothing."""


def site(server: SimulatedServer) -> Site:
    """
    Return what a port listens with.

    The form is left to ``server``: Twisted would refuse a body cut short itself.
    """
    return _Site(
        server.app.resource(),
        requestFactory=_Request,
        timeout=KEEP_ALIVE,
        reactor=server.clock,
        parsePOSTFormSubmission=False,
    )
