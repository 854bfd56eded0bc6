"""
What the head of a request must be like, so that nobody reads it in another way.

Where readers could differ (RFC 9112, 11), a server behind us, or a proxy before us,
could take one request for two. Nothing of the kind is mended here; it is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address
from urllib.parse import unquote_to_bytes

#: Names of hosts, with what people at home call them; no escapes but of bytes.
_HOST = re.compile(
    rb"(?:(?P<name>(?:[A-Za-z0-9._~-]|%[0-9A-Fa-f]{2})+)|\[(?P<ipv6>[0-9A-Fa-f:.]+)\])"
    rb"(?::(?P<port>[0-9]{0,5}))?"
)
_TARGET = re.compile(rb"[!-~]+")
#: All that a header's value must not have: it could end a line for somebody.
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")

Lines = Iterable[tuple[bytes, bytes]]


def refusal(version: bytes, target: bytes, lines: Lines) -> str | None:
    """
    Return why a head is refused; ``None`` when it is in order.

    :param version: such as ``HTTP/1.1``.
    :param target: as it stands in the first line.
    :param lines: name and value of each header, as they came.
    """
    if not is_target(target):
        return "its path is no text, or has a character that none may have"
    hosts: list[bytes] = []
    for name, value in lines:
        if _CONTROL.search(value):
            return f"the header {_shown(name)} has a control character"
        lowered = name.lower()
        if lowered == b"host":
            hosts.append(value)
        elif lowered == b"transfer-encoding" and version != b"HTTP/1.1":
            return "Transfer-Encoding is for HTTP/1.1"
    if len(hosts) > 1:
        return "there is more than one Host"
    if not hosts and version == b"HTTP/1.1":
        return "there is no Host"
    if hosts and not is_host(hosts[0]):
        return "its Host is none"
    return None


def is_target(target: bytes) -> bool:
    """Whether the target of a first line is plain, and its path is UTF-8."""
    if not _TARGET.fullmatch(target):
        return False
    path = target.partition(b"?")[0]
    if b"%" not in path:
        return True
    decoded = unquote_to_bytes(path)
    try:
        decoded.decode()
    except UnicodeDecodeError:
        return False
    return not (_CONTROL.search(decoded) or b"\t" in decoded)


@lru_cache(maxsize=256)
def is_host(value: bytes) -> bool:
    """Whether a value of ``Host`` is a name or an address, perhaps with a port."""
    if len(value) > 300:
        return False
    found = _HOST.fullmatch(value)
    if found is None or int(found["port"] or 0) > 65535:
        return False
    if found["ipv6"] is None:
        return True
    try:
        IPv6Address(found["ipv6"].decode("ascii"))
    except AddressValueError:
        return False
    return True


def connection_options(values: Iterable[bytes]) -> frozenset[bytes]:
    """Return what the lines of ``Connection`` list, in small letters."""
    return frozenset(
        option
        for value in values
        for option in value.lower().replace(b",", b" ").split()
    )


def _shown(name: bytes) -> str:
    return name[:40].decode("latin-1")
