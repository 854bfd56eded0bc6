"""
An HTTP agent for what the proxy does all day, below treq.

Twisted's own ``Agent`` can do more: proxies, pipelines of objects around each answer, a
timer for each idle connection. A small request costs it three times the CPU time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IDelayedCall,
    IReactorTime,
    IStreamClientEndpoint,
)
from twisted.internet.protocol import Factory
from twisted.web.client import URI
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgent, IAgentEndpointFactory, IBodyProducer
from zope.interface import implementer

from immich_ml_proxy.upstream.http_connection import Connection

#: What connections have in common that can stand in for each other: scheme, host, port,
#: and the address where the host has several.
Key = tuple[bytes, bytes, int, bytes]


@attrs.define
class _Server:
    """What is needed for requests to one URL."""

    endpoint: IStreamClientEndpoint
    key: Key
    line: bytes  # behind the method, and the next one


@implementer(IAgent)
class BackendAgent:
    """
    :param endpoints: makes the endpoint of a URL.
    :param clock: source of time.
    :param idle_timeout: seconds until an idle connection is closed.
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
        self._idle: dict[Key, list[Connection]] = {}  # each list: oldest first
        self._timer: IDelayedCall | None = None  # looks at the idle ones
        self._servers: dict[bytes, _Server] = {}
        self._retained: set[Key] | None = None

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

    def retain(self, uris: Iterable[bytes]) -> None:
        """
        Keep connections to the servers of these URLs only.

        Idle ones to others are closed now, those in use when they become idle.
        """
        self._servers = {}
        self._retained = {key_of(URI.fromBytes(uri)) for uri in uris}
        for key in self._idle.keys() - self._retained:
            self._close_idle(key)

    def close(self) -> None:
        """Close the idle connections, and keep none from now on."""
        self._keep = False
        for key in tuple(self._idle):
            self._close_idle(key)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _reusable(self, key: Key) -> Connection | None:
        """Return the connection that has been idle for the shortest time."""
        idle = self._idle.get(key)
        while idle:
            connection = idle.pop()
            if connection.is_open:
                if not self._is_over(connection):
                    return connection
                connection.close()  # the timer is late
        return None

    def _is_over(self, connection: Connection) -> bool:
        return connection.idle_since + self._idle_timeout <= self._clock.seconds()

    def _put(self, key: Key) -> Callable[[Connection], None]:
        def put(connection: Connection) -> None:
            wanted = self._retained is None or key in self._retained
            if not (self._keep and wanted):
                connection.close()
                return
            connection.idle_since = self._clock.seconds()
            self._idle.setdefault(key, []).append(connection)
            if self._timer is None:
                self._timer = self._clock.callLater(self._idle_timeout, self._sweep)

        return put

    def _sweep(self) -> None:
        """Close what was idle for too long; look again when the next one will be."""
        self._timer = None
        for key, idle in tuple(self._idle.items()):
            while idle and self._is_over(idle[0]):
                idle.pop(0).close()
            if not idle:
                del self._idle[key]
        if self._idle:
            next_one = min(idle[0].idle_since for idle in self._idle.values())
            left = next_one + self._idle_timeout - self._clock.seconds()
            # Some of it has passed since they were looked at.
            self._timer = self._clock.callLater(max(left, 0.0), self._sweep)

    def _close_idle(self, key: Key) -> None:
        for connection in self._idle.pop(key):
            connection.close()

    def _server(self, uri: bytes) -> _Server:
        parsed = URI.fromBytes(uri)
        return _Server(
            self._endpoints.endpointForURI(parsed),
            key_of(parsed),
            b"%s HTTP/1.1\r\nHost: %s\r\n" % (parsed.originForm, parsed.netloc),
        )


def key_of(uri: URI) -> Key:
    """Return where connections for a URL go."""
    return uri.scheme, uri.host, uri.port, uri.fragment


def _head(
    method: bytes,
    server: _Server,
    headers: Headers | None,
    body: IBodyProducer | None,
    keep: bool,
) -> bytes:
    lines = [b"%s %s" % (method, server.line)]
    if not keep:
        lines.append(b"Connection: close\r\n")
    if body is not None:
        lines.append(b"Content-Length: %d\r\n" % body.length)
    if headers is not None:
        for name, values in headers.getAllRawHeaders():
            for value in values:
                lines.append(b"%s: %s\r\n" % (name, value))
    lines.append(b"\r\n")
    return b"".join(lines)
