"""
Finds the value of ``entries`` in the bytes of a form, and nothing else.

Wire format of ``multipart/form-data`` (RFC 7578): parts are separated by CRLF, two
hyphens and the boundary; the first separator may lack the CRLF, the last is followed
by two hyphens. A part is header lines, an empty line, and its value:

    --boundary CRLF
    Content-Disposition: form-data; name="entries" CRLF
    CRLF
    {"clip": ...} CRLF
    --boundary CRLF
    ...
    --boundary-- CRLF

There is one way to read it, that of python-multipart, which the ML servers parse forms
with. What readers of another mind could take for something else is refused: anything
before the first separator, a part without or with a second ``Content-Disposition``,
parameters of it other than ``name`` and ``filename``, escapes in them, folded lines.

A scanner is fed the chunks as they arrive. It copies none of them and knows where
``entries`` stands as soon as it has seen it, so a request can be routed while its
picture is still under way.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Protocol
from urllib.parse import quote_plus, unquote_to_bytes

import attrs

from immich_ml_proxy.errors import BadEntries, BadForm, BodyTooLarge
from immich_ml_proxy.protocol import form_head

#: What Starlette, which the ML servers parse forms with, accepts at the most.
MAX_PARTS = 1000
#: Longest header block of a part, and longest value of ``entries``, in bytes.
MAX_PART_HEADERS = 16 * 1024
MAX_ENTRIES = 1024 * 1024
#: Longest urlencoded form: it has no picture in it, and is read as a whole.
MAX_URLENCODED = 4 * 1024 * 1024

#: What Immich's client sends, with a boundary that is a plain token: that needs no
#: parser.
_USUAL = re.compile(rb"multipart/form-data; boundary=([A-Za-z0-9-]{1,70})")

_MISSING = "entries: missing; the form must have a field of this name"
_TWICE = "entries: sent twice; the form must have it once"
_NO_FORM = "the body does not hold the form that its header announces"
_TOO_LONG = f"entries: longer than {MAX_ENTRIES} bytes"


@attrs.frozen
class Entries:
    """
    The value of ``entries``, and where it stands in the body.

    :ivar value: the bytes of the JSON, decoded from the form's encoding.
    :ivar start: offset of its first byte in the body.
    :ivar end: offset behind its last byte.
    :ivar urlencoded: what replaces it must be encoded as a form's value.
    """

    value: bytes
    start: int
    end: int
    urlencoded: bool = False

    def encode(self, value: bytes) -> bytes:
        """Return ``value`` as it must stand in this form."""
        return quote_plus(value).encode() if self.urlencoded else value


def _checked(entries: Entries) -> Entries:
    if len(entries.value) > MAX_ENTRIES:
        raise BodyTooLarge(_TOO_LONG)
    return entries


class Scanner(Protocol):
    """
    Reads a form chunk by chunk; every method may raise a ``ProxyError``.

    :ivar entries: as soon as they are known.
    :ivar has_image: whether a part ``image`` has begun.
    :ivar picture: where the value of the last such part begins and ends in the body, as
        soon as it has ended.
    """

    entries: Entries | None
    has_image: bool
    picture: tuple[int, int] | None

    def feed(self, chunk: bytes) -> None:
        """Look at the next bytes."""

    def finish(self) -> Entries:
        """Return the entries after the last byte; it is an error to have none."""


def scanner(content_type: bytes | None) -> Scanner:
    """
    Return the scanner for a body of this ``Content-Type``.

    :raises BadForm: when it is no form, or a multipart form without a boundary.
    """
    given = content_type or b""
    usual = _USUAL.fullmatch(given)
    if usual:
        return MultipartScanner(usual[1])
    kind, options = form_head.content_type(given)
    if kind == b"application/x-www-form-urlencoded":
        return UrlencodedScanner()
    return MultipartScanner(form_head.boundary(options))


class MultipartScanner:
    """Scans a ``multipart/form-data`` body with the given boundary."""

    def __init__(self, boundary: bytes) -> None:
        self.entries: Entries | None = None
        self.has_image = False
        self.picture: tuple[int, int] | None = None
        self._picture_start = -1  # of the one that is being read
        self._delimiter = b"\r\n--" + boundary
        # The first delimiter may open the body: pretend that a CRLF came before.
        self._tail = b"\r\n"  # of the value, from the chunks before
        self._seen = 0  # offset of the chunk being looked at
        self._held = b""  # bytes of a header block that goes on in the next chunk
        self._held_start = 0
        self._value: list[bytes] | None = None  # of entries, while it is read
        self._value_start = 0
        self._parts = 0
        self._in_headers = False
        self._closed = False

    def feed(self, chunk: bytes) -> None:
        """Look at the next bytes; see :class:`Scanner`."""
        position = 0
        while not self._closed and position < len(chunk):
            if self._in_headers:
                position = self._read_headers(chunk, position)
            else:
                position = self._read_value(chunk, position)
        self._seen += len(chunk)

    def finish(self) -> Entries:
        """Return the entries; see :class:`Scanner`."""
        if self._parts == 0:
            raise BadForm(_NO_FORM)
        if not self._closed:
            raise BadForm("the form is cut short: its last delimiter is missing")
        if self.entries is None:
            raise BadEntries(_MISSING)
        return self.entries

    def _read_value(self, chunk: bytes, position: int) -> int:
        """Skip (or keep, for entries) a value; return the offset behind it."""
        delimiter, tail = self._delimiter, self._tail
        if tail:
            # The delimiter may have begun in the chunk before.
            seam = tail + chunk[: len(delimiter) - 1]
            found = seam.find(delimiter)
            if found >= 0:
                return self._end_value(chunk, 0, found - len(tail))
        found = chunk.find(delimiter, position)
        if found >= 0:
            return self._end_value(chunk, position, found)
        if self._value is not None:
            self._keep(chunk, position)
        reach = len(delimiter) - 1
        rest = chunk[max(position, len(chunk) - reach) :]
        self._tail = (tail + rest)[-reach:]
        return len(chunk)

    def _end_value(self, chunk: bytes, position: int, found: int) -> int:
        """A delimiter stands at ``found`` (below 0: in the chunk before)."""
        # Before the first there may be a line end, and nothing else.
        if self._parts == 0 and self._seen + found not in (-2, 0):
            raise BadForm(_NO_FORM)
        if self._value is not None:
            end = self._seen + found
            self._value.append(chunk[position : max(found, position)])
            value = b"".join(self._value)[: end - self._value_start]
            self.entries = _checked(Entries(value, self._value_start, end))
            self._value = None
        elif self._picture_start >= 0:
            self.picture = self._picture_start, self._seen + found
            self._picture_start = -1
        self._tail = b""
        self._in_headers = True
        after = found + len(self._delimiter)
        self._held_start = self._seen + after
        self._parts += 1
        return after

    def _read_headers(self, chunk: bytes, position: int) -> int:
        """Read what follows a delimiter, up to the value; return its offset."""
        before = len(self._held)
        self._held += chunk[position : position + MAX_PART_HEADERS]
        if self._held.startswith(b"--"):
            self._closed = True
            return len(chunk)
        if self._held[:2] not in (b"\r\n", b"\r", b"-"):
            raise BadForm("a part of the form does not begin on a line of its own")
        end = self._held.find(b"\r\n\r\n")
        if not 0 <= end <= MAX_PART_HEADERS - 4:
            if len(self._held) >= MAX_PART_HEADERS:
                raise BadForm("a part of the form has too long headers")
            return len(chunk)
        block = self._held[:end]
        self._held, self._in_headers = b"", False
        self._begin_value(block, self._held_start + end + 4)
        return position + end + 4 - before

    def _begin_value(self, block: bytes, start: int) -> None:
        if self._parts > MAX_PARTS:
            raise BadForm(f"the form has more than {MAX_PARTS} parts")
        lines = block[2:]
        # Nearly every part of every client begins with the same few lines.
        usual = len(lines) <= 200
        options = (_usual_disposition if usual else form_head.disposition)(lines)
        name = options[b"name"]
        if name != b"entries":
            if name == b"image":
                self.has_image = True
                self._picture_start = start
            return
        if b"filename" in options:
            raise BadEntries("entries: must be a plain field, not a file")
        if self.entries is not None:
            raise BadEntries(_TWICE)
        self._value, self._value_start = [], start

    def _keep(self, chunk: bytes, position: int) -> None:
        assert self._value is not None
        self._value.append(chunk[position:])
        if self._seen + len(chunk) - self._value_start > 2 * MAX_ENTRIES:
            raise BodyTooLarge(_TOO_LONG)


_usual_disposition = lru_cache(maxsize=256)(form_head.disposition)


class UrlencodedScanner:
    """Scans an ``application/x-www-form-urlencoded`` body, once it is there."""

    def __init__(self) -> None:
        self.entries: Entries | None = None
        self.has_image = False  # such a form cannot carry a file
        self.picture: tuple[int, int] | None = None
        self._chunks: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> None:
        """Keep the next bytes; see :class:`Scanner`."""
        self._chunks.append(chunk)
        self._size += len(chunk)
        if self._size > MAX_URLENCODED:
            raise BodyTooLarge(
                f"an urlencoded form may have {MAX_URLENCODED} bytes; "
                "send a picture as multipart/form-data"
            )

    def finish(self) -> Entries:
        """Return the entries; see :class:`Scanner`."""
        body, self._chunks = b"".join(self._chunks), []
        if body.count(b"&") >= MAX_PARTS:
            raise BadForm(f"the form has more than {MAX_PARTS} fields")
        if not body.isascii() or b";" in body:
            raise BadForm(
                "an urlencoded form must have ; and what is not ASCII escaped"
            )
        start = 0
        is_bare = False
        for field in body.split(b"&"):
            name, equals, value = field.partition(b"=")
            if _unquoted(name) == b"entries":
                # Without "=" some take it for an empty one, and some for none.
                if self.entries is not None or is_bare:
                    raise BadEntries(_TWICE)
                is_bare = not equals
                at = start + len(name) + 1
                if equals:
                    self.entries = _checked(
                        Entries(_unquoted(value), at, at + len(value), urlencoded=True)
                    )
            start += len(field) + 1
        if self.entries is None:
            raise BadEntries(_MISSING)
        return self.entries


def _unquoted(value: bytes) -> bytes:
    return unquote_to_bytes(value.replace(b"+", b" "))
