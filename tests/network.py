"""A network in memory: clients and servers of Twisted, real bytes, no sockets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.error import (
    ConnectionDone,
    ConnectionLost,
    ConnectionRefusedError,
)
from twisted.internet.interfaces import (
    IConsumer,
    IHostnameResolver,
    IPushProducer,
    ITransport,
)
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from zope.interface import implementer

#: Bytes that wait to be sent before a producer is told to pause.
WRITE_BUFFER = 64 * 1024


@implementer(ITransport, IConsumer, IPushProducer)
class End:
    """
    One end of a connection.

    :ivar sent: all that was written here.
    :ivar paused: reads no more; what the peer writes stays in its buffer.
    :ivar disconnecting: takes nothing more to send.
    :ivar closed: the protocol was told that the connection is lost.
    """

    def __init__(self, address: IPv4Address) -> None:
        self.protocol: Any = None
        self.peer: End
        self.sent = bytearray()
        self.paused = False
        self.closed = False
        self._address = address
        self._unsent = bytearray()
        self.disconnecting = False
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
        """Do nothing: all is sent at once here."""

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
            self.protocol.connectionLost(Failure(reason))


class Link:
    """
    A connection.

    :ivar name: of the host that was dialled.
    """

    def __init__(self, name: str, client: Any, server: Any, address: Any) -> None:
        self.name = name
        self.client = End(IPv4Address("TCP", "10.0.0.1", 50000))
        self.server = End(address)
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


class Connector:
    """An attempt to connect, until it has succeeded, failed or been stopped."""

    def __init__(self, address: IPv4Address) -> None:
        self._address = address
        self.stopped = False

    def stopConnecting(self) -> None:
        """Give up."""
        self.stopped = True

    def getDestination(self) -> IPv4Address:
        """Where to."""
        return self._address


@implementer(IHostnameResolver)
class Names:
    """
    Finds addresses of names.

    :ivar addresses: by name.
    :ivar silent: names whose look-up never ends.
    """

    def __init__(self) -> None:
        self.addresses: dict[str, str] = {}
        self.silent: set[str] = set()

    def resolveHostName(
        self,
        resolutionReceiver: Any,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Any = None,
        transportSemantics: str = "TCP",
    ) -> Any:
        """Look a name up; see ``IHostnameResolver``."""
        resolutionReceiver.resolutionBegan(None)
        if hostName in self.silent:
            return None
        if hostName in self.addresses:
            address = IPv4Address("TCP", self.addresses[hostName], portNumber)
            resolutionReceiver.addressResolved(address)
        resolutionReceiver.resolutionComplete()
        return None


class Network(MemoryReactorClock):
    """
    A clock, and hosts that can be dialled by name; everything else refuses.

    Nothing moves by itself: :meth:`flush` and :meth:`advance` move it.

    :ivar dialled: host and port of every attempt to connect, in order.
    :ivar links: every connection there has ever been.
    :ivar unreachable: names of hosts that do not even refuse.
    """

    def __init__(self) -> None:
        super().__init__()
        self.names = Names()
        self.nameResolver = self.names
        self.dialled: list[tuple[str, int]] = []
        self.links: list[Link] = []
        self.unreachable: set[str] = set()
        self.on_flush: list[Callable[[], bool]] = []
        self._servers: dict[tuple[str, int], Any] = {}
        self._dialling: list[tuple[Connector, Any]] = []

    def serve(self, name: str, factory: Any, port: int = 3003) -> None:
        """Have ``name`` answer with ``factory``; the name may be an IP address."""
        if name[0].isalpha():
            count = len(self.names.addresses)
            self.names.addresses.setdefault(name, f"10.0.1.{count + 1}")
        self._servers[name, port] = factory

    def close(self, name: str, port: int = 3003) -> None:
        """Have ``name`` refuse from now on, and cut its connections."""
        self._servers.pop((name, port), None)
        for link in self.to(name):
            link.drop()

    def to(self, name: str) -> list[Link]:
        """The connections to ``name``, closed ones too."""
        return [link for link in self.links if link.name == name]

    def connectTCP(
        self,
        host: str,
        port: int,
        factory: Any,
        timeout: float = 30,
        bindAddress: Any = None,
    ) -> Any:
        """Dial; see ``IReactorTCP``."""
        named = {address: name for name, address in self.names.addresses.items()}
        self.dialled.append((named.get(host, host), port))
        connector = Connector(IPv4Address("TCP", host, port))
        factory.startedConnecting(connector)
        self._dialling.append((connector, factory))
        return connector

    def flush(self) -> None:
        """Move bytes until nothing moves any more."""
        while True:
            moved = self._connect()
            for link in tuple(self.links):
                moved |= link.client.move() | link.server.move()
            for hook in tuple(self.on_flush):
                moved |= hook()
            if not moved:
                return

    def advance(self, amount: float) -> None:
        """Let time pass, and everything happen in its order."""
        self.flush()
        end = self.seconds() + amount
        while self.calls and min(call.getTime() for call in self.calls) <= end:
            due = min(call.getTime() for call in self.calls)
            super().advance(max(due - self.seconds(), 0))
            self.flush()
        super().advance(max(end - self.seconds(), 0))
        self.flush()

    def _connect(self) -> bool:
        dialling, self._dialling = self._dialling, []
        moved = False
        named = {address: name for name, address in self.names.addresses.items()}
        for connector, factory in dialling:
            address = connector.getDestination()
            name = named.get(address.host, address.host)
            if connector.stopped:
                continue
            if name in self.unreachable:
                self._dialling.append((connector, factory))
                continue
            moved = True
            server = self._servers.get((name, address.port))
            if server is None:
                factory.clientConnectionFailed(
                    connector, Failure(ConnectionRefusedError())
                )
                continue
            client = factory.buildProtocol(address)
            there = server.buildProtocol(IPv4Address("TCP", "10.0.0.1", 50000))
            self.links.append(Link(name, client, there, address))
        return moved
