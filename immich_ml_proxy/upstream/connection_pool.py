"""
An HTTP agent for what the proxy does all day, below treq.

Twisted's own ``Agent`` can do more: proxies, pipelines of objects around each answer,
timers for idle connections. A small request costs it three times the CPU time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint
from twisted.internet.protocol import Factory
from twisted.web.client import URI
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgent, IAgentEndpointFactory, IBodyProducer
from zope.interface import implementer

from immich_ml_proxy.upstream.http_connection import Connection


@attrs.frozen
class _Server:
    """What is needed for requests to one URL."""

    endpoint: IStreamClientEndpoint
    key: tuple[bytes, bytes, int]
    target: bytes
    host: bytes


@implementer(IAgent)
class BackendAgent:
    """
    :param endpoints: makes the endpoint of a URL.
    :param clock: source of time.
    :param idle_timeout: seconds that an idle connection may be used again.
    :param keep: whether connections are kept at all.
    """

    def __init__(
        self,
        endpoints: IAgentEndpointFactory,
        clock: IReactorTime,
        idle_timeout: float,
        keep: bool = True,
    ) -> None:
        self._endpoints = endpoints
        self._clock = clock
        self._idle_timeout = idle_timeout
        self._keep = keep
        self._idle: dict[tuple[bytes, bytes, int], list[Connection]] = {}
        self._servers: dict[bytes, _Server] = {}

    def request(
        self,
        method: bytes,
        uri: bytes,
        headers: Headers | None = None,
        bodyProducer: IBodyProducer | None = None,
    ) -> Deferred[Any]:
        """Send a request; see ``IAgent``."""
        server = self._servers.get(uri)
        if server is None:
            server = self._servers[uri] = self._server(uri)
        head = _head(method, server, headers, bodyProducer, self._keep)
        connection = self._reusable(server.key)
        if connection is not None:
            return connection.send(head, bodyProducer)
        connecting: Deferred[Any] = server.endpoint.connect(
            Factory.forProtocol(lambda: Connection(self._put(server.key)))
        )
        return connecting.addCallback(lambda made: made.send(head, bodyProducer))

    def close(self) -> None:
        """Close the idle connections."""
        idle, self._idle = self._idle, {}
        for connections in idle.values():
            for connection in connections:
                connection.close()

    def _reusable(self, key: tuple[bytes, bytes, int]) -> Connection | None:
        idle = self._idle.get(key)
        oldest = self._clock.seconds() - self._idle_timeout
        while idle:
            connection = idle.pop()
            if connection.is_open:
                if connection.idle_since >= oldest:
                    return connection
                connection.close()
        return None

    def _put(self, key: tuple[bytes, bytes, int]) -> Callable[[Connection], None]:
        def put(connection: Connection) -> None:
            if self._keep:
                connection.idle_since = self._clock.seconds()
                self._idle.setdefault(key, []).append(connection)
            else:
                connection.close()

        return put

    def _server(self, uri: bytes) -> _Server:
        parsed = URI.fromBytes(uri)
        return _Server(
            self._endpoints.endpointForURI(parsed),
            (parsed.scheme, parsed.host, parsed.port),
            parsed.originForm,
            parsed.netloc,
        )


def _head(
    method: bytes,
    server: _Server,
    headers: Headers | None,
    body: IBodyProducer | None,
    keep: bool,
) -> bytes:
    lines = [b"%s %s HTTP/1.1\r\nHost: %s\r\n" % (method, server.target, server.host)]
    if not keep:
        lines.append(b"Connection: close\r\n")
    if body is not None:
        lines.append(b"Content-Length: %d\r\n" % body.length)
    if headers is not None:
        for name, values in headers.getAllRawHeaders():
            lines += [b"%s: %s\r\n" % (name, value) for value in values]
    lines.append(b"\r\n")
    return b"".join(lines)
