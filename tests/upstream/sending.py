"""Requests to one backend of a fleet in memory, and what comes of them."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError
from twisted.python.failure import Failure
from twisted.web.http_headers import Headers

from immich_ml_proxy.config.model import Backend
from immich_ml_proxy.protocol.body import Body
from immich_ml_proxy.upstream.body_producer import BodyProducer
from immich_ml_proxy.upstream.client import Outgoing
from immich_ml_proxy.upstream.reply import ExchangeFailed, Reply
from tests.demo_requests import MULTIPART, VISUAL
from tests.fakes import Fleet, outcome
from tests.memory_proxy import photo_form

PHOTO = photo_form(VISUAL)
PING = Outgoing(b"GET", "/ping", Headers({b"Accept": [b"*/*"]}), "trace")
#: The beginning of an answer.
HEAD = b"HTTP/1.1 200 OK\r\n"
#: An answer that is cut short.
HALF = HEAD + b"Content-Length: 10\r\n\r\nabc"


def arriving() -> Body:
    """Return the body of a predict, of which the last ten bytes are under way."""
    body = Body(len(PHOTO))
    body.append(PHOTO[:-10])
    return body


def complete(body: Body, now: float = 0.0) -> Body:
    """Have the last ten bytes arrive."""
    body.append(PHOTO[-10:])
    body.finish(now)
    return body


def arrived() -> Body:
    """Return the body of a predict."""
    return complete(arriving())


def predict(body: Body) -> Outgoing:
    """Return a predict with this body."""
    return Outgoing(
        method=b"POST",
        path="/predict",
        headers=Headers({b"Content-Type": [MULTIPART.encode()]}),
        trace_id="trace",
        make_body=lambda: BodyProducer(body),
        body=body,
        chunks=lambda: body.chunks,
    )


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
        self.deferred = fleet.client.send(
            backend, outgoing, lambda taken: timeout - taken
        )
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
