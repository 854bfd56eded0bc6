"""
The description of a body, a request's or an answer's, in a debug record.

It is JSON of one of these shapes (``null`` for an empty body)::

    {"kind": "text", "text": "...", "size": 12, "truncated": false}
    {"kind": "form", "size": 310000, "parts": [...], "partsLeftOut": 0}
    {"kind": "binary", "size": 300000, "contentType": "image/jpeg", "sha256": "..."}

and a part of a form is ``{"name", "filename", "contentType", "size", "value",
"sha256", "truncated"}``, as in ``form_parts``. Sizes are bytes. A form or a binary
body has a ``note`` as well where something was amiss. No body raises, however broken.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace
from multipart import MultipartError, parse_options_header

from immich_ml_proxy.records.excerpt import (
    SHOWN_BYTES,
    Excerpt,
    in_blocks,
    label,
    masked,
)
from immich_ml_proxy.records.form_parts import Part, multipart_parts, urlencoded_parts


class Text(Struct, frozen=True, rename="camel", tag="text", tag_field="kind"):
    """
    A body of text, secrets masked.

    :ivar truncated: whether there is more of it than is shown or was kept.
    """

    text: str
    size: int
    truncated: bool


class Form(Struct, frozen=True, rename="camel", tag="form", tag_field="kind"):
    """A multipart or urlencoded form."""

    size: int
    parts: tuple[Part, ...]
    parts_left_out: int
    note: str | UnsetType = UNSET


class Binary(Struct, frozen=True, rename="camel", tag="binary", tag_field="kind"):
    """A body that is not text; ``sha256`` is null when not all of it was kept."""

    size: int
    content_type: str | None
    sha256: str | None
    note: str | UnsetType = UNSET


Description = Text | Form | Binary


class Picture(Struct, frozen=True):
    """
    A picture that was left out of a form.

    :ivar size: its bytes.
    :ivar sha256: in hexadecimal; ``None``: it was let go undigested.
    """

    size: int
    sha256: str | None


def describe(
    chunks: Sequence[bytes],
    content_type: str | None,
    size: int | None = None,
    picture: Picture | None = None,
) -> Description | None:
    """
    Describe a body, or return ``None`` for an empty one.

    :param chunks: the body as it arrived, in chunks of any size.
    :param content_type: its ``Content-Type`` header, ``None`` if there was none.
    :param size: bytes of the whole body, if ``chunks`` is only its beginning.
    :param picture: was left out of ``chunks``: the value of the last part ``image``.
    """
    kept = sum(map(len, chunks))
    total = max(kept, size or 0)
    if not total:
        return None
    cut = kept + (picture.size if picture is not None else 0) < total
    note: str | UnsetType = UNSET
    if cut:
        note = f"only the first {kept} bytes were kept"
    blocks = tuple(in_blocks(chunks))
    media_type, options = parse_options_header((content_type or "")[:1024])
    if kept and media_type == "application/x-www-form-urlencoded":
        parts, left_out = urlencoded_parts(b"".join(blocks), cut)
        return Form(total, parts, left_out, note)
    if kept and media_type == "multipart/form-data":
        boundary = options.get("boundary", "").encode("latin-1", "replace")
        try:
            parts, left_out = multipart_parts(blocks, boundary, cut)
        except MultipartError as error:
            note = f"a form that cannot be read: {error}"
        else:
            if picture is not None:
                parts = _with(picture, parts)
            return Form(total, parts, left_out, note)
    content = Excerpt()
    for block in blocks:
        content.feed(block)
    text = content.text(media_type, cut)
    if kept and text is not None:
        return Text(masked(text, SHOWN_BYTES), total, cut or kept > SHOWN_BYTES)
    return Binary(
        size=total,
        content_type=None if content_type is None else label(content_type),
        sha256=None if cut else content.sha256(),
        note=note,
    )


def _with(picture: Picture, parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Return the parts with what is known of the picture that was left out."""
    places = [n for n, part in enumerate(parts) if part.name == "image"]
    if not places:
        return parts  # it is beyond the parts that are described
    at = places[-1]
    image = replace(
        parts[at],
        size=picture.size,
        value=None,
        sha256=picture.sha256,
        truncated=picture.sha256 is None,
    )
    return (*parts[:at], image, *parts[at + 1 :])
