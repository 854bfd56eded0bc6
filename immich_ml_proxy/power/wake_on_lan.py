"""
Wakes sleeping backends.

The magic packet of Wake-on-LAN is six bytes of 255 and then sixteen times the MAC
address of who is to wake, in a UDP datagram to a broadcast address.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import DatagramProtocol
from twisted.logger import Logger

from immich_ml_proxy.balancer.replica_set import Machine
from immich_ml_proxy.config.fields import checked_mac
from immich_ml_proxy.errors import BadRequest, WakeFailed

#: Seconds between two packets to one backend.
PAUSE = 60.0


def magic_packet(mac: bytes) -> bytes:
    """Return the packet that wakes the owner of a MAC address, six bytes."""
    return b"\xff" * 6 + mac * 16


class Waker:
    """
    :param reactor: source of time, and of UDP ports.
    :ivar woke: told of a backend that was sent a packet.
    """

    _log = Logger()

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self.woke: Callable[[Machine], object] = lambda server: None
        self._sent: dict[str, float] = {}

    def wanted(self, server: Machine) -> None:
        """Work waits for a backend that is down: wake it, at most once a minute."""
        clock: IReactorTime = self._reactor
        now = clock.seconds()
        last = self._sent.get(server.name)
        if server.backend.wake_on_lan is None or (
            last is not None and now - last < PAUSE
        ):
            return
        try:
            self.wake(server)
        except WakeFailed as error:
            self._log.warn("{error}", error=error)

    def wake(self, server: Machine) -> None:
        """
        Wake a backend now, whatever was sent before.

        :raises BadRequest: when it is not known how.
        :raises WakeFailed: when nothing can be sent.
        """
        wake = server.backend.wake_on_lan
        if wake is None:
            raise BadRequest(
                f"{server.name} has no wakeOnLan: set its MAC address at /config"
            )
        clock: IReactorTime = self._reactor
        self._sent[server.name] = clock.seconds()
        packet = magic_packet(checked_mac(wake.mac, "mac"))
        try:
            port = self._reactor.listenUDP(0, DatagramProtocol())
            try:
                port.setBroadcastAllowed(True)
                port.write(packet, (wake.broadcast, wake.port))
            finally:
                port.stopListening()
        except (OSError, CannotListenError) as error:
            raise WakeFailed(f"{server.name} cannot be woken: {error}") from error
        self._log.info("woke {backend}", backend=server.name)
        self.woke(server)
