"""A connection in memory: bytes, buffers and back pressure, without sockets."""

from __future__ import annotations

import socket
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IConsumer, IPushProducer, ITransport
from twisted.python.failure import Failure
from zope.interface import implementer

#: Bytes that wait to be sent before a producer is told to pause.
WRITE_BUFFER = 64 * 1024


@implementer(ITransport, IConsumer, IPushProducer)
class MemoryTransport:
    """
    One end of a connection.

    :ivar sent: all that was written here.
    :ivar paused: reads no more; what the peer writes stays in its buffer.
    :ivar disconnecting: takes nothing more to send.
    :ivar options: those of the socket that were set, by level and number.
    :ivar closed: the protocol was told that the connection is lost.
    :ivar no_delay: small segments do not wait.
    """

    def __init__(self, address: IPv4Address) -> None:
        self.protocol: Any = None
        self.peer: MemoryTransport
        self.sent = bytearray()
        self.paused = False
        self.closed = False
        self._address = address
        self.options: dict[tuple[int, int], int] = {}
        self._unsent = bytearray()
        self.disconnecting = False
        self.no_delay = False
        self._producer: Any = None
        self._producer_paused = False

    def write(self, data: bytes) -> None:
        """Send ``data`` with the next flush."""
        if self.disconnecting:
            return
        self.sent += data
        self._unsent += data
        if self._producer is not None and len(self._unsent) > WRITE_BUFFER:
            self._producer_paused = True
            self._producer.pauseProducing()

    def writeSequence(self, data: Any) -> None:
        """Send several pieces."""
        self.write(b"".join(data))

    def loseConnection(self) -> None:
        """Close, once all is sent."""
        self.disconnecting = True

    def abortConnection(self) -> None:
        """Close now."""
        self._unsent.clear()
        self.disconnecting = True

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """Have ``producer`` paused and resumed."""
        assert streaming, "only push producers are modelled"
        assert self._producer is None
        self._producer = producer

    def unregisterProducer(self) -> None:
        """Forget the producer."""
        self._producer = None

    def pauseProducing(self) -> None:
        """Read no more."""
        self.paused = True

    def resumeProducing(self) -> None:
        """Read on."""
        self.paused = False

    def stopProducing(self) -> None:
        """Close."""
        self.loseConnection()

    def getPeer(self) -> IPv4Address:
        """Where the other end is."""
        return self.peer._address

    def getHost(self) -> IPv4Address:
        """Where this end is."""
        return self._address

    def setTcpNoDelay(self, enabled: bool) -> None:
        """Remember it: all is sent at once here."""
        self.no_delay = enabled

    def getHandle(self) -> MemorySocket:
        """What stands for the socket; see ``ISystemHandle``."""
        return MemorySocket(self)

    def setTcpKeepAlive(self, enabled: bool) -> None:
        """Have the peer asked whether it is there."""
        self.getHandle().setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, enabled)

    def move(self) -> bool:
        """Deliver what can be delivered; tell whether anything was."""
        if self.closed:
            return False
        if self._unsent and not (self.peer.paused or self.peer.closed):
            data = bytes(self._unsent)
            self._unsent.clear()
            self.peer.protocol.dataReceived(data)
            if self._producer_paused and self._producer is not None:
                self._producer_paused = False
                self._producer.resumeProducing()
            return True
        if self.disconnecting and not self._unsent:
            self.lose(ConnectionDone())
            return True
        if self.peer.closed and not self.paused:
            # Who does not read does not see the end either.
            self.lose(ConnectionDone())
            return True
        return False

    def lose(self, reason: Exception) -> None:
        """Tell the protocol that the connection is gone."""
        if not self.closed:
            self.closed = self.disconnecting = True
            self._unsent.clear()
            producer, self._producer = self._producer, None
            if producer is not None:
                producer.stopProducing()
            self.protocol.connectionLost(Failure(reason))


class MemorySocket:
    """What Twisted leaves to the socket: what was not read, and options."""

    def __init__(self, transport: MemoryTransport) -> None:
        self._peer = transport.peer
        self._options = transport.options

    def setsockopt(self, level: int, option: int, value: int) -> None:
        """Keep an option; see ``socket.socket``."""
        self._options[level, option] = value

    def recv(self, size: int) -> bytes:
        """Return some of it, or nothing where the peer has closed."""
        data = bytes(self._peer._unsent[:size])
        del self._peer._unsent[:size]
        if not data and not self._peer.closed:
            raise BlockingIOError
        return data


class MemoryConnection:
    """
    A connection.

    :ivar name: of the host that was dialled.
    """

    def __init__(self, name: str, client: Any, server: Any, address: Any) -> None:
        self.name = name
        self.client = MemoryTransport(IPv4Address("TCP", "10.0.0.1", 50000))
        self.server = MemoryTransport(address)
        self.client.peer, self.server.peer = self.server, self.client
        self.client.protocol, self.server.protocol = client, server
        server.makeConnection(self.server)
        client.makeConnection(self.client)

    @property
    def asked(self) -> bytes:
        """All that the client has sent."""
        return bytes(self.client.sent)

    @property
    def is_open(self) -> bool:
        """Whether both ends are up."""
        return not (self.client.closed or self.server.closed)

    def hang_up(self) -> None:
        """Close the server's end; the client learns of it with the next flush."""
        self.server.lose(ConnectionDone())

    def drop(self) -> None:
        """Cut it: what was sent before still arrives, then both ends are told."""
        while self.server.move() or self.client.move():
            pass
        for end in (self.client, self.server):
            end.lose(ConnectionLost())
