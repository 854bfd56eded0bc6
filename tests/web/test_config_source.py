"""Where the configuration comes from, seen over HTTP: file, environment, read-only."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from twisted.logger import capturedLogs, formatEvent

from tests.conftest import Logged
from tests.demo_requests import TEXTUAL, VISUAL
from tests.fakes import FakeBackend, document, serve
from tests.memory_proxy import Proxy, photo_form, posted, text_form
from tests.network import Network

Start = Callable[..., Proxy]

SEARCH = posted(text_form(TEXTUAL))
PICTURE = posted(photo_form(VISUAL))


@pytest.fixture
def fakes(network: Network) -> dict[str, FakeBackend]:
    """Two ML servers."""
    return serve(network, "a", "b")


def events(proxy: Proxy) -> list[str]:
    """Return what the overview says has happened."""
    found = proxy.get("/api/overview").json()["events"]
    return [one["text"] for one in found]


def served_by(proxy: Proxy) -> str:
    """Return the name of the backend that serves a picture."""
    answer = proxy.ask(PICTURE)
    assert answer.status == 200
    return answer.headers["x-immich-ml-backend"]


# --- Reloads --------------------------------------------------------------------------


def test_a_file_that_changes_is_in_force(
    network: Network, start_proxy: Start, fakes: dict[str, FakeBackend]
) -> None:
    """With the next request, and as if it had been saved; the overview tells it."""
    proxy = start_proxy(document("a"))
    proxy.start_checks()
    before = proxy.get("/api/config").headers["etag"]
    assert proxy.ask(PICTURE).json()["clip"] == "a"
    proxy.file.write_text(json.dumps(document("b")))
    network.advance(2)
    assert proxy.ask(PICTURE).json()["clip"] == "b"
    assert proxy.get("/api/config").json() == document("b")
    assert proxy.get("/api/config").headers["etag"] != before
    assert "the configuration was saved by hand, in its file" in events(proxy)
    late = proxy.post("/api/config", document("a"), **{"If-Match": before})
    assert late.status in (200, 412)


def test_a_bad_file_changes_nothing_and_is_told(
    network: Network,
    start_proxy: Start,
    fakes: dict[str, FakeBackend],
    logged: Logged,
) -> None:
    """In the log, in ``configError`` and on the overview, until it is mended."""
    proxy = start_proxy(document("a"))
    proxy.start_checks()
    proxy.file.write_text('{"backends": 3}')
    network.advance(4)
    error = proxy.get("/api/status").json()["configError"]
    assert error.startswith(f"{proxy.file}: backends: ")
    assert proxy.get("/api/overview").json()["configError"] == error
    assert [one for one in events(proxy) if one.startswith("the configuration file is")]
    assert proxy.ask(PICTURE).json()["clip"] == "a"
    [line] = logged.expect()
    assert error in line
    # A state is in force, but does not replace what somebody is typing.
    assert proxy.post("/api/backends/a", {"state": "drain"}).status == 200
    assert proxy.file.read_text() == '{"backends": 3}'
    proxy.file.write_text(json.dumps(document("b")))
    network.advance(2)
    assert proxy.get("/api/status").json()["configError"] is None
    assert proxy.ask(PICTURE).json()["clip"] == "b"


def test_requests_under_way_survive_a_reload(
    network: Network, start_proxy: Start, fakes: dict[str, FakeBackend]
) -> None:
    """They finish with the one before."""
    proxy = start_proxy(document("a"))
    proxy.start_checks()
    fakes["a"].silent = True
    client = proxy.send(PICTURE)
    proxy.file.write_text(json.dumps(document("b")))
    network.advance(2)
    fakes["a"].speak()
    network.flush()
    assert client.answer.json()["clip"] == "a"
    assert proxy.ask(PICTURE).json()["clip"] == "b"


# --- Secrets --------------------------------------------------------------------------

NAMED = "Bearer ${IMMICH_ML_SECRET_NAS}"
SECRET = "s3cr3t-of-the-nas"


def named() -> dict[str, Any]:
    """Return a configuration with the name of a secret."""
    config = document("a")
    config["backends"][0]["headers"] = {"Authorization": NAMED}
    return config


def test_a_secret_is_sent_and_nowhere_else(
    network: Network,
    start_proxy: Start,
    fakes: dict[str, FakeBackend],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its name is kept and shown, whatever is saved."""
    monkeypatch.setenv("IMMICH_ML_SECRET_NAS", SECRET)
    with capturedLogs() as logs:
        proxy = start_proxy(named(), "--debug")
        proxy.start_checks()
        assert proxy.ask(SEARCH).status == 200
        shown = proxy.get("/api/config").json()
        assert shown["backends"][0]["headers"] == {"Authorization": NAMED}
        assert proxy.post("/api/config", {**shown, "pingTimeout": 2}).status == 200
        assert proxy.post("/api/backends/a", {"state": "enabled"}).status == 200
        assert proxy.post("/api/routes/ocr", {"add": "a"}).status == 200
        fakes["a"].status = 401
        fakes["a"].answer = f"you sent {SECRET}: no".encode()
        told = proxy.ask(SEARCH).body.decode()
    assert fakes["a"].received
    for received in fakes["a"].received:
        assert received.headers["authorization"] == f"Bearer {SECRET}"
    written = json.loads(proxy.file.read_text())
    assert written["backends"][0]["headers"] == {"Authorization": NAMED}
    for path in ("debug/records", "status", "config", "overview", "health"):
        told += proxy.get(f"/api/{path}").body.decode()
    told += proxy.file.read_text()
    told += "".join(formatEvent(event) or "" for event in logs)
    assert "you sent ***: no" in told
    assert SECRET not in told


