"""
TLS with a server, whose certificate must be for the name in its URL.

Twisted's own ``optionsForClientTLS`` refuses names that containers have, such as
``immich_machine_learning``; certificates may well be for them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from OpenSSL.crypto import X509
from OpenSSL.crypto import Error as CryptoError
from OpenSSL.SSL import VERIFY_FAIL_IF_NO_PEER_CERT, VERIFY_PEER, Connection
from OpenSSL.SSL import Error as SSLError
from service_identity import CertificateError, VerificationError
from service_identity.hazmat import DNS_ID, IPAddress_ID, verify_service_identity
from service_identity.pyopenssl import extract_patterns
from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.internet.ssl import (
    Certificate,
    CertificateOptions,
    platformTrust,
    trustRootFromCertificates,
)
from twisted.python.failure import Failure
from zope.interface import implementer

from immich_ml_proxy.config.model import Config
from immich_ml_proxy.errors import ConfigError

#: What OpenSSL's numbers mean, in x509_vfy.h.
_WORDS = {
    9: "is not valid yet",
    10: "has expired",
    18: "is signed by itself, which this machine does not trust",
    19: "is signed by somebody whom this machine does not trust",
    20: "is signed by somebody whom this machine does not know",
    21: "is signed by somebody whom this machine does not know",
}


class BadTrust(Exception):
    """A file of certificates cannot be used; the text says why."""


def trust_of(ca_file: str) -> Any:
    """
    Return the trust in those whose certificates are in a file.

    :raises BadTrust: when there are none.
    """
    try:
        content = Path(ca_file).read_bytes()
    except OSError as error:
        raise BadTrust(f"{ca_file} cannot be read: {error.strerror}") from None
    found = _CERTIFICATE.findall(content)
    try:
        certificates = [Certificate.loadPEM(one) for one in found]
    except (CryptoError, ValueError):
        raise BadTrust(f"{ca_file} holds a certificate that is broken") from None
    if not certificates:
        raise BadTrust(
            f"{ca_file} holds no certificate: it must be PEM, with BEGIN CERTIFICATE"
        )
    return trustRootFromCertificates(certificates)


def check_ca_files(config: Config) -> None:
    """
    Refuse a configuration with a file of certificates that cannot be used.

    :raises ConfigError: with its field and the reason.
    """
    for index, backend in enumerate(config.backends):
        if backend.ca_file is not None:
            try:
                trust_of(backend.ca_file)
            except BadTrust as error:
                raise ConfigError(f"backends[{index}].caFile", str(error)) from None


def in_words(error: BaseException) -> str | None:
    """Return why TLS failed, if it is that; a certificate says it by itself."""
    if not isinstance(error, SSLError):
        return None
    reasons = [str(one[-1]) for one in error.args[0]] if error.args else []
    for reason in reasons:
        for part, words in _REASONS.items():
            if part in reason:
                return words
    return f"TLS failed: {'; '.join(reasons) or 'the other side gave it up'}"


#: What OpenSSL says, and what that means.
_REASONS = {
    "wrong version number": "does not speak TLS: write http:// for https://, or its "
    "TLS port",
    "packet length too long": "does not speak TLS: write http:// for https://, or its "
    "TLS port",
    "http request": "does not speak TLS: write http:// for https://, or its TLS port",
    "protocol version": "speaks no version of TLS that is safe (1.2 at least)",
    "unsupported protocol": "speaks no version of TLS that is safe (1.2 at least)",
    "unrecognized name": "does not know this name (SNI)",
    "certificate required": "wants a certificate of the proxy, which it has none of",
    "handshake failure": "refuses what TLS can offer (its ciphers, or a certificate "
    "that it wants of the proxy)",
}
_CERTIFICATE = re.compile(
    rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL
)


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
