"""
Debug records: what went over the wire, bounded in number and in bytes.

One record is one exchange, a request and what came of it::

    {"id": 7, "timestamp": "2026-01-31T12:00:00.250Z", "type": "outgoing",
     "traceId": "4f1c...", "backend": "gpu",
     "request": {"method": "POST", "url": "http://gpu:3003/predict",
                 "headers": {"Content-Type": ["multipart/form-data; ..."]},
                 "body": {"kind": "form", ...}},
     "response": {"statusCode": 200, "headers": {...}, "body": {"kind": "text", ...}},
     "error": null, "durationMs": 41.7}

An incoming request and the outgoing ones it caused share their ``traceId``. Bodies
are as in ``description``, secrets are masked as in ``masking``. What is recorded, and
what is not (what pages ask for all the time), is decided by the caller.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Literal

import attrs
import msgspec

from immich_ml_proxy.errors import BadRequest
from immich_ml_proxy.records.description import Description, describe
from immich_ml_proxy.records.excerpt import label
from immich_ml_proxy.records.masking import MASK, is_secret, mask_text, mask_url

MAX_RECORDS_LIMIT = 10_000
"""The most records that may be asked for."""

MAX_SERVED = 16 * 1024 * 1024
"""Bytes of records in one answer: who asks often must not have copies of all made."""

RECORD_OVERHEAD = 64
"""Bytes that a record takes in memory beside its JSON."""

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


class Recorder:
    """
    Keep the last records while switched on; switching off keeps what there is.

    A record is kept as its JSON: so its size is known and not estimated, and ten
    thousand records are ten thousand objects for the garbage collector to pass by
    instead of a million.

    :param enabled: whether to record. Ask before gathering what a record is made of,
        so that nothing is copied while this is off.
    :param max_records: records kept, 1 to 10,000.
    :param max_bytes: bytes that all records together may take. A record that is
        larger by itself is not kept.
    :raises BadRequest: if ``max_records`` is out of range.
    """

    def __init__(
        self,
        *,
        enabled: bool = False,
        max_records: int = 100,
        max_bytes: int = 64 * 1024 * 1024,
    ) -> None:
        self.enabled = enabled
        self._max_bytes = max_bytes
        self._kept: deque[bytes] = deque()
        self._held_bytes = 0
        self._last_id = 0
        self.max_records = max_records

    @property
    def max_records(self) -> int:
        """Records kept; a smaller number drops the oldest at once."""
        return self._max_records

    @max_records.setter
    def max_records(self, number: int) -> None:
        if not 1 <= number <= MAX_RECORDS_LIMIT:
            raise BadRequest(
                f"maxRecords: must be a number from 1 to {MAX_RECORDS_LIMIT}"
            )
        self._max_records = number
        self._drop_oldest()

    @property
    def record_count(self) -> int:
        """Records kept now."""
        return len(self._kept)

    @property
    def held_bytes(self) -> int:
        """Bytes taken by the records kept now; at most ``max_bytes``."""
        return self._held_bytes

    def record(
        self,
        *,
        now: float,
        duration: float,
        type: Literal["incoming", "outgoing"],
        trace_id: str,
        backend: str | None,
        request: RequestSeen,
        response: ResponseSeen | None,
        error: str | None,
    ) -> None:
        """
        Keep a finished exchange; do nothing while switched off.

        :param now: when the request began, in seconds since the epoch.
        :param duration: seconds from then to the end of the answer.
        :param backend: name of the backend, if one was concerned.
        :param response: ``None`` if there was none.
        :param error: what went wrong, in words.
        """
        if not self.enabled:
            return
        self._last_id += 1
        began = datetime.fromtimestamp(now, UTC).replace(tzinfo=None)
        kept = msgspec.json.encode(
            Record(
                id=self._last_id,
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
        if len(kept) + RECORD_OVERHEAD > self._max_bytes:
            return
        self._kept.append(kept)
        self._held_bytes += len(kept) + RECORD_OVERHEAD
        self._drop_oldest()

    def records(self) -> list[Record]:
        """The records kept, oldest first."""
        return [msgspec.json.decode(kept, type=Record) for kept in self._kept]

    def to_json(self, last: int = MAX_RECORDS_LIMIT) -> bytes:
        """
        The last records as a JSON array, oldest first; cheaper than ``records``.

        :param last: how many; fewer where they are over ``MAX_SERVED``, but for one.
        """
        served: list[bytes] = []
        size = 0
        for kept in reversed(self._kept):
            size += len(kept)
            if served and (size > MAX_SERVED or len(served) >= last):
                break
            served.append(kept)
        return b"[" + b",".join(reversed(served)) + b"]"

    def clear(self) -> None:
        """Forget all records."""
        self._kept.clear()
        self._held_bytes = 0

    def _drop_oldest(self) -> None:
        while len(self._kept) > self._max_records or self._held_bytes > self._max_bytes:
            self._held_bytes -= len(self._kept.popleft()) + RECORD_OVERHEAD


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
