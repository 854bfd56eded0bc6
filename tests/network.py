"""A network in memory: clients and servers of Twisted, real bytes, no sockets."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectionRefusedError
from twisted.internet.interfaces import IHostnameResolver
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from zope.interface import implementer

from tests.memory_connection import MemoryConnection


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
    :ivar replicas: the addresses of names that have several, or why they are not told.
    """

    def __init__(self) -> None:
        self.addresses: dict[str, str] = {}
        self.silent: set[str] = set()
        self.replicas: dict[str, Sequence[str] | Exception] = {}

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

    def look_up(self, host: str) -> Deferred[Sequence[str]]:
        """Look a name up that stands for all its addresses; see ``Resolver``."""
        if host in self.silent:
            return Deferred()
        told = self.replicas.get(host)
        if told is None:
            told = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return fail(told) if isinstance(told, Exception) else succeed(told)


class DatagramPort:
    """
    A port for datagrams; what is written to it is sent.

    :ivar sent: payload, host and port of each.
    """

    def __init__(self, sent: list[tuple[bytes, str, int]]) -> None:
        self._sent = sent

    def setBroadcastAllowed(self, enabled: bool) -> None:
        """It may always."""

    def write(self, packet: bytes, address: tuple[str, int]) -> None:
        """Send one."""
        self._sent.append((packet, *address))

    def stopListening(self) -> None:
        """Nothing came."""


class Network(MemoryReactorClock):
    """
    A clock, and hosts that can be dialled by name; everything else refuses.

    Nothing moves by itself: :meth:`flush` and :meth:`advance` move it.

    :ivar dialled: host and port of every attempt to connect, in order.
    :ivar connections: every connection there has ever been.
    :ivar unreachable: names of hosts that do not even refuse.
    :ivar ahead: seconds that the wall clock is ahead of the other.
    :ivar datagrams: payload, host and port of each that was sent.
    """

    def __init__(self) -> None:
        super().__init__()
        self.datagrams: list[tuple[bytes, str, int]] = []
        self.names = Names()
        self.nameResolver = self.names
        self.dialled: list[tuple[str, int]] = []
        self.connections: list[MemoryConnection] = []
        self.unreachable: set[str] = set()
        self.ahead = 0.0
        self._servers: dict[tuple[str, int], Any] = {}
        self._dialling: list[tuple[Connector, Any]] = []

    def wall(self) -> float:
        """What time it is, in Unix seconds."""
        return self.seconds() + self.ahead

    def serve(self, name: str, factory: Any, port: int = 3003) -> None:
        """Have ``name`` answer with ``factory``; the name may be an IP address."""
        if name[0].isalpha():
            count = len(self.names.addresses)
            self.names.addresses.setdefault(name, f"10.0.1.{count + 1}")
        self._servers[name, port] = factory

    def close(self, name: str, port: int = 3003) -> None:
        """Have ``name`` refuse from now on, and cut its connections."""
        self._servers.pop((name, port), None)
        for connection in self.to(name):
            connection.drop()

    def to(self, name: str) -> list[MemoryConnection]:
        """The connections to ``name``, closed ones too."""
        return [
            connection for connection in self.connections if connection.name == name
        ]

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

    def listenUDP(self, port: int, protocol: Any) -> DatagramPort:
        """Open a port; see ``IReactorUDP``."""
        return DatagramPort(self.datagrams)

    def flush(self) -> None:
        """Move bytes until nothing moves any more."""
        while True:
            moved = self._connect()
            for connection in tuple(self.connections):
                if not (connection.client.closed and connection.server.closed):
                    moved |= connection.client.move() | connection.server.move()
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
            self.connections.append(MemoryConnection(name, client, there, address))
        return moved
