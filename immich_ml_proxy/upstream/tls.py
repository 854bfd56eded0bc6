"""
TLS with a server, whose certificate must be for the name in its URL.

Twisted's own ``optionsForClientTLS`` refuses names that containers have, such as
``immich_machine_learning``; certificates may well be for them.
"""

from __future__ import annotations

from typing import Any

from OpenSSL.crypto import X509
from OpenSSL.SSL import VERIFY_FAIL_IF_NO_PEER_CERT, VERIFY_PEER, Connection
from service_identity import CertificateError, VerificationError
from service_identity.hazmat import DNS_ID, IPAddress_ID, verify_service_identity
from service_identity.pyopenssl import extract_patterns
from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.internet.ssl import CertificateOptions, platformTrust
from twisted.python.failure import Failure
from zope.interface import implementer

#: What OpenSSL's numbers mean, in x509_vfy.h.
_WORDS = {
    9: "is not valid yet",
    10: "has expired",
    18: "is signed by itself, which this machine does not trust",
    19: "is signed by somebody whom this machine does not trust",
    20: "is signed by somebody whom this machine does not know",
    21: "is signed by somebody whom this machine does not know",
}


class BadCertificate(Exception):
    """A server has shown a certificate that proves nothing."""


@implementer(IOpenSSLClientConnectionCreator)
class ServerTLS:
    """
    Makes the TLS side of connections to one server.

    :param host: its name or address, as in its URL.
    :param trust: whose signatures are believed.
    """

    def __init__(self, host: str, trust: Any = None) -> None:
        self._host = host.rstrip(".")  # it is at the end of no certificate's name
        self._is_address = isIPAddress(host) or isIPv6Address(host)
        self._id = IPAddress_ID(host) if self._is_address else DNS_ID(self._host)
        options = CertificateOptions(trustRoot=trust or platformTrust())
        self._context = options.getContext()

    def clientConnectionForTLS(self, tlsProtocol: Any) -> Connection:
        """Return a connection yet to be made; see the interface."""
        connection = Connection(self._context, None)
        if not self._is_address:
            connection.set_tlsext_host_name(self._host.encode("ascii"))

        def verify(
            _: Connection, certificate: X509, error: int, depth: int, trusted: int
        ) -> bool:
            problem = None
            if not trusted:
                problem = _WORDS.get(error, f"is not trusted: OpenSSL error {error}")
            elif depth == 0 and not self._is_for_the_host(certificate):
                problem = f"is not for {self._host}"
            if problem is not None:
                told = BadCertificate(f"its certificate {problem}")
                tlsProtocol.failVerification(Failure(told))
            return problem is None

        connection.set_verify(VERIFY_PEER | VERIFY_FAIL_IF_NO_PEER_CERT, verify)
        return connection

    def _is_for_the_host(self, certificate: X509) -> bool:
        try:
            verify_service_identity(extract_patterns(certificate), [self._id], [])
        except (VerificationError, CertificateError, ValueError):
            return False
        return True
