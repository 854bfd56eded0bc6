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

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Literal

import attrs
import msgspec

from immich_ml_proxy.records.description import Description, describe
from immich_ml_proxy.records.excerpt import label
from immich_ml_proxy.records.masking import MASK, is_secret, mask_text, mask_url

SHOWN_HEADERS = 100
"""How many header lines of a message are shown; the rest is counted."""

SHOWN_CHARACTERS = 4096
"""Characters shown of a header's value, a URL or an error."""

Headers = Iterable[tuple[bytes, bytes]]


@attrs.frozen
class RequestSeen:
    """
    A request as it went over the wire.

    :ivar url: as in the request line, or absolute.
    :ivar headers: name and value of every line, as sent.
    :ivar chunks: the body as it arrived, not joined.
    :ivar size: bytes of the whole body, if ``chunks`` is only its beginning.
    """

    method: str
    url: str
    headers: Headers = ()
    chunks: Sequence[bytes] = ()
    size: int | None = None


@attrs.frozen
class ResponseSeen:
    """An answer as it went over the wire; as for a request."""

    status_code: int
    headers: Headers = ()
    chunks: Sequence[bytes] = ()
    size: int | None = None


class RecordedRequest(msgspec.Struct, frozen=True, rename="camel"):
    method: str
    url: str
    headers: dict[str, list[str]]
    body: Description | None


class RecordedResponse(msgspec.Struct, frozen=True, rename="camel"):
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


def written(
    number: int,
    now: float,
    duration: float,
    type: Literal["incoming", "outgoing"],
    trace_id: str,
    backend: str | None,
    request: RequestSeen,
    response: ResponseSeen | None,
    error: str | None,
) -> bytes:
    """Return a record as JSON; what its arguments are, ``Recorder.record`` tells."""
    began = datetime.fromtimestamp(now, UTC).replace(tzinfo=None)
    return msgspec.json.encode(
        Record(
            id=number,
            timestamp=began.isoformat(timespec="milliseconds") + "Z",
            type=type,
            trace_id=_shown(trace_id),
            backend=None if backend is None else _shown(backend),
            request=_recorded_request(request),
            response=None if response is None else _recorded_response(response),
            error=None if error is None else _shown(mask_text(error)),
            duration_ms=round(duration * 1000, 3),
        )
    )


def size_of(seen: RequestSeen | ResponseSeen) -> int:
    """Return about how many bytes it holds."""
    return sum(map(len, seen.chunks)) + 100 * len(seen.chunks) + 2000


def _recorded_request(seen: RequestSeen) -> RecordedRequest:
    headers = tuple(seen.headers)
    return RecordedRequest(
        method=_shown(seen.method),
        url=_shown(mask_url(seen.url)),
        headers=_recorded_headers(headers),
        body=describe(seen.chunks, _content_type(headers), seen.size),
    )


def _recorded_response(seen: ResponseSeen) -> RecordedResponse:
    headers = tuple(seen.headers)
    return RecordedResponse(
        status_code=seen.status_code,
        headers=_recorded_headers(headers),
        body=describe(seen.chunks, _content_type(headers), seen.size),
    )


def _recorded_headers(headers: Sequence[tuple[bytes, bytes]]) -> dict[str, list[str]]:
    """Values by name, both as they were sent, in order."""
    recorded: dict[str, list[str]] = {}
    for raw_name, raw_value in headers[:SHOWN_HEADERS]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        shown = MASK if is_secret(name) else _shown(mask_text(value))
        recorded.setdefault(_shown(name), []).append(shown)
    if len(headers) > SHOWN_HEADERS:
        recorded["…"] = [f"{len(headers) - SHOWN_HEADERS} more"]
    return recorded


def _content_type(headers: Sequence[tuple[bytes, bytes]]) -> str | None:
    for name, value in headers:
        if name.lower() == b"content-type":
            return value.decode("latin-1")
    return None


def _shown(text: str) -> str:
    """The text, not too long, and without lone surrogates, which JSON cannot hold."""
    return label(text.encode("utf-8", "replace").decode("utf-8"), SHOWN_CHARACTERS)
