"""
Runs twistd, or the command, in a process that is told another time and other names.

``python -m tests.end_to_end.pretending twistd|immich-ml-proxy OPTIONS`` reads in the
folder it is started in, and again whenever it matters:

- ``wall``: how many seconds its wall clock is ahead, in ASCII;
- ``authority.pem``: the certificate of the only one whose signatures it believes;
- ``no-ipv6``: if it is there, its kernel has no IPv6;
- ``name-server``: address and port of a DNS server that is asked for every name;
- ``names``: JSON, the address of each name, or ``null`` where nobody ever answers the
  question; a name that is not in it does not exist.
"""

from __future__ import annotations

import errno
import json
import os
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

#: The begin of a command that runs this.
PRETENDING = [sys.executable, "-m", "tests.end_to_end.pretending"]

FOLDER = Path.cwd()

_time = time.time
_getaddrinfo = socket.getaddrinfo


def pretended_time() -> float:
    """Return what time it is said to be."""
    try:
        return _time() + float((FOLDER / "wall").read_text() or 0)
    except FileNotFoundError:
        return _time()


def pretended_addresses(host: Any, *rest: Any, **more: Any) -> Any:
    """Look a name up in the table; addresses are looked up as ever."""
    if isinstance(host, str) and host[:1].isalpha():
        table = json.loads((FOLDER / "names").read_text())
        if host not in table:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        host = table[host]
        if host is None:
            threading.Event().wait()
    return _getaddrinfo(host, *rest, **more)


def asked_addresses(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
    """Ask a DNS server for the addresses of a name, as the C library does."""
    if not (isinstance(host, str) and host[:1].isalpha()):
        return _getaddrinfo(host, port, *rest, **more)
    where, at = (FOLDER / "name-server").read_text().split()
    found: list[Any] = []
    for kind in (dns.A, dns.AAAA):
        question = dns.Message(id=os.getpid() % 65536)
        question.addQuery(host.encode("ascii"), kind)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(2.0)
            asking.sendto(question.toStr(), (where, int(at)))
            answer = dns.Message()
            try:
                answer.fromStr(asking.recv(65535))
            except TimeoutError:
                raise socket.gaierror(socket.EAI_AGAIN, "nobody answers") from None
        for record in answer.answers:
            payload: Any = record.payload
            family = socket.AF_INET if kind == dns.A else socket.AF_INET6
            address = socket.inet_ntop(family, payload.address)
            found += _getaddrinfo(address, port, *rest, **more)
    if not found:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return found


class IPv4Socket(socket.socket):
    """A socket on a kernel without IPv6."""

    def __init__(self, family: int = -1, *rest: Any, **more: Any) -> None:
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, "Address family not supported")
        super().__init__(family, *rest, **more)


if __name__ == "__main__":
    # Before Twisted is imported, which keeps the functions that it finds.
    time.time = pretended_time
    if (FOLDER / "names").exists():
        socket.getaddrinfo = pretended_addresses
    if (FOLDER / "name-server").exists():
        from twisted.names import dns

        socket.getaddrinfo = asked_addresses
    if (FOLDER / "no-ipv6").exists():
        socket.socket = IPv4Socket  # type: ignore[misc]
    if (FOLDER / "authority.pem").exists():
        os.environ["SSL_CERT_FILE"] = str(FOLDER / "authority.pem")
    _, program, *sys.argv[1:] = sys.argv
    if program == "twistd":
        from twisted.scripts.twistd import run as main
    else:
        from immich_ml_proxy.commands.cli import main
    main()
