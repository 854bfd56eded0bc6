"""Connections to backends: one treq client over one agent."""

from __future__ import annotations

import socket
from collections.abc import Callable, Container, Iterable
from functools import lru_cache
from typing import Any

import attrs
from treq.client import HTTPClient
from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.defer import CancelledError, Deferred, fail
from twisted.internet.endpoints import (
    HostnameEndpoint,
    TCP4ClientEndpoint,
    TCP6ClientEndpoint,
    wrapClientTLS,
)
from twisted.internet.error import TimeoutError as ConnectTimeout
from twisted.internet.interfaces import (
    IProtocolFactory,
    IReactorTime,
    IStreamClientEndpoint,
)
from twisted.web.client import URI
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgentEndpointFactory, IBodyProducer
from zope.interface import implementer

from immich_ml_proxy.config.model import Backend
from immich_ml_proxy.upstream.connection_pool import BackendAgent, Key, key_of
from immich_ml_proxy.upstream.http_connection import below_tls
from immich_ml_proxy.upstream.resolver import NamedHost
from immich_ml_proxy.upstream.tls import BadTrust, ServerTLS, trust_of

#: Seconds until connecting, with the look-up of the name, is given up.
CONNECT_TIMEOUT = 2.0
#: Seconds an idle connection is kept: ML servers close theirs after 2.
IDLE_TIMEOUT = 1.5
#: Bytes read from or written to a socket at once where a picture passes; with Twisted's
#: 64 KiB and 128 KiB one of 4 MB costs 1.7 times the CPU time.
BLOCK = 512 * 1024

#: A host that is silent for 10 s is asked whether it is there, three times, every 5 s:
#: one that has lost its power is told from one that is at work.
_KEEP_ALIVE = {
    "TCP_KEEPIDLE": 10,
    "TCP_KEEPALIVE": 10,  # the name of it on macOS
    "TCP_KEEPINTVL": 5,
    "TCP_KEEPCNT": 3,
}
KEEP_ALIVE = {
    getattr(socket, name): value
    for name, value in _KEEP_ALIVE.items()
    if hasattr(socket, name)
}


class PreparedClient(HTTPClient):
    """
    treq's client, for requests that are ready to be sent.

    treq wraps each request in agents for cookies, redirects and compression, of which
    ML servers use none, and reads its URL anew; that takes as long as all the rest.
    """

    def send(
        self,
        method: bytes,
        url: bytes,
        headers: Headers,
        body: IBodyProducer | None = None,
    ) -> Deferred[Any]:
        """Send a request as it is; see ``IAgent``."""
        return self._agent.request(method, url, headers, body)


@lru_cache(maxsize=1024)
def backend_url(base: str, path: str) -> bytes:
    """
    Return the URL of ``path`` at a backend whose URL is ``base``.

    A fragment stays at the end: it is the address of a replica, and is not sent.
    """
    base, mark, address = base.partition("#")
    return (base + path + mark + address).encode("ascii")


