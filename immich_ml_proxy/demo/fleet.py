"""The servers of ``--demo``: three of different speeds, on free loopback ports."""

from __future__ import annotations

import socket
from typing import Any

from attrs import define, field
from twisted.application.service import MultiService, Service
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IListeningPort, IReactorSocket, IReactorTime

from .server import SimulatedServer, site

#: Name, seconds a request takes, requests worked on at once.
_SERVERS = (
    ("simulated-gpu", 0.030, 4),
    ("simulated-mac", 0.080, 2),
    ("simulated-nas", 0.300, 1),
)


class IDemoReactor(IReactorTime, IReactorSocket):
    """What the servers ask of a reactor: the time, and to take over a socket."""


@define(eq=False, slots=False)
class _Listener(Service):
    """
    One server on a port of its own.

    The socket listens from the start, before any reactor runs, so that the port is
    known while the configuration is still being built, and nobody who connects
    early is refused. Once stopped it is closed for good.
    """

    _reactor: IDemoReactor
    server: SimulatedServer
    _socket: socket.socket = field(
        factory=lambda: socket.create_server(("127.0.0.1", 0)), init=False
    )
    _port: IListeningPort | None = field(default=None, init=False)
    url: str = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def startService(self) -> None:
        super().startService()
        self._socket.setblocking(False)
        self._port = self._reactor.adoptStreamPort(
            self._socket.fileno(),
            socket.AF_INET,
            site(self.server),  # type: ignore[arg-type]  # Site is not annotated
        )
        self._socket.close()  # the reactor has its own copy

    def stopService(self) -> Deferred[None] | None:
        super().stopService()
        self._socket.close()
        port, self._port = self._port, None
        return port.stopListening() if port is not None else None


class DemoServers(MultiService):
    """
    The simulated servers as one service, and the configuration that uses them.

    They listen from construction on (the kernel queues who connects) and answer
    from ``startService`` on. Not to be started again after ``stopService``.

    :param reactor: the reactor.
    """

    def __init__(self, reactor: IDemoReactor) -> None:
        super().__init__()
        self._listeners = [
            _Listener(reactor, SimulatedServer(reactor, name, seconds, places))
            for name, seconds, places in _SERVERS
        ]
        for listener in self._listeners:
            listener.setServiceParent(self)

    @property
    def servers(self) -> dict[str, SimulatedServer]:
        """The servers by name, for their switches and counters."""
        return {each.server.name: each.server for each in self._listeners}

    def configuration(self) -> dict[str, Any]:
        """Return a configuration document, in the form of ``config.json``."""
        gpu, mac, nas = self.servers
        return {
            "defaultBackend": [gpu, mac, nas],
            "backends": [
                {"name": each.server.name, "url": each.url} for each in self._listeners
            ],
            "taskRouting": {
                "clip": [gpu, mac],
                "facial-recognition": [gpu, mac],
                "ocr": [gpu, nas],
            },
        }
