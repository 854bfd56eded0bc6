"""Every configuration that is refused, with the field and the reason."""

from __future__ import annotations

import json
from typing import Any

import pytest

from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.errors import ConfigError
from tests.config.documents import GPU, backend, routed, top

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
    (b"{} {}", "", "not JSON"),
    (b'{"requestTimeout": 1e400}', "", "not JSON"),
    (b'{"requestTimeout": NaN}', "", "not JSON"),
    (b'{"maxBodySize": ' + b"9" * 5000 + b"}", "", "not JSON"),
    (b'{"defaultBackend": "\\ud800"}', "", "not JSON"),
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
    (backend(name="gpu\u00a0"), "backends[0].name", "printable"),
    (backend(name=" "), "backends[0].name", "begin or end with a space"),
    (backend(name=".."), "backends[0].name", "must not be . or .."),
    (backend(name="g\npu"), "backends[0].name", "printable"),
    (backend(name="g\x00pu"), "backends[0].name", "printable"),
    (backend(Url="http://gpu"), "backends[0].Url", "no such field"),
    (backend(**{"max concurrent": 1}), 'backends[0]["max concurrent"]', "no such"),
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
    (backend(url="http://gpu:-1"), "backends[0].url", "ort"),
    (backend(url="http://gpu:http"), "backends[0].url", "ort"),
    (backend(url="http://gpu:80:80"), "backends[0].url", "ort"),
    (backend(url="http://gpu:\u0663"), "backends[0].url", "ort"),
    (backend(url="http://:3003"), "backends[0].url", "no host name"),
    (backend(url="http://gpu..lan"), "backends[0].url", "label empty"),
    (backend(url="http://" + "x" * 64), "backends[0].url", "too long"),
    (backend(url="http://a\u2100b"), "backends[0].url", "no URL"),
    (backend(url="http://[fe80::1%eth0]"), "backends[0].url", "no host name"),
    (backend(url="http://gpu\\ml"), "backends[0].url", "character"),
    (backend(url="http://gpu/{id}"), "backends[0].url", "character"),
    (backend(url="http://gpu/\u200b"), "backends[0].url", "character"),
    (backend(url="http:/gpu"), "backends[0].url", "must start with http://"),
    (backend(url="http://@gpu"), "backends[0].url", "password"),
    (backend(url=["http://gpu"]), "backends[0].url", "expected `str`"),
    (backend(url="http://[::1"), "backends[0].url", "no URL"),
    (backend(url="http://me:pw@gpu"), "backends[0].url", "password"),
    (backend(url="http://gpu/?a=b"), "backends[0].url", "no ? and no #"),
    (backend(url="http://gpu/#top"), "backends[0].url", "no ? and no #"),
    (backend(url="http://gpu?"), "backends[0].url", "no ? and no #"),
    (routed("nas"), "taskRouting.clip", "no backend named 'nas'"),
    (routed(["gpu", "nas"]), "taskRouting.clip[1]", "'nas'"),
    (routed([]), "taskRouting.clip", "names no backend"),
    (routed(""), "taskRouting.clip", "no backend named ''"),
    (routed(True), "taskRouting.clip", "must be a backend"),
    (routed(3.5), "taskRouting.clip", "must be a backend"),
    (routed([None]), "taskRouting.clip[0]", "expected `str`"),
    (routed([["gpu"]]), "taskRouting.clip[0]", "expected `str`"),
    (routed(["gpu", "gpu"]), "taskRouting.clip[0]", "'gpu' twice"),
    (routed("GPU"), "taskRouting.clip", "no backend named 'GPU'"),
    (routed("nas", "clip/visual"), 'taskRouting["clip/visual"]', "'nas'"),
    (routed("nas", 'a"b'), r'taskRouting["a\"b"]', "'nas'"),
    (routed("nas", "7"), 'taskRouting["7"]', "'nas'"),
    (routed({}), "taskRouting.clip.backends", "missing"),
    (routed({"backends": []}), "taskRouting.clip", "names no backend"),
    (routed({"backends": [3]}), "taskRouting.clip.backends[0]", "expected `str`"),
    (routed({"backends": ["gpu"] * 2}), "taskRouting.clip.backends[0]", "twice"),
    (
        routed({"backends": ["gpu"], "strategy": None}),
        "taskRouting.clip.strategy",
        "expected `str`",
    ),
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
    (routed("gpu", "  "), 'taskRouting["  "]', "a key must be"),
    (
        top(taskRouting={"facial-recognition": "gpu", "facial_recognition": "gpu"}),
        "taskRouting.facial_recognition",
        "the same key",
    ),
    (
        top(taskRouting={"a/b_c": "gpu", "a/b-c": "gpu"}),
        'taskRouting["a/b-c"]',
        "the same key as 'a/b_c'",
    ),
    (top(taskRouting=[]), "taskRouting", "expected `object`"),
    (top(taskRouting="gpu"), "taskRouting", "expected `object`"),
    (top(healthCheckInterval=86401), "healthCheckInterval", "<= 86400"),
    (top(healthCheckInterval=True), "healthCheckInterval", "expected `float`"),
    (top(requestTimeout=[]), "requestTimeout", "expected `float`"),
    (top(maxBodySize=2**40 + 1), "maxBodySize", "<= 1099511627776"),
    (top(maxBodySize="1 MB"), "maxBodySize", "expected `int`"),
    (top(maxBufferedBytes=1023), "maxBufferedBytes", ">= 1024"),
    (top(maxBufferedBytes=2**64), "maxBufferedBytes", "expected `int`"),
    (top(**{"": 1}), '[""]', "no such field"),
    (top(**{"a`b": 1}), '["a`b"]', "no such field"),
    (top(health_check_interval=1), "health_check_interval", "no such field"),
    (top(healthCheckInterval=0), "healthCheckInterval", ">= 0.1"),
    (top(healthCheckInterval="10"), "healthCheckInterval", "expected `float`"),
    (top(requestTimeout=-1), "requestTimeout", ">= 0.1"),
    (top(maxBodySize=10), "maxBodySize", ">= 1024"),
    (top(maxBodySize=1.5), "maxBodySize", "expected `int`"),
    (top(maxBufferedBytes=True), "maxBufferedBytes", "expected `int`"),
    (top(checkAnswers="FULL"), "checkAnswers", "must be one of full, shape, off"),
    (top(checkAnswers=""), "checkAnswers", "must be one of full, shape, off"),
    (top(checkAnswers=True), "checkAnswers", "expected `str`"),
    (top(colour="red"), "colour", "no such field"),
    (top(modelTypeRouting="gpu"), "modelTypeRouting", "must be an object"),
    (
        top(taskRoutingPolicy={"clip": "perhaps"}),
        "taskRoutingPolicy.clip",
        '"strict" or "fallback"',
    ),
    (
        top(
            taskRouting={"clip": ["nas"]},
            taskRoutingPolicy={"clip": "fallback"},
        ),
        "taskRouting.clip.backends[0]",
        "no backend named 'nas'",
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
    told = f"{field}: {refused.value.reason}" if field else refused.value.reason
    assert (refused.value.status, str(refused.value)) == (400, told)
