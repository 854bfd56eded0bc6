"""What the JSON Schema of a configuration takes is what the proxy takes."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config.document import DocumentFields
from immich_ml_proxy.config.model import Backend
from immich_ml_proxy.config.schema import schema
from immich_ml_proxy.errors import ConfigError
from tests.config.documents import GPU, backend, routed, top
from tests.config.test_bad_configs import BAD

SCHEMA = schema()
VALIDATOR = Draft202012Validator(SCHEMA)

#: Every field is in it, with a value that is not its default.
RICH: dict[str, Any] = {
    "$schema": "http://proxy:3004/api/config/schema",
    "defaultBackend": ["gpu", "nas"],
    "backends": [
        {
            **GPU,
            "resolve": "all",
            "state": "disabled",
            "disabledUntil": 1_800_000_000,
            "windows": ["Mon-Fri 22:00-07:00"],
            "pings": "on demand",
            "sleepHook": "http://gpu:8000/sleep",
            "idleMinutes": 0.5,
        },
        {
            "name": "nas",
            "url": "https://nas:3003",
            "state": "drain",
            "weight": 2.5,
            "maxConcurrent": 3,
            "limits": {"ocr": 1},
            "wakeOnLan": {
                "mac": "00:11:22:aa:bb:cc",
                "broadcast": "192.168.1.255",
                "port": 7,
            },
            "abilities": {"tasks": ["clip"], "models": {"clip": ["o/ViT-B-32"]}},
            "headers": {"Authorization": "Bearer ${IMMICH_ML_SECRET_NAS}", "X": "a$$"},
            "caFile": "/etc/ca.pem",
        },
    ],
    "taskRouting": {
        "clip": {
            "backends": ["gpu", "nas"],
            "strategy": "in_order",
            "fallback": True,
            "spill": True,
            "maxWaiting": 3,
            "holdSeconds": 12.5,
            "hedgeAfterMs": 300,
        },
        "ocr": "nas",
        "facial-recognition": ["gpu"],
    },
    "healthCheckInterval": 5,
    "pingTimeout": 2.5,
    "requestTimeout": 100,
    "maxBodySize": 2048,
    "maxBufferedBytes": 4096,
    "checkAnswers": "off",
    "immich": {"url": "http://immich:2283", "apiKey": "abc"},
    "notify": [
        {
            "url": "https://ntfy.sh/${IMMICH_ML_SECRET_TOPIC}",
            "format": "ntfy",
            "events": ["down"],
            "headers": {"Authorization": "Bearer abc"},
        }
    ],
    "maxBackends": 12,
    "maxPings": 4,
    "idleTimeout": 30,
    "headTimeout": 10,
    "minUploadRate": 0,
    "uploadGrace": 3,
    "maxConnections": 100,
    "maxConnectionsPerAddress": 3,
}

#: Where more is checked than a schema can say: names that are used are there, and once,
#: in whatever spelling; what a URL is, a file is for, or a name looks like.
BEYOND = re.compile(
    r"""
    (defaultBackend|taskRouting([.].+|\[".*"\]))([.]backends)?(\[\d+\])?
    | backends
    | backends\[\d+\][.](name|url|limits|caFile|resolve|headers([.].+|\[.*\])?)
    | backends\[\d+\][.]abilities[.](tasks|models)([.].+|\[.*\])*
    | backends\[\d+\][.](sleepHook|windows(\[\d+\])?)
    | immich[.](url|apiKey)
    | notify\[\d+\][.](url|headers([.].+|\[.*\])?)
    """,
    re.VERBOSE | re.DOTALL,
)


def refusal(document: Any) -> ConfigError | None:
    """Return why the proxy refuses a document."""
    try:
        config_document.parse(json.dumps(document).encode())
    except ConfigError as error:
        return error
    return None


def agrees(document: Any) -> None:
    """Fail when only one of the two takes a document, but for what is beyond."""
    refused, is_valid = refusal(document), VALIDATOR.is_valid(document)
    if refused is None:
        problems = [error.message for error in VALIDATOR.iter_errors(document)]
        assert is_valid, problems
    elif is_valid:
        assert BEYOND.fullmatch(refused.field), str(refused)


def test_it_is_a_schema() -> None:
    """By the rules that it names itself."""
    Draft202012Validator.check_schema(SCHEMA)


def test_what_has_every_field_is_taken() -> None:
    """And every field is described, those of a backend, too."""
    assert refusal(RICH) is None
    agrees(RICH)
    assert {*SCHEMA["properties"]} == {*DocumentFields.__struct_encode_fields__}
    backend_fields = {*SCHEMA["$defs"]["backend"]["properties"]}
    assert backend_fields == {*Backend.__struct_encode_fields__}


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"backends": None, "defaultBackend": None},
        {"defaultBackend": "", "backends": [], "taskRouting": {}},
        top(),
        backend(headers={"Authorization": "***"}),
        backend(abilities=None, wakeOnLan=None, caFile=None),
        backend(url="gpu:3003/predict", maxConcurrent="auto"),
        backend(url="http://me:pw@gpu:3003"),
        routed({"backends": ["gpu"], "holdSeconds": "auto", "hedgeAfterMs": None}),
        top(immich=None, maxConnections=None, pingTimeout=None),
    ],
)
def test_what_is_taken_is_valid(document: Any) -> None:
    """Short forms and empty ones as well."""
    assert refusal(document) is None
    agrees(document)


@pytest.mark.parametrize(
    ("document", "field", "reason"),
    [case for case in BAD if not isinstance(case[0], bytes)],
)
def test_what_is_refused_is_invalid(document: Any, field: str, reason: str) -> None:
    """Every refusal that a schema can say."""
    if "modelTypeRouting" not in json.dumps(document):
        agrees(document)


@pytest.mark.parametrize(
    "document",
    [
        backend(name=""),
        backend(name=" gpu"),
        backend(name=".."),
        backend(url=""),
        backend(colour="red"),
        backend(state="off"),
        backend(weight=0),
        backend(limits={"ocr": 0}),
        backend(maxConcurrent="many"),
        backend(headers={"Host": "a"}),
        backend(headers={"hOST": "a"}),
        backend(headers={"a b": "c"}),
        backend(headers={"A": "line\nbreak"}),
        backend(headers={"A": ""}),
        backend(headers={"A": "${HOME}"}),
        backend(headers={"A": "${IMMICH_ML_SECRET_A"}),
        backend(wakeOnLan={"mac": "00:11"}),
        backend(wakeOnLan={"mac": "00:11:22:aa-bb:cc"}),
        backend(wakeOnLan={"mac": "001122aabbcc", "broadcast": "nas"}),
        backend(abilities={"tasks": []}),
        backend(abilities={"tasks": ["a/b"]}),
        backend(abilities={"models": {"clip": []}}),
        backend(abilities={"models": {"clip": ["owner/"]}}),
        backend(caFile="ca.pem"),
        routed({"backends": ["gpu"], "strategy": "random"}),
        routed({"backends": ["gpu", "gpu"]}),
        routed({"backends": []}),
        routed({"backends": ["gpu"], "holdSeconds": 281}),
        routed({"backends": ["gpu"], "holdSeconds": "long"}),
        routed([]),
        routed(3),
        routed(None),
        routed(""),
        routed("gpu", " "),
        {"backends": [GPU]},
        {"backends": [GPU], "defaultBackend": ""},
        {"defaultBackend": "gpu"},
        top(notify={}),
        top(notify=[{}]),
        top(notify=[{"url": "http://a", "format": "mail"}]),
        top(notify=[{"url": "http://a", "events": ["up"]}]),
        top(notify=[{"url": "http://a", "headers": {"A": "${HOME}"}}]),
        top(notify=[{"url": "http://a"}] * 21),
        backend(windows="22:00-07:00"),
        backend(windows=["22:00-07:00"] * 51),
        backend(pings="never"),
        backend(idleMinutes=0),
        backend(disabledUntil="soon"),
        top(checkAnswers="loose"),
        top(pingTimeout=0),
        top(pingTimeout="1"),
        top(immich={"url": "http://i"}),
        top(immich={"url": "http://i", "apiKey": ""}),
        top(immich={"url": "http://i", "apiKey": "***"}),
        top(immich={"url": "http://i", "apiKey": "a b"}),
        top(immich={"url": "http://i", "apiKey": "${PATH}"}),
        top(**{"$schema": 3}),
        top(colour="red"),
        [],
    ],
)
def test_both_refuse(document: Any) -> None:
    """An editor shows at once what the proxy would say at the end."""
    assert refusal(document) is not None
    assert not VALIDATOR.is_valid(document)


#: No floats that are whole: JSON Schema takes 3.0 for an integer, the proxy does not.
_NUMBER = (
    st.integers(-2, 20)
    | st.integers()
    | st.floats(-1, 1e6).filter(lambda number: number != int(number))
)
_JSON = st.recursive(
    st.none() | st.booleans() | _NUMBER | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner)
    ),
    max_leaves=4,
)
_LIKELY = st.sampled_from(
    [
        *["gpu", "nas", "auto", "drain", "full", "", " ", "***", "$$", "${HOME}"],
        *["http://nas:3003", "nas:3003", "in_order", "clip", "a/b", "/ca.pem"],
        *[["gpu"], ["gpu", "gpu"], [], {}, None, True, 0, 1, 16, 1024, 0.5, 10**9],
        *["255.255.255.255", "00-11-22-aa-bb-cc", "${IMMICH_ML_SECRET_A}"],
        *[{"backends": ["gpu"]}, {"clip": ["a"]}, {"A": "b"}, {"mac": "001122aabbcc"}],
    ]
)
_KEYS = st.sampled_from(
    ["name", "url", "tasks", "backends", "X-A", "Host", "clip", "", "colour"]
) | st.text(max_size=4)


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Return the paths of all that is in a document."""
    yield path
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, one in inner:
        yield from _places(one, (*path, key))


PLACES = sorted(_places(RICH), key=str)


@settings(max_examples=400)
@given(
    st.sampled_from(PLACES),
    st.sampled_from(["replaced", "removed", "added"]),
    _KEYS,
    _LIKELY | _JSON,
)
def test_whatever_is_changed_both_take_it_or_none(
    place: tuple[Any, ...], what: str, key: str, value: Any
) -> None:
    """One thing is changed in a document that has every field."""
    document = copy.deepcopy(RICH)
    within: Any = document
    for step in place[:-1]:
        within = within[step]
    last = place[-1] if place else None
    if what == "added":
        target = within[last] if place else document
        # What is null at the top level is read over, whatever it is called.
        if isinstance(target, dict) and (place or value is not None):
            target[key] = value
        elif isinstance(target, list):
            target.append(value)
    elif place and what == "removed":
        del within[last]
    elif place:
        within[last] = value
    agrees(document)
