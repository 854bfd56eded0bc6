"""
The head of a usual request, read in one go.

What browsers, Immich and reverse proxies send, some 300 bytes of it, is told apart from
all else by a few looks over the whole. Anything that is not quite usual is nobody's
business here: Twisted reads that line by line, and refuses what must be refused.
"""

from __future__ import annotations

import re

import attrs
from twisted.web.http_headers import Headers

from immich_ml_proxy.headers import KnownHeaders

#: Longest usual head, in bytes; Twisted refuses what is longer.
LONGEST = 16 * 1024
#: Lines of a usual head.
MOST_LINES = 100

_REQUEST_LINE = re.compile(rb"([A-Z]{3,10}) (/[!-~]*) HTTP/1\.1")
#: All that a header line must not have, but for the line ends themselves.
_CONTROLS = bytes(byte for byte in (*range(32), 127) if byte not in b"\t\r\n")
#: Headers that say how a message is to be read, or call for more than its answer.
_UNUSUAL = frozenset(
    (b"Transfer-Encoding", b"Expect", b"Upgrade", b"Cookie", b"TE", b"Trailer")
)
#: Headers of which there must be one at the most.
_SINGLE = frozenset((b"Host", b"Content-Length", b"Connection", b"Content-Type"))
#: Names of headers as they come, with how they are written by Twisted.
names: dict[bytes, bytes] = {}
MOST_NAMES = 1000


@attrs.define
class Head:
    """
    :ivar target: as it was sent; it begins with a slash.
    :ivar length: of the body, in bytes.
    """

    method: bytes
    target: bytes
    headers: KnownHeaders
    length: int


def read(text: bytes) -> Head | None:
    """
    Return what a head says; ``None`` when it is not a usual one.

    :param text: the head, without the empty line at its end.
    """
    lines = text.split(b"\r\n")
    count = len(lines)
    if (
        count > MOST_LINES
        or text.count(b"\r") != count - 1
        or text.count(b"\n") != count - 1
        or len(text.translate(None, _CONTROLS)) != len(text)
    ):
        return None
    first = _REQUEST_LINE.fullmatch(lines[0])
    if first is None:
        return None
    raw: dict[bytes, list[bytes]] = {}
    for index in range(1, count):
        given, colon, value = lines[index].partition(b":")
        name = names.get(given) or _learned(given)
        if not (name and colon) or name in _UNUSUAL:
            return None
        if name not in raw:
            raw[name] = [value.strip(b" \t")]
        elif name in _SINGLE:
            return None
        else:
            raw[name].append(value.strip(b" \t"))
    if b"Host" not in raw:
        return None
    if b"Connection" in raw and raw[b"Connection"][0].lower() != b"keep-alive":
        return None
    length = 0
    if b"Content-Length" in raw:
        digits = raw[b"Content-Length"][0]
        # More digits than any body has are a matter for somebody else.
        if not (digits.isdigit() and len(digits) <= 15):
            return None
        length = int(digits)
    method, target = first.groups()
    return Head(method, target, KnownHeaders(raw), length)


def _learned(given: bytes) -> bytes | None:
    """Return how Twisted writes a name; ``None`` when it is none."""
    headers = Headers()
    try:
        headers.addRawHeader(given, b"")
    except ValueError:
        return None
    [(name, _)] = headers.getAllRawHeaders()
    if len(names) < MOST_NAMES and len(given) <= 100:
        names[given] = name
    return name
