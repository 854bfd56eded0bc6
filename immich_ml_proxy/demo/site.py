"""The HTTP server below: connections kept and closed as the real service does."""

from __future__ import annotations

from typing import Any
from weakref import WeakSet

from twisted.web.server import Request, Site

from .server import KEEP_ALIVE, SimulatedServer


class _Request(Request):
    """
    Stops the keep-alive time while there is a request.

    The service counts it between requests only; Twisted would also close on a
    client that pauses in the middle of an upload.
    """

    def gotLength(self, length: int | None) -> None:
        """Called when the head of a request is in."""
        self.channel.setTimeout(None)
        super().gotLength(length)

    def finish(self) -> None:
        """Called when the answer is complete and the client still there."""
        self.channel.setTimeout(KEEP_ALIVE)
        super().finish()


class ServerSite(Site):
    """
    A ``Site`` that can close its connections.

    It writes no access log: the proxy's own tells who served what.
    """

    noisy = False

    def __init__(self, server: SimulatedServer) -> None:
        # The form is left to the server: Twisted would refuse a body cut short itself.
        super().__init__(
            server.app.resource(),
            requestFactory=_Request,
            timeout=KEEP_ALIVE,
            reactor=server.clock,
            parsePOSTFormSubmission=False,
        )
        self._connections: WeakSet[Any] = WeakSet()

    def buildProtocol(self, addr: Any) -> Any:
        """Return the server's side of a connection; see ``IProtocolFactory``."""
        protocol = super().buildProtocol(addr)
        self._connections.add(protocol)
        return protocol

    def close_connections(self) -> None:
        """Close every connection, whatever it is doing."""
        for protocol in tuple(self._connections):
            if protocol.transport is not None:
                protocol.transport.abortConnection()

    def log(self, request: object) -> None:
        """Write nothing."""


def site(server: SimulatedServer) -> ServerSite:
    """Return what a port listens with."""
    return ServerSite(server)
