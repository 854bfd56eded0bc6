"""TLS with servers, whatever their names are."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.ssl import (
    Certificate,
    PrivateCertificate,
    trustRootFromCertificates,
)
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.python.failure import Failure
from zope.interface.verify import verifyObject

from immich_ml_proxy.upstream.tls import BadCertificate, ServerTLS
from tests.certificates import Authority, Signed
from tests.memory_connection import MemoryConnection
from tests.network import Network

# Of what Twisted makes of certificates for its servers.
pytestmark = pytest.mark.filterwarnings("ignore:Passing pyOpenSSL:DeprecationWarning")

HOME = Authority("a home")
STRANGER = Authority("a stranger")
TRUST = trustRootFromCertificates([Certificate.loadPEM(HOME.certificate)])


class End(Protocol):
    """One end; the client's speaks first."""

    def __init__(self, says: bytes) -> None:
        self._says = says
        self.got = b""
        self.lost: Failure | None = None

    def connectionMade(self) -> None:
        """Say something."""
        transport: Any = self.transport
        transport.write(self._says)

    def dataReceived(self, data: bytes) -> None:
        """Keep what comes."""
        self.got += data

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Keep the reason."""
        self.lost = reason


class Meeting:
    """A client that has connected to ``host``, and a server with a certificate."""

    def __init__(self, network: Network, host: str, signed: Signed) -> None:
        self.client, self.server = End(b"is it you?"), End(b"it is I")
        tls = ServerTLS(host, TRUST)
        assert verifyObject(IOpenSSLClientConnectionCreator, tls)
        certificate = PrivateCertificate.loadPEM(signed.key + signed.certificate)
        there = TLSMemoryBIOFactory(
            certificate.options(),
            False,
            Factory.forProtocol(lambda: self.server),
            network,
        )
        here = TLSMemoryBIOFactory(
            tls, True, Factory.forProtocol(lambda: self.client), network
        )
        address = IPv4Address("TCP", "10.0.0.1", 443)
        connection = MemoryConnection(
            "ml", here.buildProtocol(address), there.buildProtocol(address), address
        )
        network.connections.append(connection)
        network.advance(0)  # small writes wait for the next turn
        self.hello = connection.asked


@pytest.mark.parametrize(
    ("host", "signed_for"),
    [
        ("gpu.lan", "gpu.lan"),
        ("gpu.home.lan", "*.home.lan"),
        ("gpu", "gpu"),
        ("gpu.home.lan.", "gpu.home.lan"),
        ("immich_machine_learning", "immich_machine_learning"),
        ("ml_1.stack", "ml_1.stack"),
        ("ml_1.my_stack.lan", "*.my_stack.lan"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    ],
)
def test_a_name_is_asked_for_and_compared(
    network: Network, host: str, signed_for: str
) -> None:
    """A server with several certificates knows which one to show."""
    met = Meeting(network, host, HOME.sign("other.lan", signed_for))
    assert met.client.got == b"it is I"
    assert met.server.got == b"is it you?"
    asked_for = host.rstrip(".").encode()
    assert asked_for in met.hello
    assert asked_for + b"." not in met.hello


@pytest.mark.parametrize("host", ["10.0.0.1", "fd00::1"])
def test_an_address_is_compared_and_not_asked_for(network: Network, host: str) -> None:
    """The hello of TLS has room for names only."""
    met = Meeting(network, host, HOME.sign(host))
    assert met.client.got == b"it is I"
    assert host.encode() not in met.hello


@pytest.mark.parametrize(
    ("host", "signed", "told"),
    [
        ("ml_1.stack", HOME.sign("ml_2.stack"), "is not for ml_1.stack"),
        ("ml_1.stack", HOME.sign("10.0.0.1"), "is not for ml_1.stack"),
        ("10.0.0.1", HOME.sign("10.0.0.2", "gpu"), "is not for 10.0.0.1"),
        ("gpu", HOME.sign(), "is not for gpu"),
        ("gpu", HOME.sign("gpu", days=-1), "has expired"),
        ("gpu", STRANGER.sign("gpu"), "is signed by somebody whom this machine"),
    ],
)
def test_a_certificate_that_proves_nothing_ends_it(
    network: Network, host: str, signed: Signed, told: str
) -> None:
    """Nothing is said to a server that may be anybody, and people read why."""
    met = Meeting(network, host, signed)
    assert (met.client.got, met.server.got) == (b"", b"")
    assert met.client.lost is not None
    met.client.lost.trap(BadCertificate)
    assert met.client.lost.getErrorMessage().startswith(f"its certificate {told}")
