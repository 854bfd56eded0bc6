"""What a good configuration says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config.model import Bounds, Config, Route
from immich_ml_proxy.errors import ConfigError

README: dict[str, Any] = {
    "defaultBackend": "backend1",
    "backends": [
        {"name": "backend1", "url": "http://localhost:3003"},
        {"name": "backend2", "url": "http://localhost:3004"},
    ],
    "taskRouting": {"clip": "backend2", "facial_recognition": "backend1"},
}


def parsed(document: dict[str, Any]) -> Config:
    """Return a document's configuration."""
    return config_document.parse(json.dumps(document).encode())


def with_url(url: str) -> str:
    """Return what becomes of a backend's URL."""
    backends = [{"name": "gpu", "url": url}]
    return parsed({"defaultBackend": "gpu", "backends": backends}).backends[0].url


def test_the_readme_configuration_is_complete() -> None:
    """A configuration in the original's form needs nothing more."""
    good = parsed(README)
    assert [backend.name for backend in good.backends] == ["backend1", "backend2"]
    assert good.default == Route("default", ("backend1",))
    assert good.routes == {
        "clip": Route("clip", ("backend2",)),
        "facial-recognition": Route("facial-recognition", ("backend1",)),
    }
    assert (good.health_check_interval, good.request_timeout) == (10, 290)
    assert good.ping_timeout == 1.5
    assert good.max_body_size == 100 * 1024 * 1024
    assert good.max_buffered_bytes == 64 * 1024 * 1024


def test_what_was_saved_is_kept_as_it_was_written() -> None:
    """Spellings, short forms and the order of fields survive."""
    assert json.loads(parsed(README).document) == README
    assert list(json.loads(parsed(README).document)) == list(README)
    assert parsed(README).warnings == ()


@pytest.mark.parametrize("document", [{}, {"backends": None, "defaultBackend": None}])
def test_what_is_shown_has_the_fields_that_clients_expect(
    document: dict[str, Any],
) -> None:
    """Also where nobody has written them; what is saved does not get them by that."""
    none = parsed(document)
    shown = {"defaultBackend": "", "backends": [], "taskRouting": {}}
    assert config_document.shown(none) == shown
    assert not json.loads(none.document).get("taskRouting")
    assert list(config_document.shown(parsed(README)).items()) == list(README.items())
    some = {**README, "taskRouting": None, "pingTimeout": 2}
    assert config_document.shown(parsed(some)) == {**some, "taskRouting": {}}
    assert "taskRouting" not in json.loads(parsed(some).document)


def test_a_byte_order_mark_is_skipped() -> None:
    """Some editors put one before what they save; one is enough."""
    raw = json.dumps(README).encode()
    marked = b"\xef\xbb\xbf" + raw
    assert config_document.parse(marked) == config_document.parse(raw)
    with pytest.raises(ConfigError):
        config_document.parse(b"\xef\xbb\xbf" + marked)


def test_the_answer_to_a_save_can_be_saved_again() -> None:
    """What was told beside the configuration is no part of it."""
    good = parsed({**README, "warnings": ["backends[0].url: http:// was added"]})
    assert json.loads(good.document) == README
    assert good.warnings == ()


@pytest.mark.parametrize(
    "value",
    ["gpu", ["gpu"], {"backends": ["gpu"]}, {"backends": ["gpu"], "spill": False}],
)
def test_a_route_has_three_forms(value: Any) -> None:
    """A name, a list and an object say the same, for a key and for the default."""
    document = {
        "defaultBackend": value,
        "backends": [{"name": "gpu", "url": "http://gpu"}],
        "taskRouting": {"ocr": value},
    }
    assert parsed(document).default == Route("default", ("gpu",))
    assert parsed(document).routes["ocr"] == Route("ocr", ("gpu",))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("http://gpu:3003/", "http://gpu:3003"),
        ("http://gpu:3003//", "http://gpu:3003"),
        ("HTTP://GPU", "http://gpu"),
        (" https://ml.example/immich/ ", "https://ml.example/immich"),
        ("http://[::1]:3003/", "http://[::1]:3003"),
        ("http://192.168.1.20:3003", "http://192.168.1.20:3003"),
        ("http://bücher.example", "http://xn--bcher-kva.example"),
        ("http://my_gpu:3003", "http://my_gpu:3003"),
        ("http://gpu/a%20b", "http://gpu/a%20b"),
        ("http://gpu/bücher", "http://gpu/b%C3%BCcher"),
        ("http://gpu/100%", "http://gpu/100%"),
        ("http://gpu:", "http://gpu"),
        ("http://gpu:1", "http://gpu:1"),
        ("http://gpu:65535/", "http://gpu:65535"),
        ("http://GPU/Ml//", "http://gpu/Ml"),
        ("https://gpu:443", "https://gpu:443"),
    ],
)
def test_a_url_is_normalized(written: str, meant: str) -> None:
    """A trailing slash means nothing; a path prefix is kept; the rest is a URI."""
    assert with_url(written) == meant


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"backends": []},
        {"backends": None, "defaultBackend": None},
        {"backends": [], "defaultBackend": []},
        {"backends": [], "defaultBackend": "", "taskRouting": {}},
    ],
)
def test_no_backends_are_a_configuration_too(document: dict[str, Any]) -> None:
    """That is how the proxy starts, and how a user may leave it."""
    for none in (config_document.empty(), parsed(document)):
        assert (none.default, none.backends, none.routes) == (None, (), {})
        assert none.all_routes == ()
        assert none.health_check_interval == 10


