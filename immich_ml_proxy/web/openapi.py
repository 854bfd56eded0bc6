"""
What the API is, as an OpenAPI 3.1 document; programs and tests read it.

Every route has an operation here, which a test holds, and answers are as they are
described, which another test holds.
"""

from __future__ import annotations

from immich_ml_proxy.web.debug_operations import debug_paths
from immich_ml_proxy.web.schemas import (
    ANY,
    CHECKED,
    CONFIG,
    CONFLICT,
    ERROR,
    FLAG,
    FORM,
    HEALTH,
    JSON,
    NAME,
    NOTHING_ELSE,
    NOTIFY_TEST,
    PLAIN,
    STATE_CHANGE,
    TESTED,
    TEXT,
    TEXTS,
    WHOLE_STATUS,
    Schema,
    body_of,
    map_of,
    object_of,
)

#: What a status means, where it is no success.
MEANINGS = {
    400: "What was sent cannot be understood, or is refused; the text says why",
    401: "This needs the admin token",
    403: "A page of another site may change nothing",
    404: "There is nothing of this name",
    409: "It cannot be done as things are now; the text says why",
    412: "It was changed since the version that If-Match names",
    413: "The body is too large",
    422: "The field entries is missing or wrong",
    429: "Too many wrong tokens came; the next is looked at later",
    500: "What was saved could not be written, or the proxy has a bug",
    502: "The machines failed",
    503: "No machine can do it now",
    504: "No machine answered in time",
}


def _content(schema: Schema, kind: str = JSON) -> Schema:
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
        meaning = MEANINGS[status]
        answers[str(status)] = {"description": meaning, **_content(ERROR)}
    made: Schema = {"summary": summary, "responses": answers}
    if body is not None:
        made["requestBody"] = {"required": True, **body}
    if parameters:
        made["parameters"] = [*parameters]
    return made


def _to_a_version(
    summary: str, success: Schema, body: Schema | None, *refusals: int
) -> Schema:
    """Return an operation that is meant for one version of the configuration."""
    made = _operation(
        summary,
        success,
        *(400, 403, 413, 500),
        *refusals,
        body=None if body is None else _content(body),
        parameters=({**_parameter("If-Match", "header", TEXT), "required": False},),
    )
    made["responses"]["412"] = {"description": MEANINGS[412], **_content(CONFLICT)}
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
    ping = _operation("Whether work can be done", _content(TEXT, PLAIN))
    ping["responses"]["503"] = {
        "description": "What is down",
        **_content(TEXT, PLAIN),
    }
    predict = _operation(
        "Have work done, as an ML server does",
        _content(map_of(ANY)),
        *(400, 413, 422, 500, 502, 503, 504),
        body=_content(FORM, "multipart/form-data"),
    )
    predict["responses"]["default"] = {"description": "What the machine refuses"}
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
            "/livez": {"get": _operation("The process serves", _content(TEXT, PLAIN))},
            "/metrics": {
                "get": _operation("Numbers for Prometheus", _content(TEXT, PLAIN))
            },
            "/api/openapi.json": {
                "get": _operation("This description", _content(map_of(ANY)))
            },
            "/api/config": {
                "get": _operation("The configuration", _content(CONFIG)),
                "post": _to_a_version(
                    "Save another one", _content(CONFIG), CONFIG, 409
                ),
            },
            "/api/config/check": {
                "post": _to_a_version(
                    "What a save would be answered with", _content(CHECKED), CONFIG
                )
            },
            "/api/config/undo": {
                "post": _to_a_version(
                    "Undo the last save, or what was undone",
                    _content(CONFIG),
                    None,
                    409,
                )
            },
            "/api/config/schema": {
                "get": _operation(
                    "What a configuration may have, as a JSON Schema",
                    _content(map_of(ANY)),
                )
            },
            "/api/health": {"get": _operation("How machines are", _content(HEALTH))},
            "/api/status": {
                "get": _operation("What is going on", _content(WHOLE_STATUS))
            },
            "/api/backends/{name}": {
                "post": _operation(
                    "Enable, drain or disable a machine",
                    _content(WHOLE_STATUS),
                    *change,
                    404,
                    409,
                    body=_content(STATE_CHANGE),
                    parameters=(_parameter("name", "path", NAME),),
                )
            },
            "/api/routes/{key}": {
                "post": _operation(
                    "Add a machine to a route, or take it out",
                    _content(map_of(ANY)),
                    *change,
                    404,
                    409,
                    body=_content(
                        {**object_of({}, add=TEXT, remove=TEXT), **NOTHING_ELSE}
                    ),
                    parameters=(_parameter("key", "path", NAME),),
                )
            },
            "/api/notify/test": {
                "post": _operation(
                    "Send a test message to one who is told what happens",
                    _content(TESTED),
                    *change,
                    body=_content(NOTIFY_TEST),
                )
            },
            "/api/overview": {
                "get": _operation("What the overview shows", _content(map_of(ANY)), 400)
            },
            "/api/wake": {
                "post": _operation(
                    "Wake a machine",
                    _content(map_of(ANY)),
                    *change,
                    404,
                    body=_content(body_of({"machine": TEXT})),
                )
            },
            "/api/try": {
                "post": _operation(
                    "Try an address that is not configured yet",
                    _content(map_of(ANY)),
                    *change,
                    body=_content(
                        {**object_of({"url": TEXT}, samples=TEXTS), **NOTHING_ELSE}
                    ),
                )
            },
            "/api/proxy": {
                "get": _operation("What this proxy is", _content(map_of(ANY)))
            },
            "/api/login": {
                "post": _operation(
                    "Begin a session with the admin token",
                    _content(map_of(ANY)),
                    *change,
                    401,
                    429,
                    body=_content(body_of({"token": TEXT})),
                )
            },
            "/api/logout": {
                "post": _operation("End a session", _content(map_of(ANY)), *change, 401)
            },
            "/api/demo": {
                "get": _operation("The simulated machines", _content(ANY)),
                "post": _operation(
                    "Give them trouble, or end them",
                    _content(ANY),
                    *change,
                    404,
                    body=_content(
                        {**object_of({}, trouble=FLAG, end=FLAG), **NOTHING_ELSE}
                    ),
                ),
            },
            **debug_paths(_operation, _content, _parameter, change),
        },
    }
