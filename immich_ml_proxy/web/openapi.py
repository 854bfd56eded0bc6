"""
What the API is, as an OpenAPI 3.1 document; programs and tests read it.

Every route has an operation here, which a test holds, and answers are as they are
described, which another test holds.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_TEXTS: Schema = {"type": "array", "items": _TEXT}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_FLAG: Schema = {"type": "boolean"}
_NUMBER: Schema = {"type": "number"}
_ANY: Schema = {}
#: A path that is one name; a slash in it is no separator here.
_NAME: Schema = {"type": "string", "minLength": 1, "maxLength": 100}


def _object(required: dict[str, Schema], **optional: Schema) -> Schema:
    return {
        "type": "object",
        "properties": {**required, **optional},
        "required": [*required],
    }


def _body(required: dict[str, Schema]) -> Schema:
    """Return the schema of a body; what else is in one is refused."""
    return {**_object(required), "additionalProperties": False}


def _map(values: Schema) -> Schema:
    return {"type": "object", "additionalProperties": values}


def _number(low: float, high: float, kind: str = "number") -> Schema:
    return {"type": kind, "minimum": low, "maximum": high}


_STATE: Schema = {"enum": ["enabled", "drain", "disabled"]}
_STATUS: Schema = {"enum": ["healthy", "unhealthy", "unknown"]}

_HEALTH = _map(
    _object({"status": _STATUS, "lastCheck": _COUNT, "error": _TEXT}, note=_TEXT)
)

_SERVER = _object(
    {
        "state": _STATE,
        "status": _STATUS,
        "inFlight": _COUNT,
        "limit": _COUNT,
        "limitIsFound": _FLAG,
        "waiting": _COUNT,
        "served": _COUNT,
        "failed": _COUNT,
        "retried": _COUNT,
        "normalised": _COUNT,
        "ejections": _COUNT,
        "cannot": _TEXTS,
        "notes": _TEXTS,
        "serviceTimes": _map(_map(_NUMBER)),
    }
)
_ROUTE = _object(
    {"waiting": _COUNT, "maxWaiting": _COUNT, "held": _COUNT, "down": _FLAG}
)
_WHOLE_STATUS = _object(
    {
        "configError": {"type": ["string", "null"]},
        "configWarnings": _TEXTS,
        "backends": _map(_SERVER),
        "routes": _map(_ROUTE),
        "hedged": _COUNT,
    }
)

_BACKEND = _object(
    {"name": _NAME, "url": _TEXT},
    state=_STATE,
    weight=_number(0, 1000),
    maxConcurrent={"anyOf": [_number(1, 10_000, "integer"), {"const": "auto"}]},
    limits=_map(_number(1, 10_000, "integer")),
    wakeOnLan=_ANY,
    abilities=_ANY,
)
_CONFIG = _object(
    {
        "defaultBackend": _ANY,
        "backends": {"type": "array", "items": _BACKEND},
        "taskRouting": _map(_ANY),
    },
    healthCheckInterval=_number(0.1, 86400),
    pingTimeout=_number(0, 60),
    requestTimeout=_number(0.1, 86400),
    maxBodySize=_number(1024, 2**40, "integer"),
    maxBufferedBytes=_number(1024, 2**50, "integer"),
    checkAnswers={"enum": ["full", "shape", "off"]},
    maxBackends=_number(1, 10_000, "integer"),
    idleTimeout=_number(5, 86400),
    headTimeout=_number(1, 86400),
    minUploadRate=_number(0, 2**30, "integer"),
    uploadGrace=_number(1, 86400),
    maxConnections={"anyOf": [_number(16, 10**6, "integer"), {"type": "null"}]},
    maxConnectionsPerAddress=_number(0, 10**6, "integer"),
    warnings=_TEXTS,
)

_DEBUG = _object({"enabled": _FLAG, "maxRecords": _COUNT, "recordCount": _COUNT})
_MESSAGE = _object(
    {"method": _TEXT, "url": _TEXT, "headers": _map(_TEXTS), "body": _ANY}
)
_ANSWER = _object({"statusCode": _COUNT, "headers": _map(_TEXTS), "body": _ANY})
_RECORDS: Schema = {
    "type": "array",
    "items": _object(
        {
            "id": _COUNT,
            "timestamp": _TEXT,
            "type": {"enum": ["incoming", "outgoing"]},
            "traceId": _TEXT,
            "backend": {"type": ["string", "null"]},
            "request": _MESSAGE,
            "response": {"anyOf": [_ANSWER, {"type": "null"}]},
            "error": {"type": ["string", "null"]},
            "durationMs": _NUMBER,
        }
    ),
}

_ERROR = _object({"error": _TEXT}, field=_TEXT)
_JSON = "application/json"
_PLAIN = "text/plain"

_FORM = _object(
    {"entries": {"type": "string", "contentMediaType": _JSON}},
    image={"type": "string", "contentMediaType": "application/octet-stream"},
    text=_TEXT,
)

#: What a status means, where it is no success.
_MEANINGS = {
    400: "What was sent cannot be understood, or is refused; the text says why",
    403: "A page of another site may change nothing",
    404: "There is nothing of this name",
    413: "The body is too large",
    422: "The field entries is missing or wrong",
    500: "What was saved could not be written, or the proxy has a bug",
    502: "The servers failed",
    503: "No server can do it now",
    504: "No server answered in time",
}


def _content(schema: Schema, kind: str = _JSON) -> Schema:
    return {"content": {kind: {"schema": schema}}}


def _operation(
    summary: str,
    success: Schema,
    *refusals: int,
    body: Schema | None = None,
    parameters: tuple[Schema, ...] = (),
) -> Schema:
    """
    Return an operation.

    :param success: the content of the answer with status 200.
    :param refusals: other statuses that it has.
    """
    answers: Schema = {"200": {"description": "As asked for", **success}}
    for status in refusals:
        meaning = _MEANINGS[status]
        answers[str(status)] = {"description": meaning, **_content(_ERROR)}
    made: Schema = {"summary": summary, "responses": answers}
    if body is not None:
        made["requestBody"] = {"required": True, **body}
    if parameters:
        made["parameters"] = [*parameters]
    return made


def _parameter(name: str, place: str, schema: Schema) -> Schema:
    return {
        "name": name,
        "in": place,
        "required": place == "path",
        "schema": schema,
    }


def document(version: str) -> Schema:
    """
    Return the description.

    :param version: of the proxy.
    """
    change = (400, 403, 413, 500)
    ping = _operation("Whether work can be done", _content(_TEXT, _PLAIN))
    ping["responses"]["503"] = {
        "description": "What is down",
        **_content(_TEXT, _PLAIN),
    }
    predict = _operation(
        "Have work done, as by an ML server",
        _content(_map(_ANY)),
        *(400, 413, 422, 500, 502, 503, 504),
        body=_content(_FORM, "multipart/form-data"),
    )
    predict["responses"]["default"] = {"description": "What the server refuses"}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Immich ML Proxy",
            "version": version,
            "description": "One address in front of all your Immich ML servers.",
        },
        "paths": {
            "/ping": {"get": ping},
            "/predict": {"post": predict},
            "/api/openapi.json": {
                "get": _operation("This description", _content(_map(_ANY)))
            },
            "/api/config": {
                "get": _operation("The configuration", _content(_CONFIG)),
                "post": _operation(
                    "Save another one",
                    _content(_CONFIG),
                    *change,
                    body=_content(_CONFIG),
                ),
            },
            "/api/health": {"get": _operation("The backends", _content(_HEALTH))},
            "/api/status": {
                "get": _operation("What is going on", _content(_WHOLE_STATUS))
            },
            "/api/backends/{name}": {
                "post": _operation(
                    "Enable, drain or disable a backend",
                    _content(_WHOLE_STATUS),
                    *change,
                    404,
                    body=_content(_body({"state": _STATE})),
                    parameters=(_parameter("name", "path", _NAME),),
                )
            },
            "/api/debug/status": {
                "get": _operation("Whether requests are recorded", _content(_DEBUG))
            },
            "/api/debug/toggle": {
                "post": _operation(
                    "Record requests, or do so no more",
                    _content(_DEBUG),
                    *change,
                    body=_content(_body({"enabled": _FLAG})),
                )
            },
            "/api/debug/max-records": {
                "post": _operation(
                    "How many records are kept",
                    _content(_DEBUG),
                    *change,
                    body=_content(_body({"maxRecords": _number(1, 10_000, "integer")})),
                )
            },
            "/api/debug/records": {
                "get": _operation(
                    "The records",
                    _content(_RECORDS),
                    400,
                    parameters=(
                        _parameter("last", "query", _number(1, 10_000, "integer")),
                    ),
                ),
                "delete": _operation("Forget the records", _content(_DEBUG), *change),
            },
        },
    }
