"""What Immich sees: one ML server, whatever stands behind it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.demo_requests import TEXTUAL, VISUAL
from tests.fakes import document, serve
from tests.memory_proxy import Proxy, http, photo_form, posted, text_form
from tests.network import Network

Start = Callable[..., Proxy]


@pytest.fixture
def proxy(network: Network, start_proxy: Start) -> Proxy:
    """A proxy before one ML server."""
    serve(network, "gpu")
    return start_proxy(document("gpu"))


def test_it_says_who_it_is(proxy: Proxy) -> None:
    """As an ML server does, to a program that asks for JSON."""
    answer = proxy.get("/", Accept="application/json, */*;q=0.1")
    assert answer.json() == {"message": "Immich ML"}
    assert answer.headers["vary"] == "Accept"


@pytest.mark.parametrize("accept", ["text/html,*/*;q=0.8", "*/*", None])
def test_everybody_else_gets_a_page(proxy: Proxy, accept: str | None) -> None:
    """Somebody who opens the address wants to see what it is, with curl, too."""
    headers = {"Accept": accept} if accept is not None else {}
    answer = proxy.get("/", **headers)
    assert answer.body.endswith(b"</html>\n")
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["vary"].startswith("Accept")


@pytest.mark.parametrize(
    ("path", "status", "size"),
    [("/api/health", 200, 53), ("/ping", 200, 4), ("/no", 404, 14)],
)
def test_head_is_get_without_the_body(
    proxy: Proxy, path: str, status: int, size: int
) -> None:
    """Status and length are told, and the connection stays good for more."""
    client = proxy.send(http("HEAD", path), http("HEAD", path))
    answers = client.answers(bodies=False)
    assert [answer.status for answer in answers] == [status] * 2
    assert [answer.headers["content-length"] for answer in answers] == [str(size)] * 2
    assert len(proxy.get(path).body) == size


@pytest.mark.parametrize(
    ("down", "routing", "told"),
    [
        ((), {"clip": "b"}, None),
        (("c",), {"clip": "b"}, None),
        (("b", "c"), {"clip": "b"}, "clip"),
        (("b",), {"clip": {"backends": ["b"], "fallback": True}}, None),
        (("a", "b"), {"clip": {"backends": ["b"], "fallback": True}}, "default, clip"),
        (("a",), {"clip": "b", "facial_recognition": "a"}, "default, facial-"),
    ],
)
def test_ping_tells_whether_every_route_has_a_healthy_server(
    network: Network,
    start_proxy: Start,
    down: tuple[str, ...],
    routing: dict[str, Any],
    told: str | None,
) -> None:
    """It pings afresh: what was true ten seconds ago does not count."""
    fakes = serve(network, "a", "b", "c")
    proxy = start_proxy(
        document("a", "b", "c", defaultBackend="a", taskRouting=routing)
    )
    assert (proxy.get("/ping").status, proxy.get("/ping").body) == (200, b"pong")
    for name in down:
        fakes[name].ping_status = 500
    answer = proxy.get("/ping")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    if told is None:
        assert (answer.status, answer.body) == (200, b"pong")
    else:
        assert answer.status == 503
        assert answer.body.decode().startswith(f"no machine is up for: {told}")


def test_ping_answers_within_its_time(network: Network, start_proxy: Start) -> None:
    """Immich gives up after 2 s, and would take the proxy for dead."""
    serve(network, "gpu")["gpu"].silent = True
    network.unreachable.add("off")
    proxy = start_proxy(document("gpu", "off"))
    client = proxy.send(http("GET", "/ping"))
    network.advance(1.8)
    assert client.answer.status == 503


def test_a_proxy_without_backends_is_not_well(start_proxy: Start) -> None:
    """It is there, and says what is missing."""
    proxy = start_proxy()
    assert proxy.get("/ping").status == 503
    assert proxy.get("/ping").body == b"no machine is configured"
    answer = proxy.ask(posted(photo_form(VISUAL)))
    assert answer.status == 503
    assert answer.error == "no machine is configured yet; open /config to add one"
    assert answer.headers["retry-after"] == "5"


@pytest.mark.parametrize("path", ["/predict?from=test", "/%70redict"])
def test_other_spellings_of_the_path_are_the_same(proxy: Proxy, path: str) -> None:
    """The work may begin later, but it is done."""
    request = posted(text_form(TEXTUAL)).replace(b"/predict", path.encode(), 1)
    assert list(proxy.ask(request).json()) == ["clip"]


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/predict", 405, {"POST"}),
        ("PUT", "/predict", 405, {"POST"}),
        ("POST", "/ping", 405, {"GET", "HEAD"}),
        ("DELETE", "/", 405, {"GET", "HEAD"}),
        ("GET", "/models", 404, None),
        ("GET", "/predict/", 405, {"POST"}),
    ],
)
def test_what_is_not_there_is_said_to_be_missing(
    proxy: Proxy, method: str, path: str, status: int, allow: set[str] | None
) -> None:
    """404 for a path, 405 for a method, with those that are right."""
    answer = proxy.ask(http(method, path))
    assert answer.status == status
    assert str(status) in answer.body.decode()
    if allow is not None:
        assert set(answer.headers["allow"].split(", ")) == allow
