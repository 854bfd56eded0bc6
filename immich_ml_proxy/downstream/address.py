"""Addresses of clients, as people know them."""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address

from immich_ml_proxy.downstream.plain_host import plain_host


def plain(address: Any) -> Any:
    """Return an IPv4 address for one that an IPv6 socket has made of it."""
    if isinstance(address, IPv6Address):
        host = plain_host(address.host)
        if host != address.host:
            return IPv4Address(address.type, host, address.port)
    return address
