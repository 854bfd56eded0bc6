"""Documents that nobody would write: taken or refused, and nothing else."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config.model import Backend
from immich_ml_proxy.errors import ConfigError
from tests.config.documents import backend, top


@pytest.mark.parametrize(
    "place", ["defaultBackend", "backends", "taskRouting", "modelTypeRouting", "x"]
)
def test_no_depth_is_too_much(place: str) -> None:
    """However deeply it is nested: it is refused and nothing else."""
    empty = json.dumps({**top(), place: 0})
    # Where the depth of the stack ends depends on who calls.
    for depth in (5, 100, *range(850, 1030), 5000):
        nested = "[" * depth + "]" * depth
        for value in (nested, '{"clip": ' + nested + "}"):
            raw = empty.replace(f'"{place}": 0', f'"{place}": {value}')
            with pytest.raises(ConfigError):
                config_document.parse(raw.encode())


#: What msgspec says.
LIBRARY = re.compile(r"[Ee]xpected `|Object (missing|contains)|JSON is malformed")

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=20), inner, max_size=4)
    ),
    max_leaves=10,
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "defaultBackend": JSON,
            "backends": JSON
            | st.lists(st.fixed_dictionaries({"name": JSON, "url": JSON}))
            | st.lists(
                st.fixed_dictionaries(
                    {"name": st.just("a"), "url": st.just("http://a")},
                    optional=dict.fromkeys(Backend.__struct_encode_fields__[2:], JSON),
                ),
                max_size=1,
            ),
            "taskRouting": JSON | st.dictionaries(st.text(max_size=9), JSON),
            "requestTimeout": JSON,
            "immich": JSON | st.fixed_dictionaries({"url": JSON, "apiKey": JSON}),
            "maxConnections": JSON,
            "checkAnswers": JSON,
            "modelTypeRouting": JSON,
            "taskRoutingPolicy": JSON,
        },
    )
)
def test_whatever_is_saved_is_taken_or_refused(document: dict[str, Any]) -> None:
    """Nothing but a configuration or a ``ConfigError`` ever comes of a document."""
    try:
        parsed = config_document.parse(json.dumps(document).encode())
    except ConfigError as refused:
        assert refused.reason
        assert not LIBRARY.search(refused.reason)
    else:
        assert config_document.parse(parsed.document) == parsed


@given(st.binary(max_size=200))
def test_any_bytes_are_taken_or_refused(raw: bytes) -> None:
    """Bytes that are no document are refused as well."""
    try:
        config_document.parse(raw)
    except ConfigError as refused:
        assert refused.reason


URL = st.text(max_size=30).map("http://".__add__) | st.from_regex(
    r"\Ahttps?://[a-z0-9\[\].:%@_-]{0,12}(/[^\n]{0,9})?\Z"
)


@given(URL)
def test_any_url_is_taken_or_refused(url: str) -> None:
    """One that is taken is ASCII, ends with its path, and stays as it is then."""
    try:
        [good] = config_document.parse(json.dumps(backend(url=url)).encode()).backends
    except ConfigError as refused:
        assert refused.field == "backends[0].url"
        return
    assert good.url.isascii()
    assert good.url.isprintable()
    assert good.url.startswith(("http://", "https://"))
    assert not good.url.endswith("/")
    assert not set(good.url) & set(" ?#\\")
    assert "@" not in urlsplit(good.url).netloc
    [again] = config_document.parse(json.dumps(backend(url=good.url)).encode()).backends
    assert again.url == good.url


BACKEND = st.fixed_dictionaries(
    {"name": st.just("gpu"), "url": st.just("http://gpu")},
    optional={
        "state": JSON,
        "weight": JSON,
        "maxConcurrent": JSON,
        "limits": JSON | st.dictionaries(st.text(max_size=9), JSON),
        "abilities": JSON | st.fixed_dictionaries({"tasks": JSON, "models": JSON}),
        "wakeOnLan": JSON | st.fixed_dictionaries({"mac": JSON, "broadcast": JSON}),
    },
)
ROUTE = st.fixed_dictionaries(
    {"backends": st.just(["gpu"])},
    optional=dict.fromkeys(
        ["strategy", "fallback", "spill", "holdSeconds", "maxWaiting", "hedgeAfterMs"],
        JSON,
    ),
)


@given(BACKEND, ROUTE, st.text(max_size=9))
def test_any_fields_are_taken_or_refused(
    one: dict[str, Any], route: dict[str, Any], key: str
) -> None:
    """The field that is named is one of those that were written."""
    document = {"defaultBackend": route, "backends": [one], "taskRouting": {key: route}}
    try:
        config_document.parse(json.dumps(document).encode())
    except ConfigError as refused:
        assert refused.field.startswith(("defaultBackend.", "backends[0].", "taskRout"))
