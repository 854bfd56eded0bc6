"""What holds for all of the API: who may change something, what is missing."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.fakes import document, serve
from tests.memory_proxy import Proxy, http
from tests.network import Network

Start = Callable[..., Proxy]

#: Everything that changes something.
CHANGES = [
    ("POST", "/api/config", document("b")),
    ("POST", "/api/backends/a", {"state": "drain"}),
    ("POST", "/api/debug/toggle", {"enabled": True}),
    ("POST", "/api/debug/max-records", {"maxRecords": 7}),
    ("DELETE", "/api/debug/records", None),
]


@pytest.fixture
def proxy(network: Network, start_proxy: Start) -> Proxy:
    """A proxy with a record, that records no more."""
    serve(network, "a", "b")
    proxy = start_proxy(document("a", "b"), "--debug")
    proxy.get("/api/health")
    proxy.post("/api/debug/toggle", {"enabled": False})
    return proxy


def state(proxy: Proxy) -> tuple[bytes, ...]:
    """All that can be changed."""
    return (
        proxy.file.read_bytes(),
        proxy.get("/api/config").body,
        proxy.get("/api/debug/status").body,
    )


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("http://proxy:3004", True),
        ("https://PROXY:3004", True),
        ("http://proxy:3005", False),
        ("http://proxy", False),
        ("http://evil.example", False),
        ("http://proxy:3004.evil.example", False),
        ("null", False),
        ("", False),
    ],
)
@pytest.mark.parametrize(("method", "path", "value"), CHANGES)
def test_a_page_of_another_site_may_change_nothing(
    proxy: Proxy,
    method: str,
    path: str,
    value: object,
    origin: str,
    allowed: bool,
) -> None:
    """Its reader's browser can reach the proxy, and there is no password."""
    body = json.dumps(value).encode()
    before = state(proxy)
    answer = proxy.ask(http(method, path, body, {"Origin": origin}))
    if allowed:
        assert answer.status == 200
        assert state(proxy) != before
    else:
        assert answer.status == 403
        assert answer.error == "a page of another site may not change anything here"
        assert state(proxy) == before


def test_anybody_may_look(proxy: Proxy) -> None:
    """Browsers keep a foreign page from reading the answer."""
    for path in ("/api/config", "/api/health", "/api/status", "/api/debug/records"):
        answer = proxy.get(path, Origin="http://evil.example")
        assert answer.status == 200
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/api", 404, None),
        ("GET", "/api/", 404, None),
        ("GET", "/api/nothing", 404, None),
        ("POST", "/api/debug", 404, None),
        ("DELETE", "/api/config", 405, "GET, HEAD, POST"),
        ("POST", "/api/health", 405, "GET, HEAD"),
        ("GET", "/api/debug/toggle", 405, "POST"),
        ("PUT", "/api/debug/records", 405, "DELETE, GET, HEAD"),
    ],
)
def test_what_is_missing_is_said_in_json(
    proxy: Proxy, method: str, path: str, status: int, allow: str | None
) -> None:
    """A program reads it."""
    answer = proxy.ask(http(method, path, b"{}"))
    assert answer.status == status
    if allow is None:
        assert answer.body.startswith((b'{"error":"404 Not Found"', b"404 Not Found"))
    else:
        assert answer.error == f"405 Method Not Allowed: use {allow}"
        assert set(answer.headers["allow"].split(", ")) == set(allow.split(", "))


@pytest.mark.parametrize("path", ["/api/config", "/api/health", "/api/debug/status"])
def test_head_tells_what_get_would(proxy: Proxy, path: str) -> None:
    """The same headers, and no body."""
    [head] = proxy.send(http("HEAD", path)).answers(bodies=False)
    got = proxy.get(path)
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(got.body))
    assert head.headers["content-type"] == got.headers["content-type"]


@pytest.mark.parametrize(
    ("origin", "status"), [("http://ml.home", 200), ("http://proxy:3004", 403)]
)
def test_a_target_that_names_a_host_is_believed(
    proxy: Proxy, origin: str, status: int
) -> None:
    """More than ``Host``, which some clients set to whatever they like."""
    body = json.dumps(document("b")).encode()
    sent = http("POST", "http://ml.home/api/config", body, {"Origin": origin})
    assert proxy.ask(sent).status == status
