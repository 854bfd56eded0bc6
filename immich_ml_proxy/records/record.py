"""
One debug record: an exchange, a request and what came of it, as JSON::

    {"id": 7, "timestamp": "2026-01-31T12:00:00.250Z", "type": "outgoing",
     "traceId": "4f1c...", "backend": "gpu",
     "request": {"method": "POST", "url": "http://gpu:3003/predict",
                 "headers": {"Content-Type": ["multipart/form-data; ..."]},
                 "body": {"kind": "form", ...}},
     "response": {"statusCode": 200, "headers": {...}, "body": {"kind": "text", ...}},
     "error": null, "durationMs": 41.7}

An incoming request and the outgoing ones it caused share their ``traceId``. Bodies
are as in ``description``, secrets are masked as in ``masking``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

import msgspec

from immich_ml_proxy.records.content import as_sent, frame
from immich_ml_proxy.records.description import Binary, Description, Picture, describe
from immich_ml_proxy.records.excerpt import label
from immich_ml_proxy.records.masking import MASK, is_secret, mask_text, mask_url
from immich_ml_proxy.records.row import Content, Part, Row, Sent, unpacked

GONE = "not kept any more: newer requests took its room"

SHOWN_HEADERS = 100
"""How many header lines of a message are shown; the rest is counted."""

SHOWN_CHARACTERS = 4096
"""Characters shown of a header's value, a URL or an error."""


class RecordedRequest(msgspec.Struct, rename="camel"):
    method: str
    url: str
    headers: dict[str, list[str]]
    body: Description | None


class RecordedResponse(msgspec.Struct, rename="camel"):
    status_code: int
    headers: dict[str, list[str]]
    body: Description | None


class Record(msgspec.Struct, frozen=True, rename="camel"):
    """
    One exchange.

    :ivar id: increasing, and never given twice, not even after ``clear``.
    :ivar timestamp: when the request began, ISO 8601 in UTC.
    :ivar response: ``None`` if none came; then ``error`` says why.
    :ivar duration_ms: milliseconds from the request's begin to the answer's end.
    """

    id: int
    timestamp: str
    type: Literal["incoming", "outgoing"]
    trace_id: str
    backend: str | None
    request: RecordedRequest
    response: RecordedResponse | None
    error: str | None
    duration_ms: float


def of_row(row: Row) -> bytes | None:
    """
    Return the record of the request that came in, as JSON.

    Its picture is told with the digest that the row has. ``None``: none came in.
    """
    if not row.record:
        return None
    content = row.content
    request = RecordedRequest(row.method, row.path, {}, None)
    response: RecordedResponse | None = None
    if row.status is not None:
        response = RecordedResponse(row.status, {}, None)
    if content is None:
        request.body = _gone(row.request_bytes)
        if response is not None:
            response.body = _gone(row.answer_bytes)
    else:
        head = unpacked(content.head)
        request.url = _shown(mask_url(content.url))
        request.headers = recorded_headers(head)
        request.body = describe(
            frame(content), content_type(head), content.size, _picture(row, content)
        )
        if response is not None:
            _answer(response, content)
    return _encoded(row, None, request, response)


def of_part(row: Row, part: Part) -> bytes | None:
    """Return the record of a request that went out; ``None``: it is under way."""
    if not part.number:
        return None
    sent, content = part.sent, row.content
    request = RecordedRequest(row.method, row.path, {}, None)
    response: RecordedResponse | None = None
    if part.status is not None:
        response = RecordedResponse(part.status, {}, None)
    if sent is None:
        request.body = _gone(row.request_bytes)
        if response is not None:
            response.body = _gone(1)
    else:
        head = unpacked(sent.head)
        request.method, request.url = _shown(sent.method), _shown(mask_url(sent.url))
        request.headers = recorded_headers(head)
        kind = content_type(head)
        if sent.is_own or content is None:
            request.body = describe([sent.body], kind, sent.size)
        else:
            pieces = as_sent(content, sent.splice)
            size = max(content.size - sum(map(len, frame(content))), 0)
            size += sum(map(len, pieces))
            request.body = describe(pieces, kind, size, _picture(row, content))
        if response is not None:
            _answer(response, sent)
    return _encoded(row, part, request, response)


def _encoded(
    row: Row,
    part: Part | None,
    request: RecordedRequest,
    response: RecordedResponse | None,
) -> bytes:
    now = row.began + (part.begin if part is not None else 0.0)
    duration = row.duration if part is None else part.duration or 0.0
    error = row.error if part is None else part.error
    backend = row.backend if part is None else part.machine
    began = datetime.fromtimestamp(now, UTC).replace(tzinfo=None)
    return msgspec.json.encode(
        Record(
            id=row.record if part is None else part.number,
            timestamp=began.isoformat(timespec="milliseconds") + "Z",
            type="incoming" if part is None else "outgoing",
            trace_id=row.trace_id,
            backend=None if backend is None else _shown(backend),
            request=request,
            response=response,
            error=error,
            duration_ms=round(duration * 1000, 3),
        )
    )


def _picture(row: Row, content: Content) -> Picture | None:
    if content.picture is None:
        return None
    begin, end = content.picture
    return Picture(end - begin, row.digest)


def _answer(response: RecordedResponse, content: Content | Sent) -> None:
    head = unpacked(content.answer_head)
    response.headers = recorded_headers(head)
    kept, size = content.answer, content.answer_size
    response.body = describe([kept], content_type(head), size)


def _gone(size: int) -> Description | None:
    """Return the description of a body that was let go."""
    return Binary(size, None, None, GONE) if size else None


def recorded_headers(headers: Sequence[tuple[bytes, bytes]]) -> dict[str, list[str]]:
    """Return values by name, both as they were sent, in order, secrets masked."""
    recorded: dict[str, list[str]] = {}
    for raw_name, raw_value in headers[:SHOWN_HEADERS]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        shown = MASK if is_secret(name) else _shown(mask_text(value))
        recorded.setdefault(_shown(name), []).append(shown)
    if len(headers) > SHOWN_HEADERS:
        recorded["…"] = [f"{len(headers) - SHOWN_HEADERS} more"]
    return recorded


def content_type(headers: Sequence[tuple[bytes, bytes]]) -> str | None:
    """Return the ``Content-Type`` among header lines."""
    for name, value in headers:
        if name.lower() == b"content-type":
            return value.decode("latin-1")
    return None


def _shown(text: str) -> str:
    """The text, not too long, and without lone surrogates, which JSON cannot hold."""
    return label(text.encode("utf-8", "replace").decode("utf-8"), SHOWN_CHARACTERS)
