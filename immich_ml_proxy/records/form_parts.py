"""The parts of a form, multipart or urlencoded, as a debug record shows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from urllib.parse import unquote_to_bytes

from msgspec import Struct
from multipart import MultipartError, MultipartSegment, PushMultipartParser

from immich_ml_proxy.records.excerpt import (
    SHOWN_BYTES,
    Excerpt,
    Utf8Decoder,
    label,
    masked,
)
from immich_ml_proxy.records.masking import MASK, is_secret

SHOWN_PARTS = 100
"""How many parts of a form are described; the rest is counted."""


class Part(Struct, frozen=True, rename="camel"):
    """
    A field of a form.

    :ivar size: bytes of its value as they were sent.
    :ivar value: the value if it is text, ``***`` if its name tells of a secret.
    :ivar sha256: of any other value, unless that is incomplete.
    :ivar truncated: whether there is more of the value than is shown or was kept.
    """

    name: str
    filename: str | None
    content_type: str | None
    size: int
    value: str | None
    sha256: str | None
    truncated: bool


def multipart_parts(
    chunks: Sequence[bytes], boundary: bytes, cut: bool
) -> tuple[tuple[Part, ...], int]:
    """
    The first parts, and how many there are beyond them.

    :param chunks: none of them empty, which to the parser would be the end.
    :param cut: whether ``chunks`` is only the beginning of the body; if not, it must
        end with the last boundary.
    :raises MultipartError: if this is no form.
    """
    if not boundary:  # old parsers take it for a boundary of nothing
        raise MultipartError("no boundary is given")
    parts: list[Part] = []
    room = SHOWN_BYTES
    for segment, content, whole in islice(
        _segments(chunks, boundary, cut), SHOWN_PARTS
    ):
        part = _multipart_part(segment, content, whole, room)
        room = max(0, room - len(part.value or ""))
        parts.append(part)
    if len(parts) < SHOWN_PARTS:
        return tuple(parts), 0
    # The parser takes some microseconds a part, too much for a form of 100,000 empty
    # ones; counting delimiters takes a millisecond. The last one ends the form.
    delimiters = _count(chunks, b"\r\n--" + boundary)
    return tuple(parts), max(0, delimiters - SHOWN_PARTS - (0 if cut else 1))


def urlencoded_parts(body: bytes, cut: bool) -> tuple[tuple[Part, ...], int]:
    """
    The first fields, and how many there are beyond them.

    :param cut: whether ``body`` is only the beginning of one.
    """
    pairs = body.split(b"&", SHOWN_PARTS)
    left_out = pairs.pop().count(b"&") + 1 if len(pairs) > SHOWN_PARTS else 0
    parts: list[Part] = []
    room = SHOWN_BYTES
    for pair in pairs:
        quoted_name, _, quoted_value = pair.partition(b"=")
        name, _ = _unquoted(quoted_name, SHOWN_BYTES)
        value, shortened = _unquoted(quoted_value, room)
        value = MASK if is_secret(name) else masked(value, room)
        room = max(0, room - len(value))
        breaks_off = cut and not left_out and len(parts) == len(pairs) - 1
        parts.append(
            Part(
                name=label(name),
                filename=None,
                content_type=None,
                size=len(quoted_value),
                value=value,
                sha256=None,
                truncated=shortened or breaks_off,
            )
        )
    return tuple(parts), left_out


def _segments(
    chunks: Iterable[bytes], boundary: bytes, cut: bool
) -> Iterator[tuple[MultipartSegment, Excerpt, bool]]:
    """Every part as its head, its content and whether the content is complete."""
    # Latin-1 decodes anything; what was meant is UTF-8, see _utf8.
    parser = PushMultipartParser(boundary, header_charset="latin-1")
    segment: MultipartSegment | None = None
    content = Excerpt()
    for chunk in chunks:
        for event in parser.parse(chunk):
            if isinstance(event, MultipartSegment):
                segment, content = event, Excerpt()
            elif event is not None:
                content.feed(event)
            else:
                yield segment, content, True
                segment = None
    if not cut:
        parser.close()  # raises unless the last boundary was seen
    elif segment is not None:
        yield segment, content, False


def _multipart_part(
    segment: MultipartSegment, content: Excerpt, whole: bool, room: int
) -> Part:
    name = _utf8(segment.name)
    filename: str | None = segment.filename
    content_type: str | None = segment.header("Content-Type")
    value: str | None = None
    sha256 = None
    truncated = not whole
    if is_secret(name):
        value = MASK  # and no SHA-256, from which a short secret can be guessed
    else:
        text = content.text(segment.content_type or "", not whole)
        if text is not None:
            value = masked(text, room)
            truncated = truncated or len(text) > room or content.size > SHOWN_BYTES
        elif whole:
            sha256 = content.sha256()
    return Part(
        name=label(name),
        filename=None if filename is None else label(_utf8(filename)),
        content_type=None if content_type is None else label(_utf8(content_type)),
        size=content.size,
        value=value,
        sha256=sha256,
        truncated=truncated,
    )


def _unquoted(quoted: bytes, length: int) -> tuple[str, bool]:
    """
    The first ``length`` bytes that this urlencoded text stands for, as text, and
    whether there are more.
    """
    # A byte is written as three characters at the most: no need to decode the rest.
    plain = unquote_to_bytes(quoted[: 3 * length + 3].replace(b"+", b" "))
    more = len(plain) > length
    return Utf8Decoder("replace").decode(plain[:length], final=not more), more


def _count(chunks: Iterable[bytes], delimiter: bytes) -> int:
    """How often a delimiter occurs; the first needs no line break before it."""
    count = 0
    carried = b"\r\n"
    for chunk in chunks:
        window = carried + chunk
        count += window.count(delimiter)
        carried = window[1 - len(delimiter) :]
    return count


def _utf8(text: str) -> str:
    """Text that was decoded as Latin-1 for want of a better guess, as UTF-8."""
    return text.encode("latin-1").decode("utf-8", "replace")
