"""Where the proxy listens: on all addresses, unless one is named."""

from __future__ import annotations

import errno
import socket
from typing import Any

import pytest
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import Factory
from zope.interface import implementer
from zope.interface.verify import verifyObject

from immich_ml_proxy.downstream.address import plain
from immich_ml_proxy.downstream.listener import Listener
from immich_ml_proxy.errors import CannotStart


@implementer(IListeningPort)
class Port:
    """A port that listens until it is stopped; its own socket."""

    def __init__(self, system: System, host: str, number: int) -> None:
        self._system = system
        self._kind = IPv6Address if ":" in host else IPv4Address
        self.host = host
        self.number = number or 40_000
        self.socket = self
        self.startListening()

    def startListening(self) -> None:
        """Listen."""
        self._system.listening.append((self.host, self.number))

    def stopListening(self) -> Deferred[None]:
        """Stop."""
        self._system.listening.remove((self.host, self.number))
        return succeed(None)

    def getHost(self) -> Any:
        """Return where it is."""
        return self._kind("TCP", self.host, self.number)

    def getsockopt(self, level: int, option: int) -> int:
        """Tell whether IPv4 is left out."""
        assert (level, option) == (socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
        return int(self._system.apart)


class System:
    """
    What Twisted listens with.

    :ivar refusals: error numbers, by address.
    :ivar apart: each family wants a socket of its own.
    :ivar listening: where somebody listens.
    :ivar backlogs: of each time.
    """

    def __init__(self) -> None:
        self.refusals: dict[str, int] = {}
        self.apart = False
        self.backlogs: list[int] = []
        self.listening: list[tuple[str, int]] = []

    def listenTCP(
        self, port: int, factory: Any, backlog: int = 50, interface: str = ""
    ) -> Port:
        """Listen; see ``IReactorTCP``."""
        self.backlogs.append(backlog)
        if interface in self.refusals:
            error = OSError(self.refusals[interface], "refused")
            raise CannotListenError(interface, port, error)
        return Port(self, interface, port)


def listener(system: System, description: str) -> Listener:
    """Return one that listens."""
    site: Any = Factory()
    made = Listener(system, description, site)
    made.privilegedStartService()
    return made


@pytest.mark.parametrize("number", [3004, 0])
def test_without_an_interface_it_is_all_addresses(number: int) -> None:
    """One socket for IPv6 and IPv4."""
    system = System()
    made = listener(system, f"tcp:{number}")
    assert system.listening == [("::", number or 40_000)]
    made.stopService()
    assert system.listening == []


@pytest.mark.parametrize(
    ("description", "backlog"),
    [
        ("tcp:3004", 1024),
        ("tcp:3004:interface=127.0.0.1", 1024),
        ("tcp:3004:backlog=50", 50),
        ("tcp:3004:backlog=7:interface=127.0.0.1", 7),
    ],
)
def test_a_thousand_may_wait_to_be_accepted(description: str, backlog: int) -> None:
    """Unless the endpoint says how many."""
    system = System()
    listener(system, description)
    assert system.backlogs == [backlog]


@pytest.mark.parametrize(
    "number", [errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT, errno.EADDRNOTAVAIL]
)
def test_without_ipv6_it_is_ipv4_alone(number: int) -> None:
    """However the system says that it has none."""
    system = System()
    system.refusals["::"] = number
    listener(system, "tcp:3004")
    assert system.listening == [("", 3004)]


@pytest.mark.parametrize("number", [errno.EADDRINUSE, errno.EACCES])
def test_a_port_that_cannot_be_had_is_not_had_in_part(number: int) -> None:
    """A port that another has taken for IPv6 would be ours for IPv4 only."""
    system = System()
    system.refusals["::"] = number
    with pytest.raises(CannotStart, match="cannot listen on tcp:3004: refused"):
        listener(system, "tcp:3004")
    assert system.listening == []


@pytest.mark.parametrize("number", [3004, 0])
def test_families_that_are_kept_apart_get_a_socket_each(number: int) -> None:
    """At the same port; they begin and end together."""
    system = System()
    system.apart = True
    made = listener(system, f"tcp:{number}")
    both = [("::", number or 40_000), ("", number or 40_000)]
    assert system.listening == both
    port: Any = made.port
    assert verifyObject(IListeningPort, port)
    assert port.getHost() == IPv6Address("TCP", "::", number or 40_000)
    made.stopService()
    assert system.listening == []
    port.startListening()
    assert system.listening == both


@pytest.mark.parametrize("interface", ["127.0.0.1", "0.0.0.0", "::", "::1"])
def test_an_interface_is_taken_as_it_is_written(interface: str) -> None:
    """Who writes one has a reason."""
    system = System()
    quoted = interface.replace(":", r"\:")
    listener(system, f"tcp:3004:interface={quoted}")
    assert system.listening == [(interface, 3004)]


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (IPv6Address("TCP", "::ffff:192.168.1.7", 5), "192.168.1.7"),
        (IPv6Address("TCP", "::ffff:c0a8:107", 5), "192.168.1.7"),
        (IPv6Address("TCP", "fd00::1", 5), "fd00::1"),
        (IPv6Address("TCP", "fe80::1%eth0", 5), "fe80::1%eth0"),
        (IPv6Address("TCP", "::1", 5), "::1"),
        (IPv4Address("TCP", "192.168.1.7", 5), "192.168.1.7"),
    ],
)
def test_an_ipv4_client_is_told_by_its_ipv4_address(seen: Any, told: str) -> None:
    """Not by what an IPv6 socket makes of it; else nobody knows it again."""
    address = plain(seen)
    assert (address.type, address.host, address.port) == ("TCP", told, 5)
    assert isinstance(address, IPv6Address if ":" in told else IPv4Address)


def test_an_address_without_a_host_stays_as_it_is() -> None:
    """A client of a Unix socket has none."""
    nobody = object()
    assert plain(nobody) is nobody
