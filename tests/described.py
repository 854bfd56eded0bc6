"""Holds what is asked of the proxy, and answered, to the description of its API."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from jsonschema import Draft202012Validator

from immich_ml_proxy.web import openapi

DOCUMENT = openapi.document("0")
#: What may be answered where nothing is described: refusals of the gate, no such
#: address, no such method.
ELSEWHERE = {400, 401, 403, 404, 405, 413, 421, 429, 503}
#: Parameters that tests send to see that nobody minds.
NONSENSE = {"from", "number", "other", "token"}
#: So many of a list are looked at, and so many in each member of an object.
LOOKED_AT = 20


def operations(document: Mapping[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """Return what is described, by method and address; references are followed."""
    shared = document["components"]["responses"]
    return {
        (method.upper(), path): {
            **operation,
            "responses": {
                status: shared[answer["$ref"].rpartition("/")[2]]
                if "$ref" in answer
                else answer
                for status, answer in operation["responses"].items()
            },
        }
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


OPERATIONS = operations(DOCUMENT)


def check(
    method: str,
    target: str,
    asked: bytes,
    status: int,
    headers: Mapping[str, str],
    answered: bytes,
) -> None:
    """
    Fail where a request that was served, or an answer, is not as it is described.

    :param target: the path and the query.
    :param asked: the body of the request.
    :param headers: of the answer; names in lower case.
    :param answered: its body; empty for ``HEAD``.
    """
    path, _, query = target.partition("?")
    place = _place("GET" if method == "HEAD" else method, path)
    if place is None:
        is_api = path.startswith("/api/") or path in DOCUMENT["paths"]
        assert not is_api or status in ELSEWHERE, f"{method} {path}: {status}"
        return
    operation, at = OPERATIONS[place], " ".join(place)
    answer = _answer(operation, status)
    assert answer is not None, f"{at}: {status} is not described"
    content = answer.get("content")
    if method != "HEAD" and status != HTTPStatus.NOT_MODIFIED and content is not None:
        name = headers.get("content-type", "").partition(";")[0]
        assert name in content, f"{at}: {status} with {name} is not described"
        if name == "application/json":
            is_packed = headers.get("content-encoding") == "gzip"
            told = gzip.decompress(answered) if is_packed else answered
            _fits(f"{at}: {status}", content[name]["schema"], told)
    if status == HTTPStatus.OK:
        parameters = operation.get("parameters", ())
        described = {one["name"] for one in parameters if one["in"] == "query"}
        given = {name for name, _ in parse_qsl(query, keep_blank_values=True)}
        more = given - described - NONSENSE
        assert not more, f"{at}: {more} is not described"
        body = operation.get("requestBody", {}).get("content", {})
        if "application/json" in body:
            schema = body["application/json"]["schema"]
            _fits(f"{at}: its body", schema, _without_nulls(asked))


def _place(method: str, path: str) -> tuple[str, str] | None:
    """Return the operation that a request is for; the longest address holds."""
    found = [
        place
        for place in OPERATIONS
        if place[0] == method and _pattern(place[1]).fullmatch(path)
    ]
    return max(found, key=lambda place: len(place[1]), default=None)


@cache
def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{\w+\\}", ".+", re.escape(path)))


def _answer(operation: Mapping[str, Any], status: int) -> Any:
    answers = operation["responses"]
    return answers.get(str(status)) or answers.get(f"{status // 100}XX")


def _fits(where: str, schema: Mapping[str, Any], text: bytes) -> None:
    value = json.loads(text)
    # Nothing more at the top, either: that would be a member nobody is told of.
    validator = Draft202012Validator({**schema, "unevaluatedProperties": False})
    faults = [
        f"{error.json_path}: {error.message[:300]}"
        for error in validator.iter_errors(_beginning(value))
    ]
    assert not faults, f"{where} is not as described: {'; '.join(faults)}"


def _without_nulls(text: bytes) -> bytes:
    """Return an object without its members that are null, which is as good as none."""
    value = json.loads(text)
    kept = {name: one for name, one in value.items() if one is not None}
    return json.dumps(kept).encode()


def _beginning(value: Any, depth: int = 2) -> Any:
    """Return a value with the beginnings of its long lists."""
    if isinstance(value, list):
        return [_beginning(one, depth) for one in value[:LOOKED_AT]]
    if isinstance(value, dict) and depth:
        return {name: _beginning(one, depth - 1) for name, one in value.items()}
    return value
