"""Stand-ins for ML servers, and the proxy's parts wired to them in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import attrs
import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site

from immich_ml_proxy.balancer.forwarder import Forwarder
from immich_ml_proxy.balancer.health import Health
from immich_ml_proxy.balancer.health_checker import HealthChecker
from immich_ml_proxy.balancer.place import Places
from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.balancer.server import Server
from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.demo.form import read_form
from immich_ml_proxy.predictor import Predictor
from immich_ml_proxy.records.recorder import Recorder
from immich_ml_proxy.upstream.client import BackendClient
from immich_ml_proxy.upstream.endpoints import connections
from tests.memory_connection import MemoryConnection
from tests.network import Network


@attrs.frozen
class Received:
    """A request as a backend got it; header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def entries(self) -> Any:
        """What the form asks for."""
        return json.loads(self.fields.entries or b"null")

    @property
    def fields(self) -> Any:
        """The form."""
        return read_form(self.headers.get("content-type", ""), self.body)


class FakeBackend(Resource):
    """
    An ML server that says ``{task: its name}`` to everything, until a switch is set.

    :ivar status: of the answer to a predict, and ``ping_status`` to a ping.
    :ivar answer: the body instead, when it is not ``None``; without it a status other
        than 2xx has none.
    :ivar headers: sent with the answer.
    :ivar silent: requests are held; see :meth:`speak`.
    :ivar answers_pings: even then; ``holds_pings``: pings are held, and only they.
    :ivar received: the requests that came whole.
    :ivar left: requests whose client did not wait.
    :param journal: gets its name with every predict.
    """

    isLeaf = True

    def __init__(self, name: str, journal: list[str]) -> None:
        super().__init__()
        self.name = name
        self.journal = journal
        self.status = self.ping_status = 200
        self.answer: bytes | None = None
        self.headers: dict[str, str] = {"Content-Type": "application/json"}
        self.silent = self.answers_pings = self.holds_pings = False
        self.received: list[Received] = []
        self.left = 0
        self._held: list[Any] = []

    @property
    def predicts(self) -> list[Received]:
        """The predicts that came whole."""
        return [one for one in self.received if one.path.endswith("/predict")]

    @property
    def pings(self) -> int:
        """How many pings came."""
        return len(self.received) - len(self.predicts)

    @property
    def holds(self) -> int:
        """How many requests wait for :meth:`speak`."""
        return len(self._held)

    @property
    def held(self) -> list[Received]:
        """What waits for :meth:`speak`, in the order in which it came."""
        return [received for _, received in self._held]

    def render(self, request: Any) -> Any:
        """Take a request; see ``Resource``."""
        headers = {
            name.decode().lower(): values[0].decode("latin-1")
            for name, values in request.requestHeaders.getAllRawHeaders()
        }
        received = Received(
            request.method.decode(),
            request.path.decode(),
            headers,
            request.content.read(),
        )
        self.received.append(received)
        is_predict = received.path.endswith("/predict")
        if is_predict:
            self.journal.append(self.name)
        is_held = self.silent and (is_predict or not self.answers_pings)
        if is_held or (self.holds_pings and not is_predict):
            self._held.append((request, received))
            request.notifyFinish().addErrback(self._left, request)
        else:
            self._answer(request, received)
        return NOT_DONE_YET

    def speak(self) -> None:
        """Answer what was held."""
        self.silent = False
        held, self._held = self._held, []
        for request, received in held:
            self._answer(request, received)

    def _left(self, reason: Failure, request: Any) -> None:
        self.left += 1
        self._held = [one for one in self._held if one[0] is not request]

    def _answer(self, request: Any, received: Received) -> None:
        if received.path.endswith("/ping"):
            status, body = self.ping_status, b"pong"
        else:
            status = self.status
            told = self._told(received) if 200 <= status < 300 else b""
            body = self.answer if self.answer is not None else told
        request.setResponseCode(status)
        for name, value in self.headers.items():
            request.setHeader(name, value)
        request.setHeader("Content-Length", str(len(body)))
        request.write(body)
        request.finish()

    def _told(self, received: Received) -> bytes:
        told: dict[str, object] = dict.fromkeys(received.entries or (), self.name)
        if received.fields.image is not None:
            told |= {"imageHeight": 3, "imageWidth": 4}
        return json.dumps(told).encode()


class QuietSite(Site):
    """A site without an access log and without timers."""

    noisy = False

    def __init__(self, resource: Resource, network: Network) -> None:
        super().__init__(
            resource, timeout=None, reactor=network, parsePOSTFormSubmission=False
        )

    def log(self, request: object) -> None:
        """Write nothing."""


