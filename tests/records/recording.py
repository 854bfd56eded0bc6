"""Has a recorder see requests of which only a detail matters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from immich_ml_proxy.records.content import FormSeen
from immich_ml_proxy.records.recorder import Recorder
from immich_ml_proxy.records.row import Part, Row
from immich_ml_proxy.records.seen import Asking, Headers, RequestSeen, ResponseSeen
from tests.demo_requests import MULTIPART, entries_part, form, image_part

NOW = 1769860800.25  # 2026-01-31 12:00:00.250 UTC

FORM_HEADERS = [(b"Content-Type", MULTIPART.encode())]
JSON_HEADERS = [(b"Content-Type", b"application/json")]


def put(
    recorder: Recorder,
    *,
    now: float = NOW,
    duration: float = 0.0417,
    trace_id: str = "trace",
    backend: str | None = None,
    method: str = "GET",
    url: str = "/other",
    headers: Headers = (),
    chunks: Sequence[bytes] = (),
    size: int | None = None,
    response: ResponseSeen | None = None,
    error: str | None = None,
    seen: FormSeen | None = None,
) -> Row:
    """Record a request that came in."""
    row = recorder.begin(now, now, trace_id, method, url)
    recorder.end(
        row,
        duration=duration,
        request=RequestSeen(method, url, headers, chunks, size),
        response=response,
        error=error,
        backend=backend,
        form=seen,
    )
    return row


def went_out(
    recorder: Recorder,
    row: Row | None,
    machine: str = "gpu",
    *,
    at: float = NOW,
    duration: float | None = 0.1,
    why: str = "first",
    response: ResponseSeen | None = None,
    error: str | None = None,
    splice: tuple[int, int, bytes] | None = None,
    **more: Any,
) -> Part:
    """Record a request that went out; ``duration=None``: it is under way."""
    asking = Asking(machine, "POST", "/predict", why, "default")
    found, part = recorder.ask(row, at, at, "trace", asking)
    if duration is not None:
        url = f"http://{machine}:3003/predict"
        recorder.answered(
            found,
            part,
            duration=duration,
            request=RequestSeen("POST", url, FORM_HEADERS, **more),
            splice=splice,
            is_own=row is None,
            response=response,
            error=error,
        )
    return part


def photo(entries: object, picture: bytes) -> tuple[bytes, FormSeen]:
    """Return a form with a picture, and what is known of it."""
    whole = form(entries_part(entries), image_part(picture))
    start = whole.index(b"{")
    end = whole.index(b"\r\n", start)
    at = whole.index(picture)
    seen = FormSeen(whole[start:end], (start, end), (at, at + len(picture)))
    return whole, seen


def put_photo(
    recorder: Recorder, picture: bytes, entries: object = None, **more: Any
) -> Row:
    """Record work with a picture, which nobody was asked for."""
    visual = {"clip": {"visual": {"modelName": "ViT-B-32__openai"}}}
    whole, seen = photo(visual if entries is None else entries, picture)
    return put(
        recorder,
        **{
            "method": "POST",
            "url": "/predict",
            "headers": FORM_HEADERS,
            "chunks": [whole],
            "seen": seen,
            "response": ResponseSeen(200, JSON_HEADERS, [b'{"clip":"[0.1]"}']),
            **more,
        },
    )
