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

    #: It was answered before its body came, which nobody reads.
    _is_refused = False

    def gotLength(self, length: int | None) -> None:
        """Called when the head of a request is in."""
        channel: Any = self.channel  # Twisted's types do not know its site
        channel.site.connections.add(channel)
        refusal = channel.site.server.too_large(length)
        self._is_refused = refusal is not None
        # Who goes on to send what nobody reads has no longer than one who is idle.
        channel.setTimeout(KEEP_ALIVE if self._is_refused else None)
        if refusal is not None:
            channel.transport.write(refusal)
        super().gotLength(length)

    def handleContentChunk(self, data: bytes) -> None:
        """Called with some of the body."""
        if not self._is_refused:
            super().handleContentChunk(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """Called when the request is complete."""
        if self._is_refused:
            self.channel.loseConnection()
        else:
            super().requestReceived(command, path, version)

    def finish(self) -> None:
        """Called when the answer is complete and the client still there."""
        self.channel.setTimeout(KEEP_ALIVE)
        super().finish()


class ServerSite(Site):
    """
    A ``Site`` that can close its connections.

    It writes no access log: the proxy's own tells who served what.

    :ivar connections: the channels of those that a request has come on.
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
        self.server = server
        self.connections: WeakSet[Any] = WeakSet()

    def close_connections(self) -> None:
        """Close every connection, whatever it is doing."""
        for channel in tuple(self.connections):
            channel.transport.abortConnection()

    def log(self, request: object) -> None:
        """Write nothing."""


def site(server: SimulatedServer) -> ServerSite:
    """Return what a port listens with."""
    return ServerSite(server)
