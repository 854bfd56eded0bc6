"""One simulated server: what comes, what becomes of it by its behaviour, counters."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NoReturn

import msgspec
from attrs import define, evolve, field
from klein import Klein, Response
from twisted.internet.defer import Deferred, DeferredSemaphore
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.task import deferLater

from .behaviour import PLAIN, Behaviour, Fault, as_json
from .counts import Counts
from .fronts import front_reply
from .kinds import change
from .loading import Loading
from .protocol import (
    TEXT,
    Reply,
    error_reply,
    json_reply,
    reply_to_predict,
    retry_after,
)

#: Value of the ``X-Simulated`` header that every response carries.
SIMULATED = "immich-ml-proxy demo"

WHO = json_reply(200, {"message": "Immich ML (simulated)"})

#: Seconds after which the service closes a connection without a request.
KEEP_ALIVE = 2.0
#: Seconds until a server that is told to exit does so: the answer is out by then.
SOON = 0.05

#: The paths of the service and the method that each takes.
_METHODS = {"/": "GET", "/ping": "GET", "/predict": "POST"}

#: A ``klein.Response``, which Klein takes from a route but leaves out of its types.
Rendered = Any


@define(eq=False, slots=False)
class SimulatedServer:
    """
    A Klein app that answers as its behaviour says.

    Beside what an ML service has, ``GET /demo/counts`` tells its counters, and
    ``/demo/behaviour`` its behaviour, which a ``POST`` of fields changes.

    :param clock: source of time: the reactor, or a ``task.Clock`` in tests.
    :param name: who it is, sent in the header ``X-Simulated-Server``.
    :param behaviour: may be set at any time, for requests yet to come. Set anew it
        begins anew: no model is loaded, and faults count from one.
    :ivar wall: what time it is, in Unix seconds.
    :ivar exit: called when it exits after an idle time; what listens for it sets it.
    """

    app: ClassVar[Klein] = Klein()

    clock: IReactorTime
    name: str
    _behaviour: Behaviour = field(default=PLAIN, alias="behaviour")
    wall: Callable[[], float] = field(default=time.time, init=False)
    exit: Callable[[], object] = field(default=lambda: None, init=False)

    counts: Counts = field(factory=Counts, init=False)

    _models: Loading = field(init=False)
    _since: float = field(init=False)
    _met: list[int] = field(init=False)
    _free: DeferredSemaphore = field(init=False)
    _open: int = field(default=0, init=False)
    _idle: IDelayedCall | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self.behaviour = self._behaviour

    @property
    def behaviour(self) -> Behaviour:
        """How it behaves now."""
        return self._behaviour

    @behaviour.setter
    def behaviour(self, behaviour: Behaviour) -> None:
        self.stop()
        self._behaviour = behaviour
        self._since = self.clock.seconds()
        self._met = [0] * len(behaviour.faults)
        self._free = DeferredSemaphore(behaviour.places)
        self._models = Loading(self.clock, self.counts, behaviour.load_seconds)

    @app.route("/", branch=True)
    async def answer(self, request: Any) -> Rendered:
        """Answer whatever is asked."""
        method, path = request.method.decode(), request.path.decode("latin-1")
        if path.startswith("/demo/"):
            return self._response(self._control(method, path, request))
        self.counts.pings += path == "/ping"
        self.counts.predicts += path == "/predict"
        reply = front_reply(self.behaviour.front, method, path)
        if reply is None and method != _METHODS.get(path, method):
            allow = (("Allow", _METHODS[path]),)
            reply = evolve(error_reply(405), headers=allow)
        if reply is None and path == "/predict":
            return await self._predict(request)
        fault = self._struck(path.strip("/"))
        if fault is not None:
            reply = await self._befall(fault, request)
        elif reply is None and path == "/ping":
            reply = await self._ping()
        elif reply is None:
            reply = WHO if path == "/" else error_reply(404)
        return self._response(reply)

    def _control(self, method: str, path: str, request: Any) -> Reply:
        if (method, path) == ("GET", "/demo/counts"):
            return json_reply(200, {"name": self.name} | self.counts.as_json())
        if (method, path) == ("POST", "/demo/exit"):
            self.stop()
            self.clock.callLater(SOON, self._exit)
            return json_reply(200, {})
        if path != "/demo/behaviour" or method not in ("GET", "POST"):
            return error_reply(404)
        if method == "POST":
            try:
                fields = msgspec.json.decode(request.content.read())
                self.behaviour = change(self.behaviour, fields)
            except ValueError as error:
                return error_reply(422, detail=str(error))
        return json_reply(200, as_json(self.behaviour))

    async def _ping(self) -> Reply:
        if self.behaviour.ping_delay > 0:
            await deferLater(self.clock, self.behaviour.ping_delay)
        return Reply(200, TEXT, self.behaviour.ping_body.encode())

    async def _predict(self, request: Any) -> Rendered:
        """
        Answer a form of ``entries`` and ``image`` or ``text``.

        A client that leaves cancels this, which frees its place.
        """
        [content_type] = request.requestHeaders.getRawHeaders("content-type", [""])[:1]
        reply = reply_to_predict(content_type, request.content.read(), self.behaviour)
        asked = reply.asked
        outcome = "left"
        self._begin()
        try:
            fault = self._struck("predict", asked)
            if fault is not None and fault.what != "cut":
                if fault.what in ("drop", "reset"):
                    outcome = str(fault.what)
                reply = await self._befall(fault, request)
            elif reply.status == 200:
                reply = await self._work(reply)
            if fault is not None and fault.what == "cut":
                outcome = "cut"
                await self._cut(reply, request)
            outcome = str(reply.status)
        finally:
            self._end()
            self.counts.ended(outcome, asked)
        return self._response(reply)

    def too_large(self, length: int | None) -> bytes | None:
        """
        Return what a gateway sends instead of reading a body, and then closes.

        :param length: of the body; ``None``: nobody knows yet.
        """
        if not self.behaviour.max_body or (length or 0) <= self.behaviour.max_body:
            return None
        self.counts.predicts += 1
        self.counts.ended("413", ())
        reply = error_reply(413, html=True)
        head = [f"HTTP/1.1 {reply.status} Request Entity Too Large"]
        head += [f"{name}: {value}" for name, value in self._headers(reply)]
        head += ["Connection: close", "", ""]
        return "\r\n".join(head).encode() + reply.body

    async def _work(self, reply: Reply) -> Reply:
        """Return the reply once it is worked out, or that there is no place for it."""
        behaviour, counts = self.behaviour, self.counts
        # Those of now: what is set meanwhile is for requests yet to come.
        free, models = self._free, self._models
        if 0 < behaviour.full_at <= counts.in_progress + counts.waiting:
            reply = error_reply(behaviour.full_with)
            return self._later(reply, behaviour.full_retry_after)
        counts.waiting += 1
        try:
            await free.acquire()
        finally:
            counts.waiting -= 1
        counts.in_progress += 1
        counts.peak_in_progress = max(counts.peak_in_progress, counts.in_progress)
        try:
            await models.wait_for(reply.models)
            seconds = behaviour.seconds_for(reply.tasks)
            # Without a service time the answer is there in the same turn, so
            # tests that do not care for time need no clock.
            if seconds > 0:
                await deferLater(self.clock, seconds)
        finally:
            counts.in_progress -= 1
            free.release()
        return reply

    def _struck(self, at: str, tasks: tuple[str, ...] = ()) -> Fault | None:
        """Return the fault that befalls a request, the first one that does."""
        age = self.clock.seconds() - self._since
        for number, fault in enumerate(self.behaviour.faults):
            if fault.is_for(at, tasks):
                self._met[number] += 1
                if fault.strikes(self._met[number], age):
                    return fault
        return None

    async def _befall(self, fault: Fault, request: Any) -> Reply:
        """Return the answer of a fault, if it has one; else wait for the end."""
        if fault.what == "hang":
            self.counts.hanging += 1
            try:
                await self._lost()
            finally:
                self.counts.hanging -= 1
        if isinstance(fault.what, str):
            self._hang_up(request, reset=fault.what == "reset")
            await self._lost()
        return self._later(error_reply(fault.what, fault.html), fault.retry_after)

    def _later(self, reply: Reply, value: str) -> Reply:
        """Return an error with a ``Retry-After``, if there is one."""
        if not value:
            return reply
        value = retry_after(value, self.wall())
        return evolve(reply, headers=(("Retry-After", value),))

    async def _cut(self, reply: Reply, request: Any) -> NoReturn:
        """Send half of an answer."""
        request.setResponseCode(reply.status)
        for name, value in self._headers(reply):
            request.setHeader(name, value)
        request.write(reply.body[: len(reply.body) // 2])
        self._hang_up(request)
        await self._lost()

    def _hang_up(self, request: Any, reset: bool = False) -> None:
        transport = request.channel.transport
        close = transport.abortConnection if reset else transport.loseConnection
        # In a turn of its own, for it may cancel who calls this.
        self.clock.callLater(0, close)

    async def _lost(self) -> NoReturn:
        """Wait until the client goes away, which cancels this."""
        await Deferred()
        raise AssertionError("nobody calls it")

    def stop(self) -> None:
        """Exit no more."""
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _begin(self) -> None:
        self._open += 1
        self.stop()

    def _end(self) -> None:
        self._open -= 1
        if self.behaviour.idle_exit > 0 and not self._open:
            self._idle = self.clock.callLater(self.behaviour.idle_exit, self._exit)

    def _exit(self) -> None:
        self._idle = None
        self.counts.exits += 1
        self.behaviour = self.behaviour
        self.exit()

    def _headers(self, reply: Reply) -> list[tuple[str, str]]:
        return [
            ("Content-Type", reply.content_type),
            # Else Twisted sends the answer in chunks, which the service does not.
            ("Content-Length", str(len(reply.body))),
            ("X-Simulated", SIMULATED),
            ("X-Simulated-Server", self.name),
            *reply.headers,
        ]

    def _response(self, reply: Reply) -> Response:
        headers: dict[str | bytes, str | bytes | Sequence[str | bytes]] = dict(
            self._headers(reply)
        )
        return Response(reply.status, headers, reply.body)
