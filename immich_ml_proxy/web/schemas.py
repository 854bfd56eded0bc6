"""What goes into the API and comes out of it, as JSON schemas."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
TEXTS: Schema = {"type": "array", "items": TEXT}
COUNT: Schema = {"type": "integer", "minimum": 0}
FLAG: Schema = {"type": "boolean"}
NUMBER: Schema = {"type": "number"}
ANY: Schema = {}
#: A path that is one name; a slash in it is no separator here.
NAME: Schema = {"type": "string", "minLength": 1, "maxLength": 100}


def object_of(required: dict[str, Schema], **optional: Schema) -> Schema:
    """Return the schema of an object with these members, and others."""
    return {
        "type": "object",
        "properties": {**required, **optional},
        "required": [*required],
    }


NOTHING_ELSE: Schema = {"additionalProperties": False}


def body_of(required: dict[str, Schema]) -> Schema:
    """Return the schema of a body; what else is in one is refused."""
    return {**object_of(required), **NOTHING_ELSE}


def map_of(values: Schema) -> Schema:
    """Return the schema of an object whose members are alike."""
    return {"type": "object", "additionalProperties": values}


def number(low: float, high: float, kind: str = "number") -> Schema:
    """Return the schema of a number between two, both of which are in."""
    return {"type": kind, "minimum": low, "maximum": high}


STATE: Schema = {"enum": ["enabled", "drain", "disabled"]}
MOMENT: Schema = {"type": ["number", "null"], "minimum": 0}
STATUS: Schema = {"enum": ["healthy", "unhealthy", "unknown"]}

_HEALTH = object_of({"status": STATUS, "lastCheck": COUNT, "error": TEXT}, note=TEXT)
HEALTH = map_of({"allOf": [_HEALTH, object_of({}, replicas=map_of(_HEALTH))]})

REPLICA = object_of(
    {
        "state": STATE,
        "disabledUntil": MOMENT,
        "offUntil": MOMENT,
        "resting": FLAG,
        "status": STATUS,
        "inFlight": COUNT,
        "limit": COUNT,
        "limitIsFound": FLAG,
        "served": COUNT,
        "failed": COUNT,
        "retried": COUNT,
        "normalised": COUNT,
        "ejections": COUNT,
        "cannot": TEXTS,
        "notes": TEXTS,
        "serviceTimes": map_of(map_of(NUMBER)),
    },
    leaving=FLAG,
)
SERVER = {"allOf": [REPLICA, object_of({"waiting": COUNT}, replicas=map_of(REPLICA))]}
ROUTE = object_of({"waiting": COUNT, "maxWaiting": COUNT, "held": COUNT, "down": FLAG})
TOLD = object_of(
    {
        "target": TEXT,
        "format": TEXT,
        "error": {"type": ["string", "null"]},
        "last": MOMENT,
        "waiting": COUNT,
    }
)
TESTED = object_of(
    {
        "ok": FLAG,
        "status": {"type": ["integer", "null"]},
        "text": TEXT,
        "took": NUMBER,
    }
)
UNDO = object_of({"savedBy": TEXT, "savedAt": COUNT})
WHOLE_STATUS = object_of(
    {
        "configError": {"type": ["string", "null"]},
        "configWarnings": TEXTS,
        "readOnly": {"type": ["string", "null"]},
        "backends": map_of(SERVER),
        "routes": map_of(ROUTE),
        "hedged": COUNT,
        "notify": {"type": "array", "items": TOLD},
        "undo": {"anyOf": [UNDO, {"type": "null"}]},
    }
)

BACKEND = object_of(
    {"name": NAME, "url": TEXT},
    state=STATE,
    weight=number(0, 1000),
    maxConcurrent={"anyOf": [number(1, 10_000, "integer"), {"const": "auto"}]},
    limits=map_of(number(1, 10_000, "integer")),
    wakeOnLan=ANY,
    abilities=ANY,
    windows=TEXTS,
    pings={"enum": ["always", "on demand"]},
    sleepHook={"type": ["string", "null"]},
    idleMinutes={"type": "number", "exclusiveMinimum": 0, "maximum": 10_080},
    disabledUntil=MOMENT,
    resolve={"anyOf": [{"enum": ["all", "ipv4", "ipv6"]}, {"type": "null"}]},
)
#: Texts with the paths of what they are about.
PLACES: Schema = {"type": "array", "items": object_of({"path": TEXT, "text": TEXT})}
#: A configuration as it is sent, and what is saved of it.
SENT_CONFIG = object_of(
    {},
    defaultBackend=ANY,
    backends={"type": "array", "items": BACKEND},
    taskRouting=map_of(ANY),
    healthCheckInterval=number(0.1, 86400),
    pingTimeout=number(0, 60),
    requestTimeout=number(0.1, 86400),
    maxBodySize=number(1024, 2**40, "integer"),
    maxBufferedBytes=number(1024, 2**50, "integer"),
    checkAnswers={"enum": ["full", "shape", "off"]},
    maxBackends=number(1, 10_000, "integer"),
    proxyReplicas=number(1, 100, "integer"),
    maxPings=number(1, 10_000, "integer"),
    idleTimeout=number(5, 86400),
    headTimeout=number(1, 86400),
    minUploadRate=number(0, 2**30, "integer"),
    uploadGrace=number(1, 86400),
    maxConnections={"anyOf": [number(16, 10**6, "integer"), {"type": "null"}]},
    maxConnectionsPerAddress=number(0, 10**6, "integer"),
    immich=ANY,
    notify=ANY,
    warnings=TEXTS,
    warningsAt=PLACES,
    merged=FLAG,
    **{"$schema": {"type": ["string", "null"]}},
)
#: The same as it is shown.
CONFIG: Schema = {
    **SENT_CONFIG,
    "required": ["defaultBackend", "backends", "taskRouting"],
}
CHECKED = object_of(
    {"ok": FLAG, "warnings": TEXTS, "warningsAt": PLACES, "merged": FLAG}
)
#: Why a save is refused that was meant for another version.
CONFLICT = object_of(
    {
        "error": TEXT,
        "conflicts": {
            "type": "array",
            "items": object_of(
                {"path": TEXT, "words": TEXT, "base": ANY, "mine": ANY, "theirs": ANY}
            ),
        },
        "current": CONFIG,
        "version": TEXT,
    }
)

DEBUG = object_of(
    {
        "enabled": FLAG,
        "maxRecords": COUNT,
        "recordCount": COUNT,
        "bytes": COUNT,
        "pictureBytes": COUNT,
        "bounds": object_of({"bytes": COUNT, "pictureBytes": COUNT}),
    }
)
MESSAGE = object_of(
    {"method": TEXT, "url": TEXT, "headers": map_of(TEXTS), "body": ANY}
)
ANSWER = object_of({"statusCode": COUNT, "headers": map_of(TEXTS), "body": ANY})
RECORDS: Schema = {
    "type": "array",
    "items": object_of(
        {
            "id": COUNT,
            "timestamp": TEXT,
            "type": {"enum": ["incoming", "outgoing"]},
            "traceId": TEXT,
            "backend": {"type": ["string", "null"]},
            "request": MESSAGE,
            "response": {"anyOf": [ANSWER, {"type": "null"}]},
            "error": {"type": ["string", "null"]},
            "durationMs": NUMBER,
        }
    ),
}

STATE_CHANGE: Schema = {
    **object_of({"state": STATE}, seconds=number(1, 31 * 86400)),
    **NOTHING_ELSE,
}
NOTIFY_TEST: Schema = {
    **object_of({}, index=COUNT, entry=map_of(ANY)),
    **NOTHING_ELSE,
}

ERROR = object_of({"error": TEXT}, field=TEXT, path=TEXT)
JSON = "application/json"
PLAIN = "text/plain"

FORM = object_of(
    {"entries": {"type": "string", "contentMediaType": JSON}},
    image={"type": "string", "contentMediaType": "application/octet-stream"},
    text=TEXT,
)
