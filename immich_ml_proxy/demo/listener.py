"""A simulated server on a loopback port of its own, through exits and restarts."""

from __future__ import annotations

import socket

from attrs import define, field
from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IDelayedCall,
    IListeningPort,
    IReactorSocket,
    IReactorTime,
)

from .server import SimulatedServer
from .site import ServerSite, site

#: Where servers listen that are not told otherwise.
LOOPBACK = "127.0.0.1"


class IDemoReactor(IReactorTime, IReactorSocket):
    """What the servers ask of a reactor: the time, and to take over a socket."""


@define(eq=False, slots=False)
class Listener(Service):
    """
    One server on a port of its own.

    The socket listens from the start, before any reactor runs, so that the port is
    known while the configuration is still being built, and nobody who connects
    early is refused. Once stopped it is closed for good.

    When the server exits, the port refuses for as long as its behaviour says.

    :param port: 0 takes a free one, the same ever after.
    :param address: where it listens.
    :raise OSError: when made, if the port is taken.
    """

    _reactor: IDemoReactor
    server: SimulatedServer
    port: int = 0
    address: str = LOOPBACK
    url: str = field(init=False)
    _socket: socket.socket = field(init=False)
    _site: ServerSite = field(init=False)
    _listening: IListeningPort | None = field(default=None, init=False)
    _stopped: Deferred[None] | None = field(default=None, init=False)
    _restart: IDelayedCall | None = field(default=None, init=False)
    _is_off: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._site = site(self.server)
        self._open()
        self.url = f"http://{self.address}:{self.port}"

    def startService(self) -> None:
        super().startService()
        self.server.exit = self._exit
        self._adopt()

    def stopService(self) -> Deferred[None] | None:
        super().stopService()
        self._socket.close()
        self.server.stop()
        if self._restart is not None:
            self._restart.cancel()
            self._restart = None
        self._stop_listening()
        return self._stopped

    def _open(self) -> None:
        self._socket = socket.create_server((self.address, self.port))
        self.port = self._socket.getsockname()[1]

    def _adopt(self) -> None:
        self._socket.setblocking(False)
        self._listening = self._reactor.adoptStreamPort(
            self._socket.fileno(),
            socket.AF_INET,
            self._site,  # type: ignore[arg-type]  # Site is not annotated
        )
        self._socket.close()  # the reactor has its own copy

    def _stop_listening(self) -> None:
        listening, self._listening = self._listening, None
        if listening is not None:
            self._stopped = listening.stopListening()

    def switch_off(self) -> None:
        """Refuse connections, and cut those that there are, until it is switched on."""
        self._is_off = True
        self._refuse()

    def switch_on(self) -> None:
        """
        Listen again, if it was switched off.

        :raise OSError: if somebody else has taken the port meanwhile.
        """
        if self._is_off and self.running:
            self._start_again()
            self._is_off = False

    def _refuse(self) -> None:
        if self._restart is not None:
            self._restart.cancel()
            self._restart = None
        self._stop_listening()
        self._site.close_connections()

    def _exit(self) -> None:
        self._refuse()
        if not self._is_off:
            seconds = self.server.behaviour.restart_seconds
            self._restart = self._reactor.callLater(seconds, self._start_again)

    def _start_again(self) -> None:
        self._restart = None
        self._open()
        self._adopt()