@implementer(IStreamClientEndpoint)
class BackendEndpoint:
    """Connects to one backend, in bounded time."""

    def __init__(
        self,
        clock: IReactorTime,
        endpoint: IStreamClientEndpoint,
        timeout: float,
        on_open: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._endpoint = endpoint
        self._timeout = timeout
        self._on_open = on_open

    def connect(self, factory: IProtocolFactory) -> Deferred[Any]:
        """
        Connect; see ``IStreamClientEndpoint``.

        Twisted bounds each attempt, not the look-up of the name.
        """
        self._on_open()
        factory.noisy = False  # type: ignore[attr-defined] # no log line each time
        attempt: Deferred[Any] = self._endpoint.connect(factory)
        attempt.addTimeout(self._timeout, self._clock, _timed_out)
        attempt.addCallback(_prepared)

        def give_up(connecting: Deferred[Any]) -> None:
            # First, since a look-up that is cancelled ends as "name not found", and
            # that would be held against the backend.
            connecting.errback(CancelledError())
            attempt.cancel()

        def settle(result: Any) -> None:
            if not connecting.called:
                connecting.callback(result)

        connecting: Deferred[Any] = Deferred(give_up)
        attempt.addBoth(settle)
        return connecting


def _timed_out(reason: Any, timeout: float) -> Any:
    raise ConnectTimeout(f"connecting timed out after {timeout:g} s")


def _prepared(protocol: Any) -> Any:
    transport = below_tls(protocol.transport)
    transport.SEND_LIMIT = BLOCK
    # The last segment of a body must not wait for the answer to those before it.
    transport.setTcpNoDelay(True)
    transport.setTcpKeepAlive(True)
    for option, value in KEEP_ALIVE.items():
        transport.getHandle().setsockopt(socket.IPPROTO_TCP, option, value)
    return protocol


@implementer(IAgentEndpointFactory)
class BackendEndpoints:
    """
    Makes the endpoint of a backend once, and not for every request.

    :ivar opened: connections begun so far; a request that does not raise it got a
        connection that was idle.
    """

    def __init__(self, reactor: Any, timeout: float = CONNECT_TIMEOUT) -> None:
        self._reactor = reactor
        self._timeout = timeout
        self._made: dict[Key, BackendEndpoint] = {}
        self.opened = 0
        self._ca_files: dict[tuple[bytes, bytes, int], str] = {}

    def trust(self, backends: Iterable[Backend]) -> None:
        """Believe the signatures that each backend's ``caFile`` names."""
        ca_files = {}
        for backend in backends:
            if backend.ca_file is not None:
                uri = URI.fromBytes(backend.url.encode("ascii"))
                ca_files[uri.scheme, uri.host, uri.port] = backend.ca_file
        # A file that is saved again may be another one.
        changed = self._ca_files.keys() | ca_files.keys()
        self.retain({key for key in self._made if key[:3] not in changed})
        self._ca_files = ca_files

    def retain(self, keys: Container[Key]) -> None:
        """Forget the endpoints of all other servers."""
        self._made = {key: one for key, one in self._made.items() if key in keys}

    def endpointForURI(self, uri: URI) -> BackendEndpoint:
        """Return the endpoint for a backend's URL; see ``IAgentEndpointFactory``."""
        key = key_of(uri)
        endpoint = self._made.get(key)
        if endpoint is None:
            endpoint = BackendEndpoint(
                self._reactor, self._make(uri), self._timeout, self._count
            )
            self._made[key] = endpoint
        return endpoint

    def _count(self) -> None:
        self.opened += 1

    def _make(self, uri: URI) -> IStreamClientEndpoint:
        host = uri.host.decode("ascii")
        at = uri.fragment.decode("ascii") or host
        timeout = self._timeout + 1  # ours fires first, and says it better
        endpoint: IStreamClientEndpoint
        if isIPAddress(at):
            endpoint = TCP4ClientEndpoint(self._reactor, at, uri.port, timeout)
        elif isIPv6Address(at):
            endpoint = TCP6ClientEndpoint(self._reactor, at, uri.port, timeout)
        else:
            # One address after the other, soon: a refusal is told after this delay.
            named = NamedHost(self._reactor, host)
            endpoint = HostnameEndpoint(
                named, "backend", uri.port, timeout, attemptDelay=0.05
            )
        if uri.scheme == b"https":
            ca_file = self._ca_files.get((uri.scheme, uri.host, uri.port))
            try:
                trust = None if ca_file is None else trust_of(ca_file)
            except BadTrust as error:
                return _Failing(error)
            endpoint = wrapClientTLS(ServerTLS(host, trust), endpoint)
        return endpoint


@implementer(IStreamClientEndpoint)
@attrs.frozen
class _Failing:
    """Connects to nobody, and says why."""

    _error: Exception

    def connect(self, factory: IProtocolFactory) -> Deferred[Any]:
        """Fail; see ``IStreamClientEndpoint``."""
        return fail(self._error)


@attrs.frozen
class Connections:
    """
    :ivar client: the client that keeps connections.
    :ivar fresh_client: one that opens a connection for every request.
    :ivar endpoints: where they go; they count the connections.
    :ivar trust: is told all backends, at the start and when they have changed: whom
        each trusts.
    :ivar retain: is told the URLs of all backends when they have changed; connections
        to others are not kept.
    :ivar close: closes the idle ones; none is kept from then on.
    """

    client: PreparedClient
    fresh_client: PreparedClient
    endpoints: BackendEndpoints
    trust: Callable[[Iterable[Backend]], None]
    retain: Callable[[Iterable[str]], None]
    close: Callable[[], None]


def connections(reactor: Any) -> Connections:
    """Return the connections of a proxy that runs on ``reactor``."""
    endpoints = BackendEndpoints(reactor)
    kept = BackendAgent(endpoints, reactor, IDLE_TIMEOUT)
    fresh = BackendAgent(endpoints, reactor, IDLE_TIMEOUT, keep=False)

    def retain(urls: Iterable[str]) -> None:
        uris = [url.encode("ascii") for url in urls]
        endpoints.retain({key_of(URI.fromBytes(uri)) for uri in uris})
        for agent in (kept, fresh):
            agent.retain(uris)

    return Connections(
        PreparedClient(kept),
        PreparedClient(fresh),
        endpoints,
        endpoints.trust,
        retain,
        kept.close,
    )
