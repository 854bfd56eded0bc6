"""The address of a client as people write it."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address


@lru_cache(maxsize=1024)
def plain_host(host: str) -> str:
    """
    Return an IPv4 address for one that an IPv6 socket has made of it.

    A port that takes both sees ``::ffff:192.168.1.7`` for ``192.168.1.7``.
    """
    try:
        mapped = IPv6Address(host.partition("%")[0]).ipv4_mapped
    except ValueError:
        return host
    return host if mapped is None else str(mapped)
