"""One file of the pages, made ready to be sent. Pure."""

from __future__ import annotations

import gzip
from hashlib import sha256

import attrs

_TYPES = {
    ".css": b"text/css; charset=utf-8",
    ".html": b"text/html; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".svg": b"image/svg+xml",
}


@attrs.frozen
class PageFile:
    """
    A file.

    :ivar packed: its body compressed by gzip; None where that would not be smaller.
    :ivar tag: changes with the body.
    :ivar packed_tag: the same for the compressed body: both are one file's, but differ.
    """

    content_type: bytes
    body: bytes
    packed: bytes | None
    tag: bytes
    packed_tag: bytes


def page_file(suffix: str, body: bytes) -> PageFile:
    """
    Return the file that holds ``body``.

    :param suffix: of its name, such as ``.js``.
    """
    packed = gzip.compress(body, mtime=0)
    tag = sha256(body).hexdigest()[:16].encode()
    return PageFile(
        content_type=_TYPES.get(suffix, b"text/plain; charset=utf-8"),
        body=body,
        packed=packed if len(packed) < len(body) else None,
        tag=b'"%s"' % tag,
        packed_tag=b'"%s-gzip"' % tag,
    )
