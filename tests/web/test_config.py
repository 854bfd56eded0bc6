"""The configuration over HTTP: shown, checked, saved, in force at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from tests.conftest import Logged
from tests.demo_requests import OCR, VISUAL
from tests.fakes import FakeBackend, document, serve
from tests.memory_proxy import Proxy, http, photo_form, posted
from tests.network import Network

Start = Callable[..., Proxy]

REQUEST = posted(photo_form(VISUAL))
EMPTY = {"defaultBackend": "", "backends": [], "taskRouting": {}}
#: Every form of a route, and a URL as people type it.
RICH = {
    "taskRouting": {
        "ocr": ["b", "a"],
        "clip": {"backends": ["b"], "fallback": True},
        "facial_recognition": "a",
    },
    "backends": [
        {"name": "a", "url": "http://a:3003/"},
        {"name": "b", "url": "HTTP://b:3003"},
    ],
    "defaultBackend": "a",
    "requestTimeout": 12.5,
}


@pytest.fixture
def fakes(network: Network) -> dict[str, FakeBackend]:
    """Three ML servers."""
    return serve(network, "a", "b", "c")


@pytest.fixture
def proxy(start_proxy: Start, fakes: dict[str, FakeBackend]) -> Proxy:
    """A proxy that knows two of them and uses the first."""
    return start_proxy(document("a", "b", defaultBackend="a"))


def test_what_was_saved_is_shown(start_proxy: Start) -> None:
    """As it was written: same forms, same order, no defaults filled in."""
    proxy = start_proxy()
    assert proxy.get("/api/config").json() == EMPTY
    assert not proxy.file.exists()
    for shown in (proxy.post("/api/config", RICH), proxy.get("/api/config")):
        assert shown.status == 200
        assert list(shown.json().items()) == list(RICH.items())
        assert shown.headers["cache-control"] == "no-store"
    assert json.loads(proxy.file.read_text()) == RICH


def test_what_had_to_be_mended_is_told(proxy: Proxy) -> None:
    """Beside what is kept, once: the mended form has nothing left to mend."""
    sent = document("a", "b", pingTimeout=2.5)
    sent["backends"][1]["url"] = "b:3003/predict/"
    kept = document("a", "b", pingTimeout=2.5)
    warning = (
        "backends[1].url: http:// was added and /predict/ was cut off; "
        "it is http://b:3003 now"
    )
    answer = proxy.post("/api/config", sent).json()
    places = [{"path": "backends[1].url", "text": warning}]
    assert answer == {**kept, "warnings": [warning], "warningsAt": places}
    assert proxy.get("/api/status").json()["configWarnings"] == [warning]
    assert proxy.get("/api/config").json() == kept
    assert json.loads(proxy.file.read_text()) == kept
    assert proxy.ask(REQUEST).status == 200
    assert proxy.post("/api/config", answer).json() == kept
    assert proxy.get("/api/status").json()["configWarnings"] == []


def test_what_every_client_expects_is_always_shown(proxy: Proxy) -> None:
    """It is not written into what was saved."""
    sent = {"backends": document("a")["backends"], "defaultBackend": "a"}
    shown = {**sent, "taskRouting": {}}
    assert proxy.post("/api/config", sent).json() == sent
    assert proxy.get("/api/config").json() == shown
    assert json.loads(proxy.file.read_text()) == sent
    assert proxy.post("/api/config", {}).json() == {}
    assert proxy.get("/api/config").json() == EMPTY
    assert proxy.post("/api/backends/a", {"state": "drain"}).status == 400


def changed(**fields: Any) -> dict[str, Any]:
    """Return the configuration of the proxy with other fields."""
    return document("a", "b") | fields


def backend(**fields: Any) -> dict[str, Any]:
    """Return it with another second backend."""
    return changed(backends=[document("a")["backends"][0], fields])


@pytest.mark.parametrize(
    ("sent", "field", "told"),
    [
        ([], "", "must be a JSON object"),
        (changed(backend=[]), "backend", "there is no such field"),
        (changed(backends={}), "backends", "a list"),
        (backend(name="b"), "backends[1].url", "missing"),
        (
            backend(name="b", url="ftp://gpu:3003"),
            "backends[1].url",
            "must start with http:// or https://",
        ),
        (backend(name="a", url="http://b"), "backends[1].name", "already the name"),
        (backend(name="", url="http://b"), "backends[1].name", ""),
        (backend(name="b", url="http://b", colour=1), "backends[1].colour", "no such"),
        (changed(defaultBackend="c"), "defaultBackend", "no machine named 'c'"),
        (changed(defaultBackend=None), "defaultBackend", "missing"),
        (changed(taskRouting={"ocr": "c"}), "taskRouting.ocr", "no machine named"),
        (
            changed(taskRouting={"clip/visual": {"backends": ["a", "c"]}}),
            'taskRouting["clip/visual"].backends[1]',
            "no machine named 'c'",
        ),
        (changed(requestTimeout="long"), "requestTimeout", ""),
        (changed(maxBodySize=-1), "maxBodySize", ""),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_changed(
    proxy: Proxy, sent: object, field: str, told: str
) -> None:
    """Neither in the file nor in force."""
    before = proxy.file.read_bytes(), proxy.get("/api/config").body
    answer = proxy.post("/api/config", sent)
    assert answer.status == 400
    assert answer.json()["field"] == field
    assert answer.error.startswith(f"{field}: " if field else "")
    assert told in answer.error
    assert (proxy.file.read_bytes(), proxy.get("/api/config").body) == before
    assert proxy.ask(REQUEST).json()["clip"] == "a"
    assert [one.name for one in proxy.file.parent.iterdir()] == ["config.json"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b"{} {}"])
def test_what_is_no_json_is_refused(proxy: Proxy, body: bytes) -> None:
    """The field is empty then: it is the document that is wrong."""
    answer = proxy.ask(http("POST", "/api/config", body))
    assert answer.status == 400
    assert answer.json() == {"error": answer.error, "field": "", "path": ""}
    assert answer.error.startswith("the configuration is not ")


def test_what_cannot_be_written_is_not_put_in_force(
    proxy: Proxy, full_disk: Callable[[], AbstractContextManager[None]]
) -> None:
    """After the next start it would be gone: better to know now."""
    before = proxy.file.read_bytes(), proxy.get("/api/config").body
    with full_disk():
        answer = proxy.post("/api/config", document("b"))
    assert answer.status == 500
    assert "cannot be written: File too large" in answer.error
    assert (proxy.file.read_bytes(), proxy.get("/api/config").body) == before
    assert proxy.ask(REQUEST).json()["clip"] == "a"


def test_the_next_request_follows_the_new_configuration(proxy: Proxy) -> None:
    """Over a connection that was open before, too."""
    client = proxy.send(REQUEST)
    assert client.answer.json()["clip"] == "a"
    new = document("a", "b", "c", defaultBackend="b", taskRouting={"ocr": "c"})
    assert proxy.post("/api/config", new).status == 200
    client.send(REQUEST, posted(photo_form(OCR)))
    assert [one.headers["x-immich-ml-backend"] for one in client.answers()] == [
        "a",
        "b",
        "c",
    ]


ELSEWHERE = {"name": "a", "url": "http://c:3003"}


@pytest.mark.parametrize(
    "new",
    [document("b"), document(), changed(backends=[ELSEWHERE], defaultBackend="a")],
)
@pytest.mark.parametrize("sent", [REQUEST, REQUEST[:-10]])
def test_requests_under_way_finish_with_the_old_one(
    proxy: Proxy, fakes: dict[str, FakeBackend], new: dict[str, Any], sent: bytes
) -> None:
    """Also when their backend is gone, or elsewhere."""
    fakes["a"].silent = True
    client = proxy.send(sent)
    assert proxy.post("/api/config", new).status == 200
    client.send(REQUEST[len(sent) :])
    fakes["a"].speak()
    proxy.network.flush()
    assert client.answer.json()["clip"] == "a"


@pytest.mark.parametrize(
    ("new", "served"),
    [
        (document("b"), "b"),
        (changed(backends=[ELSEWHERE], defaultBackend="a"), "c"),
        (document("a", "b", "c", taskRouting={"clip": "c"}), "a"),
        (document("b", "c", taskRouting={"clip": "c"}), "c"),
    ],
)
def test_who_waits_for_a_place_is_not_lost(
    proxy: Proxy, fakes: dict[str, FakeBackend], new: dict[str, Any], served: str
) -> None:
    """When its backends are gone, it goes where the new configuration says."""
    old = document("a", "b", defaultBackend="a")
    old["backends"][0]["maxConcurrent"] = 1
    proxy.post("/api/config", old)
    fakes["a"].silent = True
    first, waiting = proxy.send(REQUEST), proxy.send(REQUEST)
    assert fakes["a"].holds == 1
    assert proxy.post("/api/config", new).status == 200
    fakes["a"].speak()
    proxy.network.flush()
    assert first.answer.json()["clip"] == "a"
    assert waiting.answer.json()["clip"] == served


def test_who_waits_gets_a_new_place_at_once(
    proxy: Proxy, fakes: dict[str, FakeBackend]
) -> None:
    """Not when the next request ends."""
    one, two = document("a"), document("a")
    one["backends"][0]["maxConcurrent"] = 1
    two["backends"][0]["maxConcurrent"] = 2
    fakes["a"].silent = True
    proxy.post("/api/config", one)
    for _ in range(2):
        proxy.send(REQUEST)
    assert fakes["a"].holds == 1
    proxy.post("/api/config", two)
    assert fakes["a"].holds == 2


def test_health_and_load_of_what_stays_are_kept(
    proxy: Proxy, fakes: dict[str, FakeBackend]
) -> None:
    """A save is no reason to know less than before; what is new is pinged at once."""
    fakes["b"].ping_status = 500
    proxy.start_checks()
    proxy.network.advance(3)
    fakes["a"].silent = True
    proxy.send(REQUEST)
    proxy.post("/api/config", document("a", "b", "c"))
    health = proxy.get("/api/health").json()
    assert health == {
        "a": {"status": "healthy", "lastCheck": 0, "error": ""},
        "b": {"status": "unhealthy", "lastCheck": 3, "error": "answered 500"},
        "c": {"status": "healthy", "lastCheck": 3, "error": ""},
    }
    status = proxy.get("/api/status").json()["backends"]
    assert [status[name]["inFlight"] for name in "abc"] == [1, 0, 0]


def test_health_is_unknown_until_somebody_has_looked(proxy: Proxy) -> None:
    """The time is 0 then."""
    unknown = {"status": "unknown", "lastCheck": 0, "error": ""}
    assert proxy.get("/api/health").json() == {"a": unknown, "b": unknown}
    proxy.network.advance(1_700_000_000)
    proxy.ask(REQUEST)
    assert proxy.get("/api/health").json()["a"] == {
        "status": "healthy",
        "lastCheck": 1_700_000_000,
        "error": "",
    }


def test_the_last_check_is_told_by_the_wall_clock(proxy: Proxy) -> None:
    """Seconds ago stay seconds ago, whatever it is set to meanwhile."""
    proxy.network.advance(3)
    proxy.start_checks()
    proxy.network.advance(2)
    for ahead in (1_700_000_000, 1_700_000_400, 1_699_996_400):
        proxy.network.ahead = ahead
        assert proxy.get("/api/health").json()["a"]["lastCheck"] == ahead + 3


@pytest.mark.parametrize(
    ("status", "error", "note"),
    [
        (501, "", "cannot: clip/visual (ViT-B-32__openai)"),
        (
            401,
            "needs a login: 401 at /predict",
            "cannot: clip/visual (ViT-B-32__openai)",
        ),
    ],
)
def test_health_tells_what_a_server_cannot_do(
    proxy: Proxy, fakes: dict[str, FakeBackend], status: int, error: str, note: str
) -> None:
    """Beside what is wrong with it, nothing of which is told twice."""
    proxy.post("/api/config", document("a", "b"))
    proxy.start_checks()
    fakes["a"].status = status
    assert proxy.ask(REQUEST).status == 200
    told = proxy.get("/api/health").json()
    assert (told["a"]["error"], told["a"]["note"]) == (error, note)
    assert "note" not in told["b"]


def test_a_broken_file_is_told_until_another_is_saved(
    network: Network, start_proxy: Start, logged: Logged, tmp_path: Any
) -> None:
    """The proxy runs without backends meanwhile; the file is kept."""
    serve(network, "a")
    (tmp_path / "config.json").write_text('{"backends": 3}')
    proxy = start_proxy()
    [told] = logged.expect()
    error = proxy.get("/api/status").json()["configError"]
    assert error == f"{proxy.file}: backends: must be a list ([...]), not 3"
    assert error in told
    assert proxy.get("/api/config").json() == EMPTY
    assert proxy.get("/ping").status == proxy.ask(REQUEST).status == 503
    assert proxy.post("/api/config", document("a")).status == 200
    assert proxy.get("/api/status").json()["configError"] is None
    assert (tmp_path / "config.json.broken").read_text() == '{"backends": 3}'
    assert proxy.ask(REQUEST).status == 200


def test_a_backend_can_be_taken_out_and_put_back(proxy: Proxy) -> None:
    """By a script, before a machine is serviced; it is saved like anything else."""
    proxy.post("/api/config", document("a", "b"))
    proxy.start_checks()
    for state, served in (
        ("drain", {"b"}),
        ("disabled", {"b"}),
        ("enabled", {"a", "b"}),
    ):
        answer = proxy.post("/api/backends/a", {"state": state})
        assert answer.json()["backends"]["a"]["state"] == state
        assert json.loads(proxy.file.read_text())["backends"][0]["state"] == state
        assert {proxy.ask(REQUEST).json()["clip"] for _ in range(4)} == {*served}


@pytest.mark.parametrize(
    ("name", "sent", "told"),
    [
        ("x", {"state": "drain"}, "no machine named 'x'"),
        ("a", {"state": "off"}, 'the body must be like {"state": "drain"}'),
        ("a", {}, 'the body must be like {"state": "drain"}: state: missing'),
        ("a", [], "the body must be like"),
    ],
)
def test_a_state_that_makes_no_sense_is_refused(
    proxy: Proxy, name: str, sent: object, told: str
) -> None:
    """Nothing is changed."""
    before = proxy.file.read_bytes()
    answer = proxy.post(f"/api/backends/{name}", sent)
    assert answer.status == 400
    assert told in answer.error
    assert proxy.file.read_bytes() == before
