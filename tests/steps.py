"""Single steps on the way of a request, taken with a fleet in memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure
from twisted.web.http_headers import Headers

from immich_ml_proxy.balancer.forwarder import Served, Work
from immich_ml_proxy.config.model import Backend
from immich_ml_proxy.errors import ProxyError
from immich_ml_proxy.protocol import routing
from immich_ml_proxy.protocol.body import Body
from immich_ml_proxy.upstream.body_producer import BodyReader, Splice
from immich_ml_proxy.upstream.client import Outgoing
from immich_ml_proxy.upstream.reply import ExchangeFailed, Reply
from tests.demo_requests import MULTIPART, VISUAL
from tests.fakes import Fleet, Script, outcome
from tests.memory_proxy import photo_form

PHOTO = photo_form(VISUAL)
PING = Outgoing("GET", "/ping", Headers({b"Accept": [b"*/*"]}), "trace")
#: The beginning of an answer.
HEAD = b"HTTP/1.1 200 OK\r\n"
#: An answer that is cut short.
HALF = HEAD + b"Content-Length: 10\r\n\r\nabc"
#: Seconds after which a refused connection to a name is known to have failed.
REFUSED = 1


def arriving() -> Body:
    """Return the body of a predict, of which the last ten bytes are under way."""
    body = Body(len(PHOTO))
    body.append(PHOTO[:-10])
    return body


def complete(body: Body) -> Body:
    """Have the last ten bytes arrive."""
    body.append(PHOTO[-10:])
    body.finish()
    return body


def arrived() -> Body:
    """Return the body of a predict."""
    return complete(arriving())


def predict(body: Body) -> Outgoing:
    """Return a predict with this body."""
    return Outgoing(
        method="POST",
        path="/predict",
        headers=Headers({b"Content-Type": [MULTIPART.encode()]}),
        trace_id="trace",
        make_body=lambda: BodyReader(body),
        body=body,
        chunks=lambda: body.chunks,
    )


def says(name: str, said: bytes, hang_up: bool = False) -> Callable[[Fleet], None]:
    """Return what makes a backend say some raw bytes."""
    return lambda fleet: fleet.network.serve(name, Script(said, hang_up))


def switch(name: str, **switches: Any) -> Callable[[Fleet], None]:
    """Return what sets switches of a backend."""

    def turn(fleet: Fleet) -> None:
        for key, value in switches.items():
            setattr(fleet[name], key, value)

    return turn


class Sending:
    """
    An exchange with the backend ``gpu`` of a fleet.

    :ivar results: gets the reply or the failure.
    """

    def __init__(
        self,
        fleet: Fleet,
        outgoing: Outgoing = PING,
        timeout: float = 5,
        url: str = "http://gpu:3003",
    ) -> None:
        backend = Backend(name="gpu", url=url)
        self.deferred = fleet.exchange.send(backend, outgoing, lambda: timeout)
        self.results = outcome(self.deferred)
        fleet.network.flush()

    @property
    def reply(self) -> Reply:
        """The reply that came."""
        assert isinstance(self.results[0], Reply), self.results
        return self.results[0]

    @property
    def failed(self) -> ExchangeFailed:
        """Why none came."""
        failure: Any = self.results[0]
        assert isinstance(failure, Failure)
        assert isinstance(failure.value, ExchangeFailed), failure
        return failure.value

    @property
    def cancelled(self) -> bool:
        """Whether it ended as cancelled."""
        return [one.type for one in self.results] == [CancelledError]


class Forward:
    """A group that is being forwarded, as if for a client; ``wait`` in seconds."""

    def __init__(
        self,
        fleet: Fleet,
        splice: Splice | None = None,
        wait: float = 0,
        body: Body | None = None,
    ) -> None:
        tasks = routing.read(json.dumps(VISUAL).encode())
        [group] = routing.groups(tasks, fleet.config)
        content_type = MULTIPART.encode()
        work = Work(group, body or arrived(), splice, content_type, "trace")
        self.deferred = Deferred.fromCoroutine(fleet.forwarder.forward(work))
        self.results = outcome(self.deferred)
        fleet.network.advance(wait)

    @property
    def served(self) -> Served:
        """The answer."""
        assert isinstance(self.results[0], Served), self.results
        return self.results[0]

    @property
    def error(self) -> ProxyError:
        """Why there is none."""
        error = self.results[0].value
        assert isinstance(error, ProxyError), self.results
        return error
