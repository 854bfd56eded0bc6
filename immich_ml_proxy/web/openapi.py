"""
What the API is, as an OpenAPI 3.1 document; programs and tests read it.

Every route has an operation here, which a test holds; the tests of the proxy hold
each answer that they get to what is described.
"""

from __future__ import annotations

from immich_ml_proxy.web.debug_operations import debug_paths
from immich_ml_proxy.web.operation import (
    OPEN,
    common_refusals,
    content,
    operation,
    parameter,
    text_of,
    to_a_version,
)
from immich_ml_proxy.web.page_schemas import (
    DEMO,
    DESCRIPTION,
    FOUND,
    JSON_SCHEMA,
    OVERVIEW,
    PREDICTED,
    PROXY,
    RANGE,
    SAID,
    SESSION,
    TAKEN,
)
from immich_ml_proxy.web.schemas import (
    CHECKED,
    CONFIG,
    FLAG,
    FORM,
    HEALTH,
    NAME,
    NOTHING_ELSE,
    NOTIFY_TEST,
    PLAIN,
    SENT_CONFIG,
    STATE_CHANGE,
    TESTED,
    TEXT,
    TEXTS,
    WHOLE_STATUS,
    Schema,
    body_of,
    object_of,
)


def document(version: str) -> Schema:
    """
    Return the description.

    :param version: of the proxy.
    """
    ping = text_of("Whether work can be done", common=OPEN)
    ping["responses"]["503"] = {
        "description": "What is down",
        **content(TEXT, PLAIN),
    }
    predict = operation(
        "Have work done, as an ML server does",
        content(PREDICTED),
        *(400, 413, 422, 502, 503, 504, 508),
        body=content(FORM, "multipart/form-data"),
        common=OPEN,
    )
    passed_on = "What every machine refuses is passed on as it is"
    for status in ("400", "413", "422"):
        told = predict["responses"][status]["description"]
        predict["responses"][status] = {"description": f"{told}. {passed_on}"}
    for status in ("3XX", "4XX", "501"):
        predict["responses"][status] = {"description": passed_on}
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
            "/livez": {"get": text_of("The process serves", OPEN)},
            "/metrics": {"get": text_of("Numbers for Prometheus")},
            "/api/openapi.json": {
                "get": operation("This description", content(DESCRIPTION))
            },
            "/api/config": {
                "get": operation("The configuration", content(CONFIG)),
                "post": to_a_version(
                    "Save another one", content(SENT_CONFIG), SENT_CONFIG, 409
                ),
            },
            "/api/config/check": {
                "post": to_a_version(
                    "What a save would be answered with", content(CHECKED), SENT_CONFIG
                )
            },
            "/api/config/undo": {
                "post": to_a_version(
                    "Undo the last save, or what was undone",
                    content(SENT_CONFIG),
                    None,
                    409,
                )
            },
            "/api/config/schema": {
                "get": operation(
                    "What a configuration may have, as a JSON Schema",
                    content(JSON_SCHEMA),
                )
            },
            "/api/health": {"get": operation("How machines are", content(HEALTH))},
            "/api/status": {
                "get": operation("What is going on", content(WHOLE_STATUS))
            },
            "/api/backends/{name}": {
                "post": operation(
                    "Enable, drain or disable a machine",
                    content(WHOLE_STATUS),
                    400,
                    409,
                    body=content(STATE_CHANGE),
                    parameters=(parameter("name", "path", NAME),),
                )
            },
            "/api/routes/{key}": {
                "post": operation(
                    "Add a machine to a route, or take it out",
                    content(TAKEN),
                    400,
                    409,
                    body=content(
                        {**object_of({}, add=TEXT, remove=TEXT), **NOTHING_ELSE}
                    ),
                    parameters=(parameter("key", "path", NAME),),
                )
            },
            "/api/notify/test": {
                "post": operation(
                    "Send a test message to one who is told what happens",
                    content(TESTED),
                    400,
                    body=content(NOTIFY_TEST),
                )
            },
            "/api/overview": {
                "get": operation(
                    "What the overview shows, or what is new since",
                    content(OVERVIEW),
                    304,
                    400,
                    parameters=(
                        parameter("plot", "query", RANGE),
                        parameter("since", "query", TEXT),
                        parameter("If-None-Match", "header", TEXT),
                    ),
                )
            },
            "/api/wake": {
                "post": operation(
                    "Wake a machine",
                    content(SAID),
                    400,
                    404,
                    502,
                    body=content(body_of({"machine": TEXT})),
                )
            },
            "/api/try": {
                "post": operation(
                    "Try an address that is not configured yet",
                    content(FOUND),
                    400,
                    body=content(
                        {**object_of({"url": TEXT}, samples=TEXTS), **NOTHING_ELSE}
                    ),
                )
            },
            "/api/proxy": {"get": operation("What this proxy is", content(PROXY))},
            "/api/login": {
                "post": operation(
                    "Begin a session with the admin token",
                    content(SESSION),
                    400,
                    body=content(body_of({"token": TEXT})),
                )
            },
            "/api/logout": {"post": operation("End a session", content(SESSION), 400)},
            "/api/demo": {
                "get": operation("The simulated machines", content(DEMO)),
                "post": operation(
                    "Give them trouble, or end them",
                    content(DEMO),
                    400,
                    body=content(
                        {**object_of({}, trouble=FLAG, end=FLAG), **NOTHING_ELSE}
                    ),
                ),
            },
            **debug_paths(),
        },
        "security": [{"token": []}, {}],
        "components": {
            "responses": common_refusals(),
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The admin token, where there is one",
                }
            },
        },
    }
