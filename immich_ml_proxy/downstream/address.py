"""Addresses of clients, as people know them."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address as IPv6
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address


def plain(address: Any) -> Any:
    """
    Return an IPv4 address for one that an IPv6 socket has made of it.

    A port that takes both sees ``::ffff:192.168.1.7`` for ``192.168.1.7``.
    """
    if isinstance(address, IPv6Address):
        host = plain_host(address.host)
        if host != address.host:
            return IPv4Address(address.type, host, address.port)
    return address


def peer_of(request: Any) -> str:
    """Return the address that a request came from; ``-``: it has none."""
    host = getattr(request.client, "host", None)
    return plain_host(host) if host else "-"


@lru_cache(maxsize=1024)
def plain_host(host: str) -> str:
    """Return the same of an address that is text; clients come again and again."""
    try:
        mapped = IPv6(host.partition("%")[0]).ipv4_mapped
    except ValueError:
        return host
    return host if mapped is None else str(mapped)
