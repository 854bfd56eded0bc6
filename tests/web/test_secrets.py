"""Headers of backends: sent to them, and shown to nobody else."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from twisted.logger import capturedLogs, formatEvent

from tests.demo_requests import TEXTUAL
from tests.fakes import FakeBackend, document, serve
from tests.memory_proxy import Proxy, posted, text_form
from tests.network import Network

Start = Callable[..., Proxy]

SECRET = "Bearer abc-def-ghi-jkl"
MASKED = {"Authorization": "***", "X-Zone": "***"}
SEARCH = posted(text_form(TEXTUAL))


def guarded(name: str = "a") -> dict[str, Any]:
    """Return a configuration of a backend that wants to see something."""
    config = document(name)
    config["backends"][0]["headers"] = {"Authorization": SECRET, "X-Zone": "attic"}
    return config


@pytest.fixture
def fakes(network: Network) -> dict[str, FakeBackend]:
    """Two ML servers."""
    return serve(network, "a", "b")


@pytest.fixture
def proxy(start_proxy: Start, fakes: dict[str, FakeBackend]) -> Proxy:
    """A proxy whose only backend has headers."""
    return start_proxy(guarded(), "--debug")


def test_they_are_sent_with_every_request(
    proxy: Proxy, fakes: dict[str, FakeBackend]
) -> None:
    """With pings, too; and what the client has for us goes to nobody."""
    proxy.start_checks()
    own = {"Authorization": "Bearer client", "Cookie": "a=b", "X_Zone": "cellar"}
    assert proxy.ask(posted(text_form(TEXTUAL), **own)).status == 200
    assert len(fakes["a"].received) == 2
    for received in fakes["a"].received:
        assert received.headers["authorization"] == SECRET
        assert received.headers["x-zone"] == "attic"
        assert "cookie" not in received.headers


def test_other_backends_do_not_get_them(
    proxy: Proxy, fakes: dict[str, FakeBackend]
) -> None:
    """Not even when the one they are for fails."""
    config = guarded()
    config["backends"].append(document("b")["backends"][0])
    config["defaultBackend"] = ["a", "b"]
    assert proxy.post("/api/config", config).status == 200
    fakes["a"].status = 502
    assert proxy.ask(SEARCH).status == 200
    assert proxy.ask(SEARCH).status == 200
    assert all("authorization" not in one.headers for one in fakes["b"].received)


def test_who_asks_is_not_told(proxy: Proxy, fakes: dict[str, FakeBackend]) -> None:
    """And who saves what was told keeps what there was."""
    shown = proxy.get("/api/config").json()
    assert shown["backends"][0]["headers"] == MASKED
    saved = proxy.post("/api/config", {**shown, "pingTimeout": 2})
    assert saved.json()["backends"][0]["headers"] == MASKED
    kept = json.loads(proxy.file.read_text())["backends"][0]["headers"]
    assert kept == guarded()["backends"][0]["headers"]
    state = proxy.post("/api/backends/a", {"state": "drain"})
    assert "abc-def" not in state.body.decode()
    kept = json.loads(proxy.file.read_text())["backends"][0]["headers"]
    assert kept == guarded()["backends"][0]["headers"]


def test_they_are_kept_for_the_server_that_they_are_for(proxy: Proxy) -> None:
    """The refusal names the field."""
    shown = proxy.get("/api/config").json()
    shown["backends"][0]["url"] = "http://b:3003"
    answer = proxy.post("/api/config", shown)
    assert answer.status == 400
    assert answer.json()["field"] == "backends[0].headers.Authorization"


def test_nothing_of_them_is_recorded_or_logged(
    proxy: Proxy, fakes: dict[str, FakeBackend]
) -> None:
    """Whatever is saved, sent, or told by a server that repeats what it was sent."""
    with capturedLogs() as events:
        proxy.start_checks()
        assert proxy.post("/api/config", guarded()).status == 200
        assert proxy.post("/api/config/check", guarded()).status == 200
        typed = {**guarded(), "backends": [{**guarded()["backends"][0], "uri": 1}]}
        assert proxy.post("/api/config", typed).status == 400
        moved = guarded()
        moved["backends"][0] = {"name": "a", "url": "http://me:ghi-jkl-mno@a:3003"}
        assert proxy.post("/api/config", moved).status == 200
        assert proxy.post("/api/config", guarded()).status == 200
        assert proxy.ask(SEARCH).status == 200
        fakes["a"].status = 401
        fakes["a"].answer = f"you sent {SECRET}: no".encode()
        answer = proxy.ask(SEARCH)
    assert answer.status == 401
    assert answer.body == b"you sent ***: no"
    told = proxy.get("/api/debug/records").body.decode()
    told += proxy.get("/api/status").body.decode()
    told += "".join(formatEvent(event) or "" for event in events)
    assert "you sent ***: no" in told
    for secret in ("abc-def", "ghi-jkl", "attic"):
        assert secret not in told


def test_immichs_key_is_kept_for_its_host(proxy: Proxy) -> None:
    """At another port, but not at another host; there it is typed again."""
    server = {"url": "http://immich:2283", "apiKey": "abc-def-ghi"}
    assert proxy.post("/api/config", {**guarded(), "immich": server}).status == 200
    shown = proxy.get("/api/config").json()
    assert shown["immich"]["apiKey"] == "***"
    for url, key, status in (
        ("http://immich:2284", "***", 200),
        ("http://evil:2283", "***", 400),
        ("http://other:2283", "abc-def-ghi", 200),
    ):
        shown["immich"] = {"url": url, "apiKey": key}
        answer = proxy.post("/api/config", shown)
        assert answer.status == status
    refused = proxy.post(
        "/api/config", {**shown, "immich": {**server, "apiKey": "***"}}
    )
    assert refused.json()["field"] == "immich.apiKey"
    assert "is kept for another host" in refused.error


# --- Versions ---


def test_two_savers_lose_nothing_of_each_other(proxy: Proxy) -> None:
    """The second is told that it is, and nothing is changed."""
    first = proxy.get("/api/config").headers["etag"]
    saved = proxy.post("/api/config", document("a"), **{"If-Match": first})
    assert saved.status == 200
    before = proxy.file.read_bytes()
    late = proxy.post("/api/config", document("b"), **{"If-Match": first})
    assert late.status == 412
    assert "somebody else has changed" in late.error
    assert "nothing was saved" in late.error
    assert "abc-def" not in late.body.decode()
    assert proxy.file.read_bytes() == before
    assert late.headers["etag"] == saved.headers["etag"] != first
    again = proxy.post(
        "/api/config", document("b"), **{"If-Match": late.headers["etag"]}
    )
    assert again.status == 200
    assert proxy.get("/api/config").headers["etag"] == again.headers["etag"]


def test_a_state_is_no_reason_to_refuse_a_save(proxy: Proxy) -> None:
    """It stands in the configuration, and another version has come of it."""
    first = proxy.get("/api/config").headers["etag"]
    state = {"state": "drain"}
    assert proxy.post("/api/backends/a", state).status == 200
    assert proxy.get("/api/config").headers["etag"] != first
    late = proxy.post("/api/config", document("b"), **{"If-Match": first})
    assert late.status == 200
    assert late.json()["merged"] is True


def test_without_a_version_programs_save_as_ever(proxy: Proxy) -> None:
    """As with curl."""
    for name in "ab":
        assert proxy.post("/api/config", document(name)).status == 200
    assert proxy.post("/api/config", document("a"), **{"If-Match": "*"}).status == 200