class Script(ServerFactory):
    """
    A server that says what it is told to as soon as anything comes, and may hang up.

    :param said: raw bytes, for answers that no proper server gives.
    """

    noisy = False

    def __init__(self, said: bytes, hang_up: bool = False) -> None:
        self._said = said
        self._hang_up = hang_up

    def buildProtocol(self, addr: Any) -> Protocol:
        """Return the server's side; see ``IProtocolFactory``."""
        said, hang_up = self._said, self._hang_up

        class Speaker(Protocol):
            def dataReceived(self, data: bytes) -> None:
                transport: Any = self.transport
                transport.write(said)
                if hang_up:
                    transport.loseConnection()

        return Speaker()


def serve(network: Network, *names: str) -> dict[str, FakeBackend]:
    """Return a new backend for each name, reachable at ``http://NAME:3003``."""
    journal: list[str] = []
    fakes = {name: FakeBackend(name, journal) for name in names}
    for name, fake in fakes.items():
        network.serve(name, QuietSite(fake, network))
    return fakes


def document(*names: str, **more: Any) -> dict[str, Any]:
    """
    Return a configuration of these backends; all are the default route.

    Their answers are not checked: a :class:`FakeBackend` answers with its name.
    """
    return {
        "checkAnswers": "off",
        "defaultBackend": list(names),
        "backends": [{"name": name, "url": f"http://{name}:3003"} for name in names],
        "taskRouting": {},
        **more,
    }


class Fleet:
    """
    Backends in a network, and the proxy's parts below HTTP, wired to them.

    :param names: of the backends; ``fleet["gpu"]`` is one.
    :param more: fields of the configuration.
    :ivar flips: name and error of every backend whose health has changed sides.
    """

    def __init__(self, *names: str, **more: Any) -> None:
        self.network = Network()
        self.fakes = serve(self.network, *names)
        self.flips: list[tuple[str, str]] = []
        self.config = config_document.parse(
            msgspec.json.encode(document(*names, **more))
        )
        self.pool = Pool(self.config, self._flipped)
        self.wanted: list[str] = []
        self.places = Places(
            self.network, self.pool, lambda server: self.wanted.append(server.name)
        )
        self.recorder = Recorder()
        self.connections = connections(self.network)
        self.client = BackendClient(
            self.network, self.connections, self.recorder, self.network.wall
        )
        self.checker = HealthChecker(
            self.network,
            self.client,
            self.pool,
            lambda: "round",
        )
        self.forwarder = Forwarder(
            self.network,
            self.network.seconds,
            self.client,
            self.pool,
            self.places,
            self.checker.ping,
        )
        self.checker.observers.append(self.forwarder.observed)
        self.predictor = Predictor(self.pool, self.forwarder)

    def __getitem__(self, name: str) -> FakeBackend:
        return self.fakes[name]

    def connections_to(self, name: str) -> list[MemoryConnection]:
        """The connections to a backend, closed ones too."""
        return self.network.to(name)

    def health(self, name: str) -> Health:
        """What is known of a backend."""
        return self.pool[name].reported(self.network.seconds())

    @property
    def timers(self) -> list[Any]:
        """
        What time will still bring, but for looks that all requests share.

        Those at idle connections, and at what takes long, end when there is none.
        """
        calls = self.network.getDelayedCalls()
        shared = ("_sweep", "TimeLimits._look")
        return [one for one in calls if not any(name in str(one) for name in shared)]

    @property
    def asked(self) -> list[str]:
        """Who got a predict, in this order."""
        return next(iter(self.fakes.values())).journal

    def _flipped(self, server: Server, before: Health) -> None:
        self.flips.append((server.name, server.health.error))


def says(name: str, said: bytes, hang_up: bool = False) -> Callable[[Fleet], None]:
    """Return what makes a backend say some raw bytes."""
    return lambda fleet: fleet.network.serve(name, Script(said, hang_up))


def switch(name: str, **switches: Any) -> Callable[[Fleet], None]:
    """Return what sets switches of a backend."""

    def turn(fleet: Fleet) -> None:
        for key, value in switches.items():
            setattr(fleet[name], key, value)

    return turn


def outcome(deferred: Deferred[Any]) -> list[Any]:
    """Return a list that gets the result, or the ``Failure``, once it is there."""
    results: list[Any] = []
    deferred.addBoth(results.append)
    return results


def result_of(deferred: Deferred[Any]) -> Any:
    """Return what a Deferred has come to by now, or raise its error."""
    results = outcome(deferred)
    assert results, "it has not fired yet"
    if isinstance(results[0], Failure):
        results[0].raiseException()
    return results[0]