def test_one_that_is_not_set_is_refused_by_its_name(
    network: Network,
    start_proxy: Start,
    fakes: dict[str, FakeBackend],
    monkeypatch: pytest.MonkeyPatch,
    logged: Logged,
) -> None:
    """When it is saved, when the file changes, and at the start."""
    monkeypatch.delenv("IMMICH_ML_SECRET_NAS", raising=False)
    proxy = start_proxy(document("a"))
    proxy.start_checks()
    answer = proxy.post("/api/config", named())
    assert answer.status == 400
    assert "the environment variable IMMICH_ML_SECRET_NAS is not set" in answer.error
    proxy.file.write_text(json.dumps(named()))
    network.advance(4)
    error = proxy.get("/api/status").json()["configError"]
    assert "IMMICH_ML_SECRET_NAS is not set" in error
    again = start_proxy(None)
    error = again.get("/api/status").json()["configError"]
    assert "backends[0].headers.Authorization: the environment variable" in error
    assert again.get("/api/config").json()["backends"] == []
    assert len(logged.expect()) == 2


# --- Read-only ------------------------------------------------------------------------


def test_nothing_is_written_when_it_is_read_only(
    network: Network, start_proxy: Start, fakes: dict[str, FakeBackend], tmp_path: Path
) -> None:
    """Saves, states and routes are 409, and say what to do; reloads still work."""
    left = tmp_path / "config.json.abcd1234.new"
    left.write_text("{")
    proxy = start_proxy(document("a", "b"), "--read-only-config")
    proxy.start_checks()
    before = proxy.file.read_bytes(), proxy.file.stat().st_mtime_ns
    refused = [
        proxy.post("/api/config", document("b")),
        proxy.post("/api/backends/a", {"state": "drain"}),
        proxy.post("/api/routes/ocr", {"remove": "a"}),
    ]
    for answer in refused:
        assert answer.status == 409
        assert f"Change {proxy.file}, which is read again" in answer.error
    status = proxy.get("/api/status").json()
    assert status["readOnly"] == refused[0].error
    assert status["backends"]["a"]["state"] == "enabled"
    assert (proxy.file.read_bytes(), proxy.file.stat().st_mtime_ns) == before
    assert left.exists()
    proxy.file.write_text(json.dumps(document("b")))
    network.advance(2)
    assert proxy.get("/api/config").json() == document("b")


def test_a_file_that_can_be_written_is_said_to_be(start_proxy: Start) -> None:
    """The usual case."""
    assert start_proxy(document("a")).get("/api/status").json()["readOnly"] is None


def test_machines_of_the_environment_are_in_memory(
    network: Network,
    start_proxy: Start,
    fakes: dict[str, FakeBackend],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """What would be written would be an error at the next start, and so it is now."""
    monkeypatch.setenv("IMMICH_ML_BACKENDS", "a:3003,b:3003")
    proxy = start_proxy()
    proxy.start_checks()
    found = {"clip": json.dumps([0.5] * 512), "imageHeight": 1, "imageWidth": 1}
    for fake in fakes.values():
        fake.answer = json.dumps(found).encode()
    assert {served_by(proxy) for _ in range(4)} == {"a", "b"}
    answer = proxy.post("/api/config", document("a"))
    assert answer.status == 409
    assert "IMMICH_ML_BACKENDS" in answer.error
    assert proxy.get("/api/status").json()["readOnly"] == answer.error
    # For maintenance; it is over with the process.
    assert proxy.post("/api/backends/a", {"state": "drain"}).status == 200
    assert {served_by(proxy) for _ in range(4)} == {"b"}
    assert proxy.post("/api/routes/ocr", {"remove": "a"}).status == 200
    network.advance(10)
    assert list(tmp_path.iterdir()) == []


def test_the_schema_is_there_for_editors(start_proxy: Start) -> None:
    """And a file may name it."""
    proxy = start_proxy(document("a"))
    schema = proxy.get("/api/config/schema").json()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    named = {**document("a"), "$schema": "http://proxy:3004/api/config/schema"}
    assert proxy.post("/api/config", named).json() == named
    assert proxy.get("/api/config").json() == named
