"""
One request to one backend and its whole answer, or why there is none.

Every request that the proxy sends goes through here, predicts and pings alike, so it
is here that outgoing records are made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import attrs
from treq.client import HTTPClient
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import (
    ConnectError,
    ConnectingCancelledError,
    ConnectionClosed,
    ConnectionLost,
    ConnectionRefusedError,
    DNSLookupError,
    NoRouteError,
)
from twisted.internet.error import TimeoutError as ConnectTimeout
from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import (
    ResponseDone,
    ResponseFailed,
    ResponseNeverReceived,
)
from twisted.web.http_headers import Headers
from twisted.web.iweb import IBodyProducer, IResponse

from immich_ml_proxy.config.headers import MASK
from immich_ml_proxy.config.model import Backend
from immich_ml_proxy.protocol.body import Body
from immich_ml_proxy.records.recorder import Recorder, RequestSeen, ResponseSeen
from immich_ml_proxy.upstream import tls
from immich_ml_proxy.upstream.answer_reader import BadAnswer
from immich_ml_proxy.upstream.endpoints import NO_COOKIES, Connections, backend_url
from immich_ml_proxy.upstream.reply import ExchangeFailed, Reply
from immich_ml_proxy.upstream.time_limit import limit_time
from immich_ml_proxy.upstream.tls import BadTrust


@attrs.frozen
class Outgoing:
    """
    A request to be sent.

    :ivar method: ``GET`` or ``POST``.
    :ivar path: what is appended to the backend's URL.
    :ivar headers: sent as they are, never changed.
    :ivar make_body: makes a producer of the body; each time from its start.
    :ivar body: what it reads; it may still be arriving.
    :ivar chunks: the bytes of the body as they are sent, for a record.
    :ivar trace_id: of the request that this one is for.
    """

    method: str
    path: str
    headers: Headers
    trace_id: str
    make_body: Callable[[], IBodyProducer] | None = None
    body: Body | None = None
    chunks: Callable[[], Sequence[bytes]] = tuple


class BackendClient:
    """
    Sends requests to backends.

    :param clock: source of time.
    :param connections: where they go out.
    :param recorder: is told of every exchange while debug is on.
    :param wall: what time it is, in Unix seconds, for the records.
    """

    def __init__(
        self,
        clock: IReactorTime,
        connections: Connections,
        recorder: Recorder,
        wall: Callable[[], float],
    ) -> None:
        self._clock = clock
        self._connections = connections
        self._recorder = recorder
        self._wall = wall

    def send(
        self, backend: Backend, outgoing: Outgoing, look: Callable[[float], float]
    ) -> Deferred[Reply]:
        """
        Send ``outgoing`` and return the whole answer, whatever its status.

        Cancelling closes the connection.

        :param look: given the seconds it has taken since the body was complete, returns
            in how many to look again; none left: its time is over.
        :raises ExchangeFailed: when there is no whole answer.
        """
        exchange = Deferred.fromCoroutine(self._answered(backend, outgoing))
        limit_time(exchange, look, self._clock, outgoing.body, _too_late)
        exchange.addErrback(_explained)
        if self._recorder.enabled:
            exchange.addBoth(self._record, backend, outgoing, self._clock.seconds())
        return exchange

    async def _answered(self, backend: Backend, outgoing: Outgoing) -> Reply:
        connections = self._connections
        opened = connections.opened()
        asking = _request(connections.client, backend, outgoing)
        reused = connections.opened() == opened
        try:
            response = await asking
        except ResponseNeverReceived:
            # An idle connection that the backend had closed meanwhile: nothing was
            # answered, and asking again is safe, since inference changes nothing.
            if not reused:
                raise
            response = await _request(connections.fresh_client, backend, outgoing)
        body = _collected(response)
        if backend.headers:
            body = without_secrets(body, backend.headers.values())
        return Reply(response.code, response.headers, body)

    def _record(
        self, result: Any, backend: Backend, outgoing: Outgoing, started: float
    ) -> Any:
        duration = self._clock.seconds() - started
        reply = None if isinstance(result, Failure) else result
        error = None
        if isinstance(result, Failure):
            # A cancellation has no words of its own.
            error = result.getErrorMessage() or "cancelled: nobody waits for it"
        self._recorder.record(
            now=self._wall() - duration,
            duration=duration,
            type="outgoing",
            trace_id=outgoing.trace_id,
            backend=backend.name,
            request=RequestSeen(
                outgoing.method,
                backend.url + outgoing.path,
                [
                    *flat(outgoing.headers),
                    *((name.encode(), MASK.encode()) for name in backend.headers),
                ],
                outgoing.chunks(),
            ),
            response=reply
            and ResponseSeen(reply.status, flat(reply.headers), [reply.body]),
            error=error,
        )
        return result


def _request(client: HTTPClient, backend: Backend, outgoing: Outgoing) -> Deferred[Any]:
    headers = outgoing.headers
    if backend.headers:
        headers = headers.copy()
        for name, value in backend.headers.items():
            headers.setRawHeaders(name, [value])
    return client.request(
        outgoing.method,
        backend_url(backend.url, outgoing.path),
        headers=headers,
        data=outgoing.make_body() if outgoing.make_body is not None else None,
        cookies=NO_COOKIES,
        allow_redirects=False,
        unbuffered=True,
    )


def _too_late(seconds: float) -> ExchangeFailed:
    return ExchangeFailed(f"timed out after {seconds:g} s", timed_out=True)


class _Collector(Protocol):
    """Collects the body of an answer, which is all there already."""

    def __init__(self) -> None:
        self.chunks: list[bytes] = []
        self.ended = connectionDone

    def dataReceived(self, data: bytes) -> None:
        self.chunks.append(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.ended = reason


def _collected(response: IResponse) -> bytes:
    """Return the body; treq has decoded it where it came compressed."""
    collector = _Collector()
    response.deliverBody(collector)
    if not collector.ended.check(ResponseDone):
        collector.ended.raiseException()
    return b"".join(collector.chunks)


def _explained(failure: Failure) -> Failure:
    """Return the failure in words, or the cancellation that it is."""
    error: Any = failure.value
    if isinstance(error, ExchangeFailed | CancelledError):
        return failure
    if isinstance(error, ConnectingCancelledError):
        return Failure(CancelledError())
    return Failure(ExchangeFailed(in_words(error)))


def in_words(error: BaseException) -> str:
    """Return why an exchange failed, as a person would say it."""
    if isinstance(error, ConnectTimeout):
        # Its own text says more than a person wants to know.
        return str(error.osError or "connecting timed out")
    if isinstance(error, BadTrust):
        return str(error)
    for kind, words in _WORDS:
        if isinstance(error, kind):
            return words
    reasons = getattr(error, "reasons", ())
    if reasons:
        first = reasons[0].value
        if isinstance(first, BadAnswer):
            return f"answered wrongly: {first}"
        if not isinstance(first, ConnectionClosed):
            return tls.in_words(first) or f"connection failed: {first}"
    if isinstance(error, ResponseFailed) and not isinstance(
        error, ResponseNeverReceived
    ):
        return "broke off its answer"
    if isinstance(error, ResponseNeverReceived):
        if reasons and reasons[0].check(ConnectionLost):
            # It was reset, or the kernel asked in vain whether anybody is there.
            return "is gone: the connection broke without an answer"
        return "closed the connection without an answer"
    return f"{type(error).__name__}: {error}"


_WORDS: tuple[tuple[type[BaseException], str], ...] = (
    (ConnectionRefusedError, "connection refused"),
    (DNSLookupError, "host name not found"),
    (NoRouteError, "no route to host"),
    (ConnectError, "connecting failed"),
)


def without_secrets(body: bytes, secrets: Iterable[str]) -> bytes:
    """
    Return an answer without what was sent for the server's eyes alone.

    Some tell in an error what they were sent. What is shorter than 8 characters is no
    secret, and may well be in an answer by chance.
    """
    for secret in secrets:
        for text in (secret, secret.rpartition(" ")[2]):
            if len(text) >= 8:
                body = body.replace(text.encode("ascii"), MASK.encode())
    return body


def flat(headers: Headers) -> list[tuple[bytes, bytes]]:
    """Return headers as pairs, for a record."""
    return [
        (name, value) for name, values in headers.getAllRawHeaders() for value in values
    ]
