"""Addresses of clients, as people know them."""

from __future__ import annotations

from ipaddress import IPv6Address as IPv6
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address


def plain(address: Any) -> Any:
    """
    Return an IPv4 address for one that an IPv6 socket has made of it.

    A port that takes both sees ``::ffff:192.168.1.7`` for ``192.168.1.7``.
    """
    if isinstance(address, IPv6Address):
        mapped = IPv6(address.host.partition("%")[0]).ipv4_mapped
        if mapped is not None:
            return IPv4Address(address.type, str(mapped), address.port)
    return address
