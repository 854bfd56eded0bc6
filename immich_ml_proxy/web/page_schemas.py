"""What comes out of the API for the pages first of all, as JSON schemas."""

from __future__ import annotations

from immich_ml_proxy.web.schemas import (
    ANY,
    COUNT,
    FLAG,
    MOMENT,
    NUMBER,
    TEXT,
    TEXTS,
    Schema,
    map_of,
    object_of,
)

TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
OBJECTS: Schema = {"type": "array", "items": {"type": "object"}}
NUMBERS: Schema = {"type": "array", "items": NUMBER}

#: What is said of something that was done.
SAID = object_of({"text": TEXT})
TAKEN = object_of({"text": TEXT, "taskRouting": map_of(ANY)})
SESSION = object_of({"hasSession": FLAG})
PROXY = object_of({"proxy": {"const": "immich-ml-proxy"}, "version": TEXT, "id": TEXT})

FOUND = object_of(
    {
        "ok": FLAG,
        "kind": {
            "enum": [
                *("ml", "proxy", "this", "immich", "web", "other", "refused"),
                *("unknown-name", "certificate", "no-answer", "bad-url"),
                *("plain-to-tls", "tls-to-plain"),
            ]
        },
        "text": TEXT,
        "url": TEXT,
        "correction": TEXT_OR_NULL,
        "version": TEXT_OR_NULL,
        "abilities": TEXTS,
        "took": COUNT,
        "samples": {
            "type": "array",
            "items": object_of({"kind": TEXT, "ok": FLAG, "text": TEXT, "took": COUNT}),
        },
    }
)

_PLAYED = object_of(
    {
        "simulated": {"const": True},
        "machines": TEXTS,
        "playing": FLAG,
        "trouble": object_of(
            {"on": FLAG, "machine": TEXT_OR_NULL, "what": TEXT_OR_NULL, "until": MOMENT}
        ),
        "caller": {"type": ["object", "null"]},
        "text": TEXT,
    }
)
PLAYED_OR_NULL: Schema = {"anyOf": [_PLAYED, {"type": "null"}]}
DEMO = object_of({"demo": PLAYED_OR_NULL})

RANGE: Schema = {"enum": ["15m", "24h"]}
OVERVIEW = object_of(
    {
        "full": FLAG,
        "cursor": TEXT,
        "now": NUMBER,
        "plot": object_of(
            {
                "range": RANGE,
                "step": COUNT,
                "from": NUMBER,
                "until": NUMBER,
                "images": map_of(NUMBERS),
                "searchP95": NUMBERS,
            }
        ),
        "events": {
            "type": "array",
            "items": object_of(
                {
                    "id": COUNT,
                    "at": NUMBER,
                    "kind": TEXT,
                    "machine": TEXT_OR_NULL,
                    "text": TEXT,
                }
            ),
        },
        "proxy": object_of({"version": TEXT, "started": NUMBER, "config": COUNT}),
        "recording": FLAG,
        "configError": TEXT_OR_NULL,
        "demo": PLAYED_OR_NULL,
        "immich": object_of({"firstCall": MOMENT}),
        "machines": OBJECTS,
        "routes": OBJECTS,
        "left": {"type": "object"},
        "advice": OBJECTS,
    }
)

#: What an ML server answers: each task has its own, and pictures have a size.
PREDICTED: Schema = {
    **object_of(
        {},
        **{
            "clip": ANY,
            "facial-recognition": ANY,
            "ocr": ANY,
            "imageHeight": COUNT,
            "imageWidth": COUNT,
        },
    ),
    "additionalProperties": ANY,
}
DESCRIPTION = object_of(
    {
        "openapi": TEXT,
        "info": {"type": "object"},
        "security": OBJECTS,
        "paths": {"type": "object"},
        "components": {"type": "object"},
    }
)
#: The schema of a configuration, which has the fields that any has.
JSON_SCHEMA: Schema = {
    **object_of(
        {
            "$schema": TEXT,
            "title": TEXT,
            "type": TEXT,
            "properties": {"type": "object"},
            "$defs": {"type": "object"},
        }
    ),
    "additionalProperties": ANY,
}
HAR = object_of({"log": {"type": "object"}})
