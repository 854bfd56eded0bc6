"""What the API of the debug page is; a part of the description, see ``openapi``."""

from __future__ import annotations

from immich_ml_proxy.web.operation import content, operation, parameter
from immich_ml_proxy.web.page_schemas import HAR, NUMBERS
from immich_ml_proxy.web.page_schemas import OBJECTS as _OBJECTS
from immich_ml_proxy.web.page_schemas import TEXT_OR_NULL as _TEXT_OR_NULL
from immich_ml_proxy.web.schemas import (
    ANY,
    COUNT,
    DEBUG,
    FLAG,
    NUMBER,
    PLAIN,
    RECORDS,
    TEXT,
    TEXTS,
    Schema,
    body_of,
    number,
    object_of,
)

_NUMBER_OR_NULL: Schema = {"type": ["number", "null"]}
_BYTES: Schema = {"type": "string", "contentMediaType": "image/*"}
_LIMIT = number(1, 500, "integer")
_CURSOR: Schema = {"type": "string", "pattern": "^\\w{1,40}\\.[0-9]{1,15}$"}
_STATUS: Schema = {"type": "string", "pattern": "^(ok|failed|[1-5]xx|[1-9][0-9]{2})?$"}
_PART: Schema = {"type": "string", "pattern": "^[0-9]{1,4}$"}
_KIND: Schema = {"enum": ["pings", "pages", "pings,pages"]}

ROW_FIELDS: dict[str, Schema] = {
    "id": TEXT,
    "time": NUMBER,
    "traceId": TEXT,
    "kind": {"enum": ["predict", "ping", "page", "other"]},
    "method": TEXT,
    "path": TEXT,
    "tasks": TEXTS,
    "words": TEXT,
    "models": TEXTS,
    "machines": TEXTS,
    "route": TEXTS,
    "status": {"type": ["integer", "null"]},
    "state": {"enum": ["done", "waiting", "held", "under way"]},
    "wait": NUMBER,
    "work": NUMBER,
    "duration": NUMBER,
    "requestBytes": COUNT,
    "responseBytes": COUNT,
    "thumbnail": FLAG,
    "error": _TEXT_OR_NULL,
    "parts": COUNT,
}
ROW = object_of(ROW_FIELDS)
_ROWS: Schema = {"type": "array", "items": ROW}
PAGE = object_of(
    {
        "rows": _ROWS,
        "next": TEXT,
        "older": _TEXT_OR_NULL,
        "more": FLAG,
        "reset": FLAG,
        "total": COUNT,
        "matching": COUNT,
        "underWay": _ROWS,
        "underWayTotal": COUNT,
        "dropped": COUNT,
    }
)
DETAIL = object_of(
    {
        **ROW_FIELDS,
        "outgoing": _OBJECTS,
        "outgoingLeftOut": COUNT,
        "request": {"type": ["object", "null"]},
        "response": {"type": ["object", "null"]},
        "boxes": object_of({"faces": _OBJECTS, "texts": _OBJECTS}),
        "imageWidth": _NUMBER_OR_NULL,
        "imageHeight": _NUMBER_OR_NULL,
        "bodyKept": FLAG,
        "pictureKept": FLAG,
    }
)

SENT = object_of(
    {
        "machine": TEXT,
        "status": {"type": ["integer", "null"]},
        "duration": NUMBER,
        "text": TEXT,
        "response": ANY,
        "similarity": object_of({}, clip=_NUMBER_OR_NULL),
        "faces": _OBJECTS,
        "error": _TEXT_OR_NULL,
    }
)


def debug_paths() -> Schema:
    """Return the paths of ``/api/debug/`` with their operations."""
    by_name = (parameter("name", "path", TEXT),)
    query = (
        ("last", number(1, 10_000, "integer")),
        ("after", _CURSOR),
        ("before", _CURSOR),
        ("limit", _LIMIT),
        ("kind", _KIND),
        ("task", TEXT),
        ("backend", TEXT),
        ("route", TEXT),
        ("trace", TEXT),
        ("status", _STATUS),
        ("text", TEXT),
    )
    one = "/api/debug/records/{name}"
    picture = content(_BYTES, "image/jpeg")
    picture["content"] |= content(_BYTES, "image/png")["content"]
    picture["content"] |= content(_BYTES, "image/webp")["content"]
    return {
        "/api/debug/status": {
            "get": operation("Whether requests are recorded", content(DEBUG))
        },
        "/api/debug/toggle": {
            "post": operation(
                "Record requests, or do so no more",
                content(DEBUG),
                400,
                body=content(body_of({"enabled": FLAG})),
            )
        },
        "/api/debug/max-records": {
            "post": operation(
                "How many requests are kept",
                content(DEBUG),
                400,
                body=content(body_of({"maxRecords": number(1, 10_000, "integer")})),
            )
        },
        "/api/debug/records": {
            "get": operation(
                "All records; with any parameter but last, rows that match",
                content({"anyOf": [RECORDS, PAGE]}),
                400,
                parameters=tuple(parameter(name, "query", one) for name, one in query),
            ),
            "delete": operation("Forget the records", content(DEBUG)),
        },
        one: {
            "get": operation(
                "All that is known of a request",
                content(DETAIL),
                404,
                parameters=by_name,
            )
        },
        f"{one}/picture": {
            "get": operation(
                "The picture that came with it", picture, 404, parameters=by_name
            )
        },
        f"{one}/thumbnail": {
            "get": operation(
                "The same, small, or small enough for a page",
                picture,
                404,
                parameters=(
                    *by_name,
                    parameter("size", "query", {"enum": ["small", "large"]}),
                ),
            )
        },
        f"{one}/numbers": {
            "get": operation(
                "Numbers that were left out of an answer",
                content(object_of({"numbers": NUMBERS})),
                *(400, 404),
                parameters=(
                    *by_name,
                    parameter("path", "query", TEXT),
                    parameter("part", "query", _PART),
                ),
            )
        },
        f"{one}/har": {
            "get": operation(
                "It as an HTTP archive", content(HAR), 404, parameters=by_name
            )
        },
        f"{one}/curl": {
            "get": operation(
                "It as a command",
                content(TEXT, PLAIN),
                404,
                parameters=by_name,
            )
        },
        f"{one}/send": {
            "post": operation(
                "Send it again to one machine, and compare the answers",
                content(SENT),
                400,
                *(404, 409, 503),
                body=content(body_of({"machine": TEXT})),
                parameters=by_name,
            )
        },
    }
