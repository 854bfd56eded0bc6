"""A request, and those that went out for it, as an HTTP archive (HAR 1.2)."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from immich_ml_proxy.records.record import of_part, of_row
from immich_ml_proxy.records.row import Row
from immich_ml_proxy.records.text import shown

#: Characters of a body, and of all bodies of one archive.
SHOWN = 16_000
ALL = 40_000


def har(row: Row, version: str, base: str) -> bytes:
    """
    Return the archive; secrets are masked in it, and pictures left out.

    :param version: of the proxy.
    :param base: the address of the proxy, as whoever asks has it.
    """
    texts = [of_row(row), *(of_part(row, part) for part in row.parts)]
    records = [msgspec.json.decode(text, type=_Read) for text in texts if text]
    room = ALL
    entries = []
    for record in records:
        entry, room = _entry(record, base, room)
        entries.append(entry)
    log = {
        "version": "1.2",
        "creator": {"name": "immich-ml-proxy", "version": version},
        "entries": entries,
    }
    return msgspec.json.format(msgspec.json.encode({"log": log}), indent=1)


class _Message(msgspec.Struct, rename="camel"):
    headers: dict[str, list[str]]
    body: dict[str, Any] | None
    method: str = ""
    url: str = ""
    status_code: int = 0


class _Read(msgspec.Struct, rename="camel"):
    timestamp: str
    trace_id: str
    backend: str | None
    request: _Message
    response: _Message | None
    error: str | None
    duration_ms: float


def _entry(record: _Read, base: str, room: int) -> tuple[dict[str, Any], int]:
    request, response = record.request, record.response or _Message({}, None)
    url = request.url if "://" in request.url else base + request.url
    posted = _posted(request, min(SHOWN, room))
    room -= len(str(posted))
    content = _content(response, min(SHOWN, max(0, room)))
    room = max(0, room - len(content.get("text", "")))
    comment = record.trace_id if record.error is None else record.error
    sent: dict[str, Any] = {
        "method": request.method,
        "url": url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _headers(request),
        "queryString": _query(url),
        "headersSize": -1,
        "bodySize": (request.body or {}).get("size", 0),
    }
    if posted:
        sent["postData"] = posted
    return {
        "startedDateTime": record.timestamp,
        "time": record.duration_ms,
        "request": sent,
        "response": {
            "status": response.status_code,
            "statusText": "",
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _headers(response),
            "content": content,
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": (response.body or {}).get("size", 0),
        },
        "cache": {},
        "timings": {"send": 0, "wait": record.duration_ms, "receive": 0},
        "comment": comment,
    }, room


def _headers(message: _Message) -> list[dict[str, str]]:
    return [
        {"name": name, "value": value[:500]}
        for name, values in [*message.headers.items()][:40]
        for value in values
    ]


def _query(url: str) -> list[dict[str, str]]:
    try:
        pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    except ValueError:
        return []
    return [{"name": name, "value": value} for name, value in pairs[:100]]


def _kind(message: _Message) -> str:
    for name, values in message.headers.items():
        if name.lower() == "content-type" and values:
            return values[0][:200]
    return ""


def _posted(request: _Message, room: int) -> dict[str, Any]:
    body = request.body
    if body is None:
        return {}
    if "parts" in body:
        params = []
        for part in body["parts"]:
            told: dict[str, Any] = {"name": part["name"]}
            if part["value"] is not None:
                told["value"] = shown(part["value"], max(1, room // 4))
            if part["filename"] is not None:
                told["fileName"] = part["filename"]
            if part["contentType"] is not None:
                told["contentType"] = part["contentType"]
            params.append(told)
        return {"mimeType": _kind(request), "params": params[:20]}
    text = shown(body.get("text", ""), max(1, room))
    return {"mimeType": _kind(request), "text": text}


def _content(response: _Message, room: int) -> dict[str, Any]:
    body = response.body or {}
    told: dict[str, Any] = {
        "size": body.get("size", 0),
        "mimeType": _kind(response) or "x-unknown",
    }
    if "text" in body:
        told["text"] = shown(body["text"], max(1, room))
    return told
