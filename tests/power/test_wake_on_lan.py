"""The packet that wakes a backend."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor as installed
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import DatagramProtocol
from twisted.internet.task import Clock
from twisted.logger import LogLevel, capturedLogs, formatEvent

from immich_ml_proxy.config.model import WakeOnLan
from immich_ml_proxy.errors import BadRequest, WakeFailed
from immich_ml_proxy.power.wake_on_lan import PAUSE, Waker, magic_packet
from tests.balancer.demands import server

MAC = "00:11:22:aa:bb:cc"
PACKET = b"\xff" * 6 + b"\x00\x11\x22\xaa\xbb\xcc" * 16
reactor: Any = installed


class Port:
    """A UDP port that keeps what it should send."""

    def __init__(self, lan: Lan) -> None:
        self.lan = lan
        self.broadcasts = self.stopped = False

    def setBroadcastAllowed(self, enabled: bool) -> None:
        """Keep it."""
        self.broadcasts = enabled

    def write(self, packet: bytes, address: tuple[str, int]) -> None:
        """Send it, or fail."""
        if self.lan.error is not None:
            raise self.lan.error
        self.lan.sent.append((packet, *address))

    def stopListening(self) -> None:
        """Close."""
        self.stopped = True


class Lan(Clock):
    """
    A clock and a network for datagrams.

    :ivar error: raised when something is sent.
    :ivar refusal: raised when a port is opened.
    """

    def __init__(self) -> None:
        super().__init__()
        self.error: Exception | None = None
        self.refusal: Exception | None = None
        self.ports: list[Port] = []
        self.sent: list[tuple[bytes, str, int]] = []

    def listenUDP(self, port: int, protocol: Any) -> Port:
        """Open a port."""
        if self.refusal is not None:
            raise self.refusal
        self.ports.append(Port(self))
        return self.ports[-1]


def sleeper(name: str = "a", **fields: Any) -> Any:
    """Return a backend that can be woken."""
    return server(name, wake_on_lan=WakeOnLan(mac=MAC, **fields))


def test_the_packet() -> None:
    """Six bytes of 255, then sixteen times the address: 102 bytes."""
    packet = magic_packet(bytes.fromhex("001122aabbcc"))
    assert packet == PACKET
    assert len(packet) == 102


@pytest.mark.parametrize("mac", [MAC, "00-11-22-AA-BB-CC", "001122aabbcc"])
def test_it_goes_where_the_configuration_says(mac: str) -> None:
    """By default to everybody's port 9; the socket is closed after."""
    lan = Lan()
    Waker(lan).wanted(server(wake_on_lan=WakeOnLan(mac=mac)))
    there = WakeOnLan(mac=mac, broadcast="192.168.1.255", port=7)
    Waker(lan).wanted(server(wake_on_lan=there))
    assert lan.sent == [(PACKET, "255.255.255.255", 9), (PACKET, "192.168.1.255", 7)]
    assert all(port.broadcasts and port.stopped for port in lan.ports)


def test_who_cannot_be_woken_is_left_alone() -> None:
    """No address, no packet."""
    lan = Lan()
    Waker(lan).wanted(server())
    assert lan.ports == []


def test_a_backend_is_woken_at_most_once_a_minute() -> None:
    """However much work waits; each backend for itself."""
    lan = Lan()
    waker = Waker(lan)
    assert PAUSE == 60
    for _ in range(100):
        waker.wanted(sleeper("a"))
    assert len(lan.sent) == 1
    waker.wanted(sleeper("b"))
    assert len(lan.sent) == 2
    lan.advance(59.9)
    waker.wanted(sleeper("a"))
    assert len(lan.sent) == 2
    lan.advance(0.1)
    waker.wanted(sleeper("a"))
    assert len(lan.sent) == 3


@pytest.mark.parametrize(
    ("where", "error"),
    [
        ("error", OSError(101, "Network is unreachable")),
        ("error", PermissionError(13, "Permission denied")),
        ("refusal", CannotListenError("", 0, OSError(24, "Too many open files"))),
    ],
)
def test_a_packet_that_cannot_be_sent_is_told_in_the_log(
    where: str, error: Exception
) -> None:
    """The request that waits must not fail for it; it is tried again in a minute."""
    lan = Lan()
    setattr(lan, where, error)
    waker = Waker(lan)
    with capturedLogs() as events:
        waker.wanted(sleeper())
        waker.wanted(sleeper())
    [event] = events
    assert event["log_level"] is LogLevel.warn
    told = formatEvent(event)
    assert told.startswith("a cannot be woken: ")
    assert str(error) in told
    assert all(port.stopped for port in lan.ports)
    setattr(lan, where, None)
    lan.advance(PAUSE)
    waker.wanted(sleeper())
    assert len(lan.sent) == 1


class Ear(DatagramProtocol):
    """Waits for one datagram."""

    def __init__(self) -> None:
        self.heard: Deferred[bytes] = Deferred()

    def datagramReceived(self, datagram: bytes, addr: Any) -> None:
        """Take it."""
        self.heard.callback(datagram)


@pytest_twisted.ensureDeferred
async def test_a_real_datagram_arrives() -> None:
    """102 bytes at the configured address and port, through real sockets."""
    ear = Ear()
    port = reactor.listenUDP(0, ear, interface="127.0.0.1")
    try:
        waker = Waker(reactor)
        waker.wanted(sleeper(broadcast="127.0.0.1", port=port.getHost().port))
        assert await ear.heard.addTimeout(60, reactor) == PACKET
    finally:
        await port.stopListening()


def test_by_hand_a_backend_is_woken_whenever_one_likes() -> None:
    """It is told, and work that waits need not send another one at once."""
    lan = Lan()
    waker = Waker(lan)
    woke: list[str] = []
    waker.woke = lambda one: woke.append(one.name)
    waker.wanted(sleeper())
    waker.wake(sleeper())
    waker.wake(sleeper())
    waker.wanted(sleeper())
    assert len(lan.sent) == 3
    assert woke == ["a"] * 3


def test_by_hand_one_is_told_why_it_cannot_be_woken() -> None:
    """And what to do."""
    lan = Lan()
    waker = Waker(lan)
    with pytest.raises(BadRequest, match="a has no wakeOnLan: set its MAC address"):
        waker.wake(server())
    lan.error = OSError(101, "Network is unreachable")
    with pytest.raises(WakeFailed, match=r"a cannot be woken: .*unreachable"):
        waker.wake(sleeper())
