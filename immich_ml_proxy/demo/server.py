"""One simulated server: what comes, what becomes of it by its behaviour, counters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, ClassVar, NoReturn

import msgspec
from attrs import define, evolve, field
from klein import Klein, Response
from twisted.internet.defer import Deferred, DeferredSemaphore
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.task import deferLater

from .behaviour import PLAIN, Behaviour, Fault, as_json
from .fronts import front_reply
from .kinds import change
from .loading import Loading
from .protocol import TEXT, Reply, error_reply, json_reply, reply_to_predict

#: Value of the ``X-Simulated`` header that every response carries.
SIMULATED = "immich-ml-proxy demo"

WHO = json_reply(200, {"message": "Immich ML (simulated)"})

#: Seconds after which the service closes a connection without a request.
KEEP_ALIVE = 2.0

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
    :ivar exit: called when it exits after an idle time; what listens for it sets it.
    """

    app: ClassVar[Klein] = Klein()

    clock: IReactorTime
    name: str
    _behaviour: Behaviour = field(default=PLAIN, alias="behaviour")
    exit: Callable[[], object] = field(default=lambda: None, init=False)

    #: Requests answered with 200, by task.
    served: Counter[str] = field(factory=Counter, init=False)
    #: What became of predicts, by task (``""``: none could be read) and outcome: the
    #: status, ``drop``, ``cut``, or ``left``: the client did not wait.
    outcomes: dict[str, Counter[str]] = field(factory=dict, init=False)
    #: Pings and predicts that came, whatever became of them.
    pings: int = field(default=0, init=False)
    predicts: int = field(default=0, init=False)
    #: Requests that have a place now, and the most there ever were.
    in_progress: int = field(default=0, init=False)
    peak_in_progress: int = field(default=0, init=False)
    #: Requests that wait for a place.
    waiting: int = field(default=0, init=False)
    #: Requests that will never be answered and whose client is still there.
    hanging: int = field(default=0, init=False)
    #: How often it has exited.
    exits: int = field(default=0, init=False)

    #: The models of this run.
    models: Loading = field(init=False)
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
        self._behaviour = behaviour
        self._since = self.clock.seconds()
        self._met = [0] * len(behaviour.faults)
        self._free = DeferredSemaphore(behaviour.places)
        self.models = Loading(self.clock, behaviour.load_seconds)

    def counts(self) -> dict[str, Any]:
        """Return the counters as ``/demo/counts`` shows them."""
        return {
            "name": self.name,
            "pings": self.pings,
            "predicts": self.predicts,
            "served": self.served,
            "outcomes": self.outcomes,
            "in_progress": self.in_progress,
            "peak_in_progress": self.peak_in_progress,
            "waiting": self.waiting,
            "hanging": self.hanging,
            "loads": self.models.loads,
            "exits": self.exits,
        }

    @app.route("/", branch=True)
    async def answer(self, request: Any) -> Rendered:
        """Answer whatever is asked."""
        method, path = request.method.decode(), request.path.decode("latin-1")
        if path.startswith("/demo/"):
            return self._response(self._control(method, path, request))
        self.pings += path == "/ping"
        self.predicts += path == "/predict"
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
            return json_reply(200, self.counts())
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
                if fault.what == "drop":
                    outcome = "drop"
                reply = await self._befall(fault, request)
            elif reply.status == 200:
                reply = await self._work(reply)
            if fault is not None and fault.what == "cut":
                outcome = "cut"
                await self._cut(reply, request)
            outcome = str(reply.status)
        finally:
            self._end()
            for task in asked or ("",):
                self.outcomes.setdefault(task, Counter())[outcome] += 1
        if reply.status == 200:
            self.served.update(reply.tasks)
        return self._response(reply)

    async def _work(self, reply: Reply) -> Reply:
        """Return the reply once it is worked out, or that there is no place for it."""
        behaviour, free, models = self.behaviour, self._free, self.models
        if behaviour.full_at and self.in_progress + self.waiting >= behaviour.full_at:
            return error_reply(behaviour.full_with)
        self.waiting += 1
        try:
            await free.acquire()
        finally:
            self.waiting -= 1
        self.in_progress += 1
        self.peak_in_progress = max(self.peak_in_progress, self.in_progress)
        try:
            await models.wait_for(reply.models)
            seconds = behaviour.seconds_for(reply.tasks)
            # Without a service time the answer is there in the same turn, so
            # tests that do not care for time need no clock.
            if seconds > 0:
                await deferLater(self.clock, seconds)
        finally:
            self.in_progress -= 1
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
            self.hanging += 1
            try:
                await self._lost()
            finally:
                self.hanging -= 1
        if isinstance(fault.what, str):
            self._hang_up(request)
            await self._lost()
        headers = (("Retry-After", self._retry_after(fault.retry_after)),)
        reply = error_reply(fault.what, fault.html)
        return evolve(reply, headers=headers if fault.retry_after else ())

    async def _cut(self, reply: Reply, request: Any) -> NoReturn:
        """Send half of an answer."""
        request.setResponseCode(reply.status)
        for name, value in self._headers(reply):
            request.setHeader(name, value)
        request.write(reply.body[: len(reply.body) // 2])
        self._hang_up(request)
        await self._lost()

    def _hang_up(self, request: Any) -> None:
        # In a turn of its own, for it may cancel who calls this.
        self.clock.callLater(0, request.channel.loseConnection)

    async def _lost(self) -> NoReturn:
        """Wait until the client goes away, which cancels this."""
        await Deferred()
        raise AssertionError("nobody calls it")

    def _retry_after(self, value: str) -> str:
        kind, _, seconds = value.partition("+")
        if kind != "date":
            return value
        date = datetime.fromtimestamp(self.clock.seconds() + float(seconds), UTC)
        return format_datetime(date, usegmt=True)

    def _begin(self) -> None:
        self._open += 1
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _end(self) -> None:
        self._open -= 1
        if self.behaviour.idle_exit > 0 and not self._open:
            self._idle = self.clock.callLater(self.behaviour.idle_exit, self._exit)

    def _exit(self) -> None:
        self._idle = None
        self.exits += 1
        self.models = Loading(self.clock, self.behaviour.load_seconds)
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
