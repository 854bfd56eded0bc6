"""
One request to one backend and its whole answer, or why there is none.

Every request that the proxy sends goes through here, predicts and pings alike, so it
is here that outgoing records are made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import attrs
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
from twisted.python.failure import Failure
from twisted.web.client import ResponseFailed, ResponseNeverReceived
from twisted.web.http_headers import Headers
from twisted.web.iweb import IBodyProducer

from immich_ml_proxy.config.headers import MASK
from immich_ml_proxy.config.model import Backend
from immich_ml_proxy.protocol.body import Body
from immich_ml_proxy.records.recorder import Recorder
from immich_ml_proxy.records.row import Part, Row
from immich_ml_proxy.records.seen import Asking, RequestSeen, ResponseSeen
from immich_ml_proxy.records.why import FIRST
from immich_ml_proxy.upstream import tls
from immich_ml_proxy.upstream.answer_reader import BadAnswer
from immich_ml_proxy.upstream.endpoints import (
    Connections,
    PreparedClient,
    backend_url,
)
from immich_ml_proxy.upstream.http_connection import Answer
from immich_ml_proxy.upstream.reply import ExchangeFailed, HeaderValues, Reply
from immich_ml_proxy.upstream.time_limit import Limited, TimeLimits
from immich_ml_proxy.upstream.tls import BadTrust


@attrs.define
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
    :ivar splice: what the body has instead of the ``entries`` in ``body``, and where.
    :ivar why: it is sent, and ``route``: by which, for its record.
    :ivar is_recorded: whether it may be.
    :ivar part: its record, once it is sent and while debug is on.
    """

    method: bytes
    path: str
    headers: Headers
    trace_id: str
    make_body: Callable[[], IBodyProducer] | None = None
    body: Body | None = None
    chunks: Callable[[], Sequence[bytes]] = tuple
    splice: tuple[int, int, bytes] | None = None
    why: str = FIRST
    route: str = ""
    is_recorded: bool = True
    part: Part | None = None


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
        self._limits = TimeLimits(clock)

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
        connections = self._connections
        opened = connections.endpoints.opened
        exchange = _request(connections.client, backend, outgoing)
        if connections.endpoints.opened == opened:
            exchange.addErrback(self._again, backend, outgoing)
        limited = self._limits.limit(exchange, look, outgoing.body)
        exchange.addBoth(self._ended, limited, backend)
        if self._recorder.enabled and outgoing.is_recorded:
            self._begin_record(exchange, backend, outgoing)
        return exchange

    def close(self) -> None:
        """Close the idle connections, and keep none from now on."""
        self._limits.stop()
        self._connections.close()

    def _again(self, failure: Failure, backend: Backend, outgoing: Outgoing) -> Any:
        """
        Ask again after an idle connection was found to be closed by the backend.

        Nothing was answered, and asking again is safe, since inference changes nothing.
        """
        failure.trap(ResponseNeverReceived)
        return _request(self._connections.fresh_client, backend, outgoing)

    def _ended(
        self, result: Answer | Failure, limited: Limited, backend: Backend
    ) -> Reply | Failure:
        self._limits.end(limited)
        if not isinstance(result, Failure):
            body = result.body
            if backend.headers:
                body = without_secrets(body, backend.headers.values())
            return Reply(result.code, result.headers, body)
        return _explained(result if limited.error is None else Failure(limited.error))

    def _begin_record(
        self, exchange: Deferred[Reply], backend: Backend, outgoing: Outgoing
    ) -> None:
        row = outgoing.body.row if outgoing.body is not None else None
        now, method = self._clock.seconds(), outgoing.method.decode("ascii")
        asking = Asking(
            backend.name, method, outgoing.path, outgoing.why, outgoing.route
        )
        found, part = self._recorder.ask(
            row, self._wall(), now, outgoing.trace_id, asking
        )
        outgoing.part = part
        exchange.addBoth(self._record, backend, outgoing, now, found, row is None)

    def _record(
        self,
        result: Any,
        backend: Backend,
        outgoing: Outgoing,
        started: float,
        row: Row,
        is_own: bool,
    ) -> Any:
        assert outgoing.part is not None
        reply = None if isinstance(result, Failure) else result
        error = None
        if isinstance(result, Failure):
            # A cancellation has no words of its own.
            error = result.getErrorMessage() or "cancelled: nobody waits for it"
        self._recorder.answered(
            row,
            outgoing.part,
            duration=self._clock.seconds() - started,
            splice=outgoing.splice,
            is_own=is_own,
            request=RequestSeen(
                outgoing.method.decode("ascii"),
                backend_url(backend.url, outgoing.path).decode("ascii"),
                [
                    *flat(outgoing.headers),
                    *((name.encode(), MASK.encode()) for name in backend.headers),
                ],
                outgoing.chunks() if is_own else (),
            ),
            response=reply
            and ResponseSeen(reply.status, flat(reply.headers), [reply.body]),
            error=error,
        )
        return result


def _request(
    client: PreparedClient, backend: Backend, outgoing: Outgoing
) -> Deferred[Any]:
    make_body, headers = outgoing.make_body, outgoing.headers
    if backend.headers:
        headers = Headers(
            {name: list(values) for name, values in headers.getAllRawHeaders()}
        )
        for name, value in backend.headers.items():
            headers.setRawHeaders(name, [value])
    return client.send(
        outgoing.method,
        backend_url(backend.url, outgoing.path),
        headers,
        make_body() if make_body is not None else None,
    )


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


def flat(headers: HeaderValues) -> list[tuple[bytes, bytes]]:
    """Return headers as pairs, for a record."""
    return [
        (name, value) for name, values in headers.getAllRawHeaders() for value in values
    ]