@pytest.mark.parametrize(
    ("field", "name", "values"),
    [
        ("healthCheckInterval", "health_check_interval", [0.1, 1, 86400]),
        ("pingTimeout", "ping_timeout", [0.001, 1.5, 60]),
        ("requestTimeout", "request_timeout", [0.1, 290.5, 86400]),
        ("maxBodySize", "max_body_size", [1024, 2**40]),
        ("maxBufferedBytes", "max_buffered_bytes", [1024, 2**50]),
    ],
)
def test_numbers_have_wide_bounds(field: str, name: str, values: list[float]) -> None:
    """Whoever writes one has a reason; the least and the most are good as well."""
    for value in values:
        assert getattr(parsed({**README, field: value}), name) == value
    assert getattr(parsed({**README, field: None}), name) == getattr(
        parsed(README), name
    )


@pytest.mark.parametrize(
    "name", ["x", "x" * 100, "Großer Rechner", "gpu/1", "7", "日本"]
)
def test_a_backend_may_have_any_name_that_can_be_read(name: str) -> None:
    """Routes name it the same way."""
    good = parsed(
        {"defaultBackend": name, "backends": [{"name": name, "url": "http://gpu"}]}
    )
    assert good.default == Route("default", (name,))


@pytest.mark.parametrize(
    ("field", "name", "values"),
    [
        ("idleTimeout", "idle_timeout", [5, 60.5, 86400]),
        ("headTimeout", "head_timeout", [1, 30, 86400]),
        ("minUploadRate", "min_upload_rate", [0, 1024, 2**30]),
        ("uploadGrace", "upload_grace", [1, 15, 86400]),
        ("maxConnections", "max_connections", [None, 16, 10**6]),
        ("maxConnectionsPerAddress", "max_connections_per_address", [0, 10**6]),
    ],
)
def test_clients_have_bounds(field: str, name: str, values: list[float | None]) -> None:
    """Each has a default, and may be set."""
    assert parsed(README).bounds == Bounds()
    for value in values:
        assert getattr(parsed({**README, field: value}).bounds, name) == value


def test_a_configuration_has_64_backends_at_the_most() -> None:
    """Unless it says otherwise."""
    backends = [{"name": f"b{number}", "url": "http://b"} for number in range(65)]
    some = {"defaultBackend": "b0", "backends": backends[:64]}
    assert len(parsed(some).backends) == 64
    more = {**some, "backends": backends}
    with pytest.raises(ConfigError, match="raise that if they are really yours"):
        parsed(more)
    assert len(parsed({**more, "maxBackends": 65}).backends) == 65


def test_16_pings_are_under_way_at_once() -> None:
    """Unless it says otherwise."""
    assert parsed(README).max_pings == 16
    for value in (1, 10_000):
        assert parsed({**README, "maxPings": value}).max_pings == value


def test_backends_of_a_route_keep_their_order() -> None:
    """It means something to ``in_order``."""
    names = ["backend2", "backend1"]
    good = parsed({**README, "taskRouting": {"ocr": names, "x": {"backends": names}}})
    assert good.routes["ocr"].backends == good.routes["x"].backends == tuple(names)


def test_all_routes_begin_with_the_default() -> None:
    """The others follow as they were written."""
    routing = {"ocr": "backend1", "clip/visual": "backend2", "a_b": "backend2"}
    good = parsed({**README, "taskRouting": routing})
    keys = [route.key for route in good.all_routes]
    assert keys == ["default", "ocr", "clip/visual", "a-b"]


def test_a_configuration_can_be_written_and_read_again() -> None:
    """It is the same then, and is written for people."""
    good = parsed(README)
    assert config_document.parse(good.document) == good
    assert good.document.startswith(b'{\n  "defaultBackend": "backend1"')


def test_the_newest_file_of_the_original_is_read() -> None:
    """Its maps by model type and its policies become routes."""
    good = parsed(
        {
            **README,
            "modelTypeRouting": {"textual": "backend2", "visual": "backend1"},
            "taskRoutingPolicy": {"clip": "strict"},
            "modelTypeRoutingPolicy": {"textual": "fallback", "visual": "strict"},
        }
    )
    assert good.routes["clip/textual"] == Route("clip/textual", ("backend2",))
    assert good.routes["clip/visual"] == Route("clip/visual", ("backend1",))
    assert good.routes["clip"] == Route("clip", ("backend2",))
    assert "modelTypeRouting" not in json.loads(good.document)


def test_maps_that_are_null_are_empty() -> None:
    """The original writes ``null`` for a map that was never used."""
    good = parsed({**README, "taskRouting": None, "modelTypeRouting": None})
    assert good.routes == {}
