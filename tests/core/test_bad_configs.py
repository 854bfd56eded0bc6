"""Every configuration that is refused, with the field and the reason."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.core import config_document
from immich_ml_proxy.core.errors import ConfigError

GPU = {"name": "gpu", "url": "http://gpu:3003"}


def backend(**fields: Any) -> dict[str, Any]:
    """Return a configuration of one backend, ``gpu``, with ``fields``."""
    return {"defaultBackend": "gpu", "backends": [{**GPU, **fields}]}


def routed(value: Any, key: str = "clip") -> dict[str, Any]:
    """Return a configuration with one route."""
    return {"defaultBackend": "gpu", "backends": [GPU], "taskRouting": {key: value}}


def top(**fields: Any) -> dict[str, Any]:
    """Return a configuration with fields at the top level."""
    return {"defaultBackend": "gpu", "backends": [GPU], **fields}


BAD: list[tuple[Any, str, str]] = [
    (b"", "", "not JSON"),
    (b"{", "", "not JSON"),
    (b"\xff\xfe{}", "", "not JSON"),
    (b'{"defaultBackend": "\xff"}', "", "not UTF-8"),
    (b"[]", "", "must be a JSON object"),
    (b"null", "", "must be a JSON object"),
    (b'"gpu"', "", "must be a JSON object"),
    (b"[" * 100_000, "", "not JSON"),
    (b" " * (config_document.MAX_DOCUMENT + 1), "", "bytes long"),
    ({"backends": [GPU]}, "defaultBackend", "missing"),
    (top(defaultBackend=""), "defaultBackend", "missing"),
    (top(defaultBackend=None), "defaultBackend", "missing"),
    (top(defaultBackend="nas"), "defaultBackend", "no backend named 'nas'"),
    (top(defaultBackend=["gpu", "nas"]), "defaultBackend[1]", "'nas'"),
    (top(defaultBackend=[]), "defaultBackend", "names no backend"),
    (top(defaultBackend=["gpu", "gpu"]), "defaultBackend[0]", "twice"),
    (top(defaultBackend=3), "defaultBackend", "must be a backend"),
    (top(defaultBackend=[3]), "defaultBackend[0]", "expected `str`"),
    (top(defaultBackend={}), "defaultBackend.backends", "missing"),
    ({"defaultBackend": "gpu"}, "defaultBackend", "there are no backends"),
    (top(backends={}), "backends", "expected `array`"),
    (top(backends=["gpu"]), "backends[0]", "expected `object`"),
    (top(backends=[GPU, {"name": "nas"}]), "backends[1].url", "missing"),
    (top(backends=[{"url": "http://gpu"}]), "backends[0].name", "missing"),
    (top(backends=[GPU, GPU]), "backends[1].name", "already the name of backends[0]"),
    (backend(name=""), "backends[0].name", "length"),
    (backend(name="x" * 101), "backends[0].name", "length"),
    (backend(name=" gpu"), "backends[0].name", "begin or end with a space"),
    (backend(name="g\npu"), "backends[0].name", "printable"),
    (backend(name=7), "backends[0].name", "expected `str`"),
    (backend(uri="x"), "backends[0].uri", "no such field"),
    (backend(url=None), "backends[0].url", "expected `str`"),
    (backend(url=""), "backends[0].url", "must start with http:// or https://"),
    (backend(url="gpu:3003"), "backends[0].url", "must start with http://"),
    (backend(url="ftp://gpu"), "backends[0].url", "must start with http://"),
    (backend(url="file:///etc/passwd"), "backends[0].url", "must start with http://"),
    (backend(url="http://"), "backends[0].url", "no host name"),
    (backend(url="http:///ml"), "backends[0].url", "no host name"),
    (backend(url="http://g pu"), "backends[0].url", "character"),
    (backend(url="http://gpu\r\nX: y"), "backends[0].url", "character"),
    (backend(url="http://gpu:0"), "backends[0].url", "port 0"),
    (backend(url="http://gpu:65536"), "backends[0].url", "ort"),
    (backend(url="http://gpu:http"), "backends[0].url", "ort"),
    (backend(url="http://[::1"), "backends[0].url", "no URL"),
    (backend(url="http://me:pw@gpu"), "backends[0].url", "password"),
    (backend(url="http://gpu/?a=b"), "backends[0].url", "no ? and no #"),
    (backend(url="http://gpu/#top"), "backends[0].url", "no ? and no #"),
    (routed("nas"), "taskRouting.clip", "no backend named 'nas'"),
    (routed(["gpu", "nas"]), "taskRouting.clip[1]", "'nas'"),
    (routed([]), "taskRouting.clip", "names no backend"),
    (routed(None), "taskRouting.clip", "must be a backend"),
    (routed({"backends": ["nas"]}), "taskRouting.clip.backends[0]", "'nas'"),
    (routed({"backends": "gpu"}), "taskRouting.clip.backends", "expected `array`"),
    (
        routed({"backends": ["gpu"], "strategy": "best"}, "clip/visual"),
        'taskRouting["clip/visual"].strategy',
        "must be one of round_robin",
    ),
    (
        routed({"backends": ["gpu"], "fallback": "yes"}),
        "taskRouting.clip.fallback",
        "expected `bool`",
    ),
    (routed({"backends": ["gpu"], "x": 1}), "taskRouting.clip.x", "no such field"),
    (routed("gpu", ""), 'taskRouting[""]', "a key must be"),
    (
        top(taskRouting={"facial-recognition": "gpu", "facial_recognition": "gpu"}),
        "taskRouting.facial_recognition",
        "the same key",
    ),
    (top(taskRouting=[]), "taskRouting", "expected `object`"),
    (top(healthCheckInterval=0), "healthCheckInterval", ">= 0.1"),
    (top(healthCheckInterval="10"), "healthCheckInterval", "expected `float`"),
    (top(requestTimeout=-1), "requestTimeout", ">= 0.1"),
    (top(maxBodySize=10), "maxBodySize", ">= 1024"),
    (top(maxBodySize=1.5), "maxBodySize", "expected `int`"),
    (top(maxBufferedBytes=True), "maxBufferedBytes", "expected `int`"),
    (top(colour="red"), "colour", "no such field"),
    (top(modelTypeRouting="gpu"), "modelTypeRouting", "must be an object"),
    (
        top(taskRoutingPolicy={"clip": "perhaps"}),
        "taskRoutingPolicy.clip",
        '"strict" or "fallback"',
    ),
]


@pytest.mark.parametrize(("document", "field", "reason"), BAD)
def test_a_bad_configuration_is_refused_by_name(
    document: Any, field: str, reason: str
) -> None:
    """The error names the field by its path, and what is wrong with it."""
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    with pytest.raises(ConfigError) as refused:
        config_document.parse(raw)
    assert refused.value.field == field
    assert reason in refused.value.reason
    assert refused.value.status == 400


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
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
            | st.lists(st.fixed_dictionaries({"name": JSON, "url": JSON})),
            "taskRouting": JSON,
            "requestTimeout": JSON,
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
    else:
        assert config_document.parse(parsed.document) == parsed


@given(st.binary(max_size=200))
def test_any_bytes_are_taken_or_refused(raw: bytes) -> None:
    """Bytes that are no document are refused as well."""
    try:
        config_document.parse(raw)
    except ConfigError as refused:
        assert refused.reason
