"""The fields of a request's body, as the service's form parser finds them."""

from __future__ import annotations

from urllib.parse import parse_qsl

from attrs import frozen
from multipart import (
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
    parse_options_header,
)

from .models import ServiceError


@frozen
class Form:
    """
    What was sent; an empty field counts as not sent, as in the service.

    :param entries: the JSON text, ``None`` if missing.
    :param image: ``None`` if missing; empty if an empty file was sent.
    :param text: ``None`` if missing.
    """

    entries: str | None
    image: bytes | None
    text: str | None


def read_form(content_type: str, body: bytes) -> Form:
    """
    Return the fields of a multipart or urlencoded body; any other has none.

    Of a body cut short the fields that are complete count.

    :raise ServiceError: 400 for a multipart body that breaks the format.
    """
    kind, options = parse_options_header(content_type)
    fields: dict[str, bytes] = {}
    files: dict[str, bytes] = {}
    if kind == "multipart/form-data":
        fields, files = _read_multipart(options.get("boundary", ""), body)
    elif kind == "application/x-www-form-urlencoded":
        # latin-1 and back keeps the bytes; decoding them is _text's business.
        pairs = parse_qsl(
            body.decode("latin-1"), keep_blank_values=True, encoding="latin-1"
        )
        fields = {name: value.encode("latin-1") for name, value in pairs}
    sent = {name: value for name, value in fields.items() if value} | files
    return Form(
        entries=_text(sent.get("entries")),
        image=sent.get("image"),
        text=_text(sent.get("text")),
    )


def _read_multipart(
    boundary: str, body: bytes
) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Return the complete parts without and those with a filename, by name."""
    if not boundary:
        raise ServiceError(400, "Missing boundary in multipart.")
    fields: dict[str, bytes] = {}
    files: dict[str, bytes] = {}
    segment: MultipartSegment | None = None
    chunks: list[bytes] = []
    try:
        parser = PushMultipartParser(boundary)
        # The parser is not closed: that only tells whether the body is complete,
        # and the service does not ask.
        for event in parser.parse(body) if body else ():
            if isinstance(event, MultipartSegment):
                segment, chunks = event, []
            elif event is not None:
                chunks.append(event)
            elif segment is not None:
                parts = fields if segment.filename is None else files
                parts[str(segment.name)] = b"".join(chunks)
    except MultipartError:
        raise ServiceError(400, "There was an error parsing the body") from None
    return fields, files


def _text(value: bytes | None) -> str | None:
    """Decode a field: UTF-8, else latin-1, which can read anything."""
    if not value:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
