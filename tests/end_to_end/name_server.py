"""
A real DNS server (Twisted Names) whose answers a test changes.

``python -m tests.end_to_end.name_server ADDRESS PORT FILE`` reads the file for every
question: JSON, the addresses of each name, or ``null`` where nobody answers. A name
that is not in it does not exist. Answers have a TTL of 0, and their order is another
each time.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from twisted.internet import reactor as installed
from twisted.internet.defer import Deferred, fail, succeed
from twisted.names import dns
from twisted.names.error import DomainError
from twisted.names.server import DNSServerFactory

#: The kinds of records that tell addresses, by the version of IP.
KINDS = {4: (dns.A, dns.Record_A), 6: (dns.AAAA, dns.Record_AAAA)}


class Table:
    """
    Looks names up in a file; a resolver of Twisted Names.

    :param path: of the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def query(self, query: Any, timeout: Sequence[int] | None = None) -> Any:
        """Answer a question; see ``IResolver``."""
        name = query.name.name.decode("ascii").lower()
        table = json.loads(self._path.read_text())
        if name not in table:
            return fail(DomainError(name))
        addresses = table[name]
        if addresses is None:
            return Deferred()
        random.shuffle(addresses)
        records = []
        for address in addresses:
            kind, record = KINDS[ip_address(address).version]
            if query.type == kind:
                payload = record(address, ttl=0)
                records.append(dns.RRHeader(name, kind, ttl=0, payload=payload))
        return succeed((records, [], []))


def main() -> None:
    """Answer until the process is ended."""
    _, address, port, path = sys.argv
    reactor: Any = installed
    factory = DNSServerFactory(clients=[Table(Path(path))])
    protocol = dns.DNSDatagramProtocol(factory)
    reactor.listenUDP(int(port), protocol, interface=address)
    sys.stdout.write(f"listening on http://{address}:{port}\n")
    sys.stdout.flush()
    reactor.run()


if __name__ == "__main__":
    main()
