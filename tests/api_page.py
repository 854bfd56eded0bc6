"""
What ``docs/reference/api.rst`` says of each address, made of the API's description.

``python -m tests.api_page`` writes it into the page, below the words that people wrote.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from immich_ml_proxy.web.schemas import ERROR
from tests.described import DOCUMENT, OPERATIONS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "api.rst"
#: Columns of a line there.
WIDTH = 98
#: An address, and all that is said of it.
_ENTRY = re.compile(r"^``([A-Z]+ /\S*)``\n((?:    .*\n|\n(?=    ))+)", re.MULTILINE)
#: A fact in it, which may go on in further lines.
_FACT = re.compile(r"^    :\w+: .*\n(?:      .*\n)*", re.MULTILINE)

_WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "null": "null",
    "object": "object",
    "array": "list",
}

Schema = Mapping[str, Any]


@attrs.frozen
class Entry:
    """
    :ivar name: method and address, as the page has them.
    :ivar facts: its lines of facts, which are no prose.
    """

    name: str
    facts: str


def entries(page: str) -> Iterator[Entry]:
    """Yield what a page says of each address."""
    for name, body in _ENTRY.findall(page):
        yield Entry(name, "".join(_FACT.findall(body)))


def described() -> dict[str, str]:
    """Return the facts of each address, in the order of the description."""
    seen: list[tuple[str, Schema]] = []
    return {
        name_of(*place): _facts(place, operation, seen)
        for place, operation in OPERATIONS.items()
    }


def name_of(method: str, path: str) -> str:
    """Return what the page calls an operation."""
    path = path.replace("/records/{name}", "/records/ID")
    return f"{method} {path.replace('{name}', 'NAME').replace('{key}', 'KEY')}"


def written(page: str) -> str:
    """Return a page with the facts as they are."""
    facts = described()

    def renew(found: re.Match[str]) -> str:
        if found[1] not in facts:
            return found[0]
        words = _FACT.sub("", found[2]).rstrip("\n")
        return f"``{found[1]}``\n{words}\n\n{facts[found[1]]}"

    return _ENTRY.sub(renew, page)


def _facts(
    place: tuple[str, str], operation: Schema, seen: list[tuple[str, Schema]]
) -> str:
    name = name_of(*place)
    told: dict[str, list[str]] = {}
    for one in operation.get("parameters", ()):
        if one["in"] != "path":
            kind = one["in"].capitalize()
            told.setdefault(kind, []).append(_member(one["name"], one["schema"]))
    facts = {kind: ", ".join(members) for kind, members in told.items()}
    if "requestBody" in operation:
        facts["Body"] = _content(name, operation["requestBody"]["content"], seen)
    answers = dict(operation["responses"])
    facts["Answer"] = _content(name, answers["200"]["content"], seen)
    own = [_status(status, answers[status]) for status in _own(*place)]
    facts["Statuses"] = ", ".join(own)
    return "".join(
        textwrap.fill(
            f":{kind}: {text}",
            WIDTH,
            initial_indent="    ",
            subsequent_indent="      ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        + "\n"
        for kind, text in facts.items()
    )


def _own(method: str, path: str) -> list[str]:
    """Return the statuses that are not said once for all addresses."""
    answers = DOCUMENT["paths"][path][method.lower()]["responses"]
    return sorted(status for status, answer in answers.items() if "$ref" not in answer)


def _status(status: str, answer: Schema) -> str:
    schema = answer.get("content", {}).get("application/json", {}).get("schema")
    if status == "200" or schema is None or schema == ERROR:
        return status
    return f"{status} (with {_told(schema)})"


def _content(name: str, content: Schema, seen: list[tuple[str, Schema]]) -> str:
    if "application/json" not in content:
        kinds = " or ".join(f"``{kind}``" for kind in content)
        fields = [_told(one["schema"]) for one in content.values()]
        return f"{kinds}: {fields[0]}" if "multipart/form-data" in content else kinds
    schema = content["application/json"]["schema"]
    fields = schema.get("properties")
    if not fields:
        return _told(schema)
    for before, other in seen:
        if other["properties"] == fields:
            as_there = f"as of ``{before}``"
            is_same = other["required"] == schema["required"]
            return as_there if is_same else f"{as_there}; all optional"
    if len(fields) > 3:
        seen.append((name, schema))
    return _told(schema)


def _told(schema: Schema) -> str:
    """Return what stands at the top of a value."""
    if "anyOf" in schema:
        return "; or ".join(_told(one) for one in schema["anyOf"])
    if "allOf" in schema:
        return _told(_joined(schema["allOf"]))
    if "items" in schema:
        return f"a list, in it {_told(schema['items'])}"
    if "properties" in schema:
        fields, needed = schema["properties"], schema["required"]
        always = [_member(name, fields[name]) for name in needed]
        rest = [_member(name, fields[name]) for name in fields if name not in needed]
        groups = (", ".join(always), rest and f"optional: {', '.join(rest)}")
        return "; ".join(group for group in groups if group)
    if isinstance(schema.get("additionalProperties"), dict):
        return f"by name: {_told(schema['additionalProperties'])}"
    return _kind(schema)


def _joined(schemas: Sequence[Schema]) -> Schema:
    """Return the schema of an object that has the members of several."""
    return {
        "properties": {k: v for one in schemas for k, v in one["properties"].items()},
        "required": [name for one in schemas for name in one["required"]],
    }


def _member(name: str, schema: Schema) -> str:
    return f"``{name}`` ({_kind(schema)})"


def _kind(schema: Schema) -> str:
    """Return what a value is, in few words."""
    media = schema.get("contentMediaType")
    if media is not None:
        return "JSON" if media == "application/json" else "file"
    if "const" in schema:
        return f"``{schema['const']}``"
    if "enum" in schema:
        *others, last = (f"``{one}``" for one in schema["enum"])
        return f"{', '.join(others)} or {last}"
    if "anyOf" in schema:
        return " or ".join(_kind(one) for one in schema["anyOf"])
    if "allOf" in schema:
        return "object"
    kinds = schema.get("type", ())
    kinds = [kinds] if isinstance(kinds, str) else kinds
    return " or ".join(_WORDS[one] for one in kinds) or "any value"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text("utf-8")), "utf-8")
