"""
What a configuration may have, as a JSON Schema (2020-12), for editors and programs.

It is made of what documents are read with, so names, bounds and defaults are those that
are checked. What no schema can say is left to the proxy: whether a name that is used is
there, and there once; what a URL or a file leads to; whether a variable is set. The
fields of the Go original are read, but not described.
"""

from __future__ import annotations

from typing import Any

import msgspec

from immich_ml_proxy.config import (
    abilities,
    headers,
    notify,
    routes,
    variables,
    windows,
)
from immich_ml_proxy.config.document import DocumentFields
from immich_ml_proxy.config.fields import MAC
from immich_ml_proxy.config.model import (
    AUTO,
    CHECK_ANSWERS,
    STRATEGIES,
    Backend,
    ImmichServer,
    Places,
    WakeOnLan,
)

Schema = dict[str, Any]

#: What a shape is called in the schema.
_NAMES: dict[Any, str] = {
    DocumentFields: "configuration",
    Backend: "backend",
    routes.RouteFields: "route",
    WakeOnLan: "wakeOnLan",
    abilities.AbilitiesFields: "abilities",
    ImmichServer: "immich",
    notify.EntryFields: "notify",
}
_REF = "#/$defs/{}"

_TEXT: Schema = {"type": "string"}
#: What is neither empty nor blank.
_SAID: Schema = {"type": "string", "pattern": r"\S"}
#: What a secret may be: no name in it but one that is looked up.
_DOLLARS = rf"^([^$]|\$\$|\$(?![{{$])|\$\{{{variables.PREFIX}[A-Za-z0-9_]+\}})*$"
_NAMED_BACKENDS: Schema = {
    "type": "array",
    "items": _TEXT,
    "minItems": 1,
    "uniqueItems": True,
}


def schema() -> Schema:
    """Return the schema of a whole configuration."""
    _, found = msgspec.json.schema_components(list(_NAMES), ref_template="{name}")
    shapes: dict[str, Schema] = {
        name: _plain(found[shape.__name__]) for shape, name in _NAMES.items()
    }
    top = shapes.pop("configuration")
    _complete(top, shapes)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The configuration of immich-ml-proxy",
        **top,
        "$defs": shapes,
    }


def _plain(shape: Schema) -> Schema:
    """Return a shape without what is for programmers."""
    return {
        key: value
        for key, value in shape.items()
        if key not in ("title", "description") and value != []
    }


def _complete(top: Schema, shapes: dict[str, Schema]) -> None:
    """Put in what the shapes leave to code."""
    fields = top["properties"]
    route = {
        "anyOf": [
            {"type": "string", "minLength": 1},
            _NAMED_BACKENDS,
            {"$ref": _REF.format("route")},
        ]
    }
    _more(fields["backends"], items={"$ref": _REF.format("backend")})
    _more(fields["taskRouting"], additionalProperties=route, propertyNames=_SAID)
    _more(fields["checkAnswers"], enum=[*CHECK_ANSWERS])
    fields["immich"] = {"anyOf": [{"$ref": _REF.format("immich")}, {"type": "null"}]}
    entries = {"type": "array", "items": {"$ref": _REF.format("notify")}}
    fields["notify"] = {**entries, "maxItems": notify.MOST, "default": None}
    for name, field in fields.items():
        if "anyOf" not in field:
            fields[name] = _or_null(field)
    none: Schema = {"enum": ["", None, []]}
    fields["defaultBackend"] = {"anyOf": [none, route]}
    # Without backends there is no default, and with one there must be.
    has_backends = {
        "properties": {"backends": {"type": "array", "minItems": 1}},
        "required": ["backends"],
    }
    top["if"] = has_backends
    top["then"] = {
        "properties": {"defaultBackend": route},
        "required": ["defaultBackend"],
    }
    top["else"] = {"properties": {"defaultBackend": none}}

    described = shapes["route"]["properties"]
    described["backends"] = _NAMED_BACKENDS
    _more(described["strategy"], enum=[*STRATEGIES])
    described["holdSeconds"] = {
        "anyOf": [_of(routes.HoldSeconds), {"const": AUTO}],
        "default": AUTO,
    }

    backend = shapes["backend"]["properties"]
    _more(backend["name"], pattern=r"^\S(.*\S)?$", **{"not": {"enum": [".", ".."]}})
    _more(backend["url"], pattern=r"^[^?#]*$", minLength=1)
    _more(backend["limits"], additionalProperties=_of(Places))
    _more(backend["headers"], **_headers())
    _more(shapes["notify"]["properties"]["headers"], **_headers())
    _more(backend["windows"], maxItems=windows.MOST)
    backend["wakeOnLan"] = _maybe("wakeOnLan")
    backend["abilities"] = _maybe("abilities")
    backend["caFile"] = {
        "anyOf": [{"type": "string", "pattern": "^/"}, {"type": "null"}],
        "default": None,
    }

    wake = shapes["wakeOnLan"]["properties"]
    _more(wake["mac"], pattern=rf"^{MAC.pattern}$")
    byte = r"(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
    _more(wake["broadcast"], pattern=rf"^{byte}(\.{byte}){{3}}$")

    able = shapes["abilities"]["properties"]
    task: Schema = {"type": "string", "pattern": r"^(?=.*\S)[^/]*$"}
    able["tasks"] = {
        "anyOf": [{"type": "array", "items": task, "minItems": 1}, {"type": "null"}],
        "default": None,
    }
    model: Schema = {"type": "string", "maxLength": 200, "pattern": r"[^/\s][^/]*$"}
    _more(
        able["models"],
        propertyNames=task,
        additionalProperties={"type": "array", "items": model, "minItems": 1},
    )

    key = shapes["immich"]["properties"]
    _more(key["url"], minLength=1)
    _more(
        key["apiKey"],
        allOf=[{"pattern": r"^\s*[!-~]+\s*$"}, {"pattern": _DOLLARS}],
        **{"not": {"const": headers.MASK}},
    )


def _headers() -> Schema:
    """Return what headers may be."""
    return {
        "propertyNames": {
            "pattern": rf"^{headers.NAME.pattern}$",
            "not": {"pattern": _any_case(headers.OURS)},
        },
        "additionalProperties": {
            "type": "string",
            "allOf": [
                {"pattern": rf"^{headers.VALUE.pattern}$"},
                {"pattern": _DOLLARS},
            ],
        },
    }


def _more(field: Schema, **more: Any) -> None:
    field.update(more)


def _or_null(field: Schema) -> Schema:
    """Return the schema of a field that may be ``null``, which leaves it out."""
    default = {"default": field["default"]} if "default" in field else {}
    rest = {key: value for key, value in field.items() if key != "default"}
    return {"anyOf": [rest, {"type": "null"}], **default}


def _maybe(name: str) -> Schema:
    return {
        "anyOf": [{"$ref": _REF.format(name)}, {"type": "null"}],
        "default": None,
    }


def _of(shape: Any) -> Schema:
    made: Schema = msgspec.json.schema(shape)
    return made


def _any_case(names: frozenset[str]) -> str:
    """Return a pattern of names in whatever case."""
    each = (
        "".join(f"[{c.upper()}{c}]" if c.isalpha() else c for c in name)
        for name in sorted(names)
    )
    return f"^({'|'.join(each)})$"
