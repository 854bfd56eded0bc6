"""The connections of clients that are open, and how they end when the proxy does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel

#: Seconds for which an idle client may still send a request: Immich lets go of an idle
#: connection after 4, and a request that meets a closed one is a photo lost.
LAST_REQUEST = 5.0


class OpenConnections:
    """Knows the channels of a site; each tells when it opens and closes."""

    def __init__(self) -> None:
        self._open: set[Any] = set()
        self._waiting: list[Deferred[None]] = []

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Any]:
        """Pass by those that are open now, whatever ends meanwhile."""
        return iter(tuple(self._open))

    def opened(self, channel: Any) -> None:
        """A client has connected."""
        self._open.add(channel)

    def closed(self, channel: Any) -> None:
        """A connection has ended, in whatever way."""
        self._open.discard(channel)
        if not self._open:
            waiting, self._waiting = self._waiting, []
            for one in waiting:
                one.callback(None)

    def end(self) -> Deferred[None]:
        """
        Let each connection end: after its request, or when none comes.

        :return: fires when all have ended.
        """
        for channel in self._open:
            if not channel.requests:
                channel.setTimeout(LAST_REQUEST)
        if not self._open:
            return succeed(None)
        ended: Deferred[None] = Deferred()
        self._waiting.append(ended)
        return ended

    def cut(self) -> None:
        """End them now."""
        for channel in self:
            channel.transport.abortConnection()


class Tracked(HTTPChannel):
    """
    A channel that the open connections of its site know of.

    :ivar connections: those; ``None``: nobody wants to know.
    """

    connections: OpenConnections | None = None

    def connectionMade(self) -> None:
        """Begin; see ``IProtocol``."""
        if self.connections is not None:
            self.connections.opened(self)
        super().connectionMade()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """End; see ``IProtocol``."""
        super().connectionLost(reason)
        if self.connections is not None:
            self.connections.closed(self)
