"""Recording over HTTP: the switch, the limit, and what stands in the records."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest

from tests.demo_requests import OCR, TEXTUAL, VISUAL
from tests.fakes import FakeBackend, document, serve
from tests.memory_proxy import (
    PICTURE,
    Answer,
    Proxy,
    http,
    photo_form,
    posted,
    text_form,
)
from tests.network import Network

Start = Callable[..., Proxy]

OFF = {"enabled": False, "maxRecords": 10_000, "recordCount": 0}


def status(answer: Answer) -> dict[str, Any]:
    """Return what an answer tells of the state, but for the sizes."""
    told: dict[str, Any] = answer.json()
    assert told.pop("bounds") == {"bytes": 64 * 2**20, "pictureBytes": 16 * 2**20}
    assert told.pop("pictureBytes") <= told.pop("bytes")
    return told


@pytest.fixture
def fakes(network: Network) -> dict[str, FakeBackend]:
    """Two ML servers."""
    return serve(network, "a", "b")


@pytest.fixture
def proxy(start_proxy: Start, fakes: dict[str, FakeBackend]) -> Proxy:
    """A proxy that records; clip goes to the second server."""
    routes = {"clip": "b"}
    return start_proxy(document("a", "b", taskRouting=routes), "--debug")


def records(proxy: Proxy) -> list[dict[str, Any]]:
    """Return what was recorded, oldest first."""
    shown: list[dict[str, Any]] = proxy.get("/api/debug/records").json()
    return shown


def urls(proxy: Proxy) -> list[str]:
    """Return the URLs of all records."""
    return [record["request"]["url"] for record in records(proxy)]


def test_nothing_is_recorded_until_it_is_switched_on(
    start_proxy: Start, fakes: dict[str, FakeBackend]
) -> None:
    """And nothing after it is switched off; what was recorded stays."""
    proxy = start_proxy(document("a", "b"))
    assert status(proxy.get("/api/debug/status")) == OFF
    proxy.get("/ping")
    assert records(proxy) == []
    answer = proxy.post("/api/debug/toggle", {"enabled": True})
    assert status(answer) == OFF | {"enabled": True}
    proxy.ask(posted(text_form(TEXTUAL)))
    answer = proxy.post("/api/debug/toggle", {"enabled": False})
    assert status(answer) == OFF | {"recordCount": 1}
    proxy.ask(posted(text_form(TEXTUAL)))
    assert urls(proxy) == [f"http://{fakes['a'].journal[0]}:3003/predict", "/predict"]


@pytest.mark.parametrize("path", ["/debug", "/api/debug/status", "/api/overview"])
def test_what_pages_ask_for_all_the_time_is_not_recorded(
    proxy: Proxy, path: str
) -> None:
    """A page that is left open would push out what is looked for."""
    before = len(records(proxy))
    assert proxy.get(path).status == 200
    assert len(records(proxy)) == before


def test_the_command_line_can_switch_it_on(proxy: Proxy) -> None:
    """To see the first request of all."""
    assert status(proxy.get("/api/debug/status")) == OFF | {"enabled": True}


def test_a_request_that_began_before_is_not_recorded(
    start_proxy: Start, fakes: dict[str, FakeBackend]
) -> None:
    """Half of it would be missing."""
    proxy = start_proxy(document("a", "b"))
    fakes["a"].silent = True
    client = proxy.send(posted(text_form(TEXTUAL)))
    proxy.post("/api/debug/toggle", {"enabled": True})
    fakes["a"].speak()
    proxy.network.flush()
    assert client.answer.status == 200
    assert records(proxy) == []


def test_a_record_tells_the_wall_clock(
    proxy: Proxy, fakes: dict[str, FakeBackend]
) -> None:
    """When it began, by the time of day; how long it took, by the other clock."""
    proxy.network.ahead = 1_769_860_800  # 2026-01-31 12:00:00 UTC
    fakes["b"].silent = True
    proxy.send(posted(text_form(TEXTUAL)))
    proxy.network.advance(2)
    fakes["b"].speak()
    proxy.network.flush()
    told = [
        (record["type"], record["timestamp"], record["durationMs"])
        for record in records(proxy)
    ]
    assert told == [
        ("outgoing", "2026-01-31T12:00:00.000Z", 2000),
        ("incoming", "2026-01-31T12:00:00.000Z", 2000),
    ]


def test_the_limit_drops_the_oldest(proxy: Proxy) -> None:
    """At once, and from then on."""
    for number in range(5):
        proxy.get(f"/api/health?number={number}")
    answer = proxy.post("/api/debug/max-records", {"maxRecords": 3})
    assert status(answer) == {"enabled": True, "maxRecords": 3, "recordCount": 3}
    proxy.get("/api/health?number=5")
    assert urls(proxy) == [
        "/api/health?number=3",
        "/api/health?number=4",
        "/api/health?number=5",
    ]


def test_clearing_forgets_all(proxy: Proxy) -> None:
    """Numbers go on: a page must not take a new record for an old one."""
    proxy.get("/api/health")
    [before] = records(proxy)
    assert proxy.ask(http("DELETE", "/api/debug/records")).json()["recordCount"] == 0
    assert records(proxy) == []
    proxy.get("/api/health")
    [after] = records(proxy)
    assert after["id"] > before["id"]


@pytest.mark.parametrize(
    ("path", "sent", "told"),
    [
        ("toggle", {"enabled": 1}, "enabled: must be true or false, not 1"),
        ("toggle", {}, "enabled: missing"),
        ("toggle", {"enabled": True, "more": 1}, "more: there is no such field"),
        ("toggle", [], "it must be an object"),
        ("max-records", {"maxRecords": 0}, "maxRecords: must be a number from 1 to"),
        ("max-records", {"maxRecords": 10_001}, "from 1 to 10000"),
        ("max-records", {"maxRecords": -1}, "from 1 to 10000"),
        ("max-records", {"maxRecords": "5"}, "must be a whole number"),
        ("max-records", {"maxRecords": 1.5}, "must be a whole number"),
        ("max-records", {"enabled": True}, "enabled: there is no such field"),
    ],
)
def test_what_makes_no_sense_is_refused(
    proxy: Proxy, path: str, sent: object, told: str
) -> None:
    """With the reason, and nothing is changed."""
    before = proxy.get("/api/debug/status").json()
    answer = proxy.post(f"/api/debug/{path}", sent)
    assert answer.status == 400
    assert told in answer.error
    assert proxy.get("/api/debug/status").json() == before


@pytest.mark.parametrize("number", [1, 10_000])
def test_the_limits_of_the_limit_are_taken(proxy: Proxy, number: int) -> None:
    """As the README has them."""
    answer = proxy.post("/api/debug/max-records", {"maxRecords": number})
    assert answer.json()["maxRecords"] == number


@pytest.mark.parametrize("body", [b"", b"\xff", b"{", b"[" * 100_000])
@pytest.mark.parametrize("path", ["toggle", "max-records"])
def test_what_is_no_json_is_refused(proxy: Proxy, path: str, body: bytes) -> None:
    """Like any other mistake."""
    answer = proxy.ask(http("POST", f"/api/debug/{path}", body))
    assert answer.status == 400
    assert answer.error.startswith("the body must be like {")


def test_a_predict_and_what_it_caused_share_a_trace(
    proxy: Proxy, fakes: dict[str, FakeBackend]
) -> None:
    """Every request to a backend, failed ones too, and the client's own."""
    fakes["b"].status = 422
    proxy.ask(posted(photo_form(OCR), X_Request_ID="ocr-1"))
    proxy.ask(posted(photo_form(VISUAL), X_Request_ID="clip-1"))
    told = [
        (
            record["traceId"],
            record["type"],
            record["backend"],
            record["response"]["statusCode"],
        )
        for record in records(proxy)
    ]
    assert told == [
        ("ocr-1", "outgoing", "a", 200),
        ("ocr-1", "incoming", "a", 200),
        ("clip-1", "outgoing", "b", 422),
        ("clip-1", "incoming", "b", 422),
    ]


def test_a_failover_shows_every_attempt(
    network: Network, start_proxy: Start, fakes: dict[str, FakeBackend]
) -> None:
    """With the reason where there was no answer."""
    proxy = start_proxy(document("a", "b"), "--debug")
    fakes["a"].silent = True
    client = proxy.send(posted(photo_form(VISUAL), X_Request_ID="one"))
    network.to("a")[0].drop()
    network.flush()
    assert client.answer.status == 200
    mine = [record for record in records(proxy) if record["traceId"] == "one"]
    assert [(record["backend"], record["error"]) for record in mine] == [
        ("a", "is gone: the connection broke without an answer"),
        ("b", None),
        ("b", None),
    ]
    assert mine[0]["response"] is None


def test_a_ping_and_the_health_checks_it_caused_share_a_trace(proxy: Proxy) -> None:
    """And rounds of the timer have one of their own."""
    proxy.ask(http("GET", "/ping", headers={"X-Request-ID": "ping-1"}))
    shown = records(proxy)
    assert [record["request"]["url"] for record in shown] == [
        "http://a:3003/ping",
        "http://b:3003/ping",
        "/ping",
    ]
    assert {record["traceId"] for record in shown} == {"ping-1"}
    proxy.start_checks()
    one, other = records(proxy)[3:]
    assert one["traceId"] == other["traceId"] != "ping-1"


def test_pictures_are_shown_by_size_and_digest(proxy: Proxy) -> None:
    """In both directions; the text of the form is shown as it is."""
    proxy.ask(posted(photo_form(VISUAL)))
    for record in records(proxy):
        entries, image = record["request"]["body"]["parts"]
        assert '"visual"' in entries["value"]
        assert (image["size"], image["value"]) == (len(PICTURE), None)
        assert image["sha256"] == sha256(PICTURE).hexdigest()
        assert record["response"]["body"]["kind"] == "text"
        assert '"clip": "b"' in record["response"]["body"]["text"]


def test_a_group_is_shown_with_the_entries_it_was_sent(proxy: Proxy) -> None:
    """Not with those of the whole request."""
    proxy.ask(posted(photo_form(VISUAL | OCR)))
    shown = {
        record["backend"]: record["request"]["body"]["parts"][0]["value"]
        for record in records(proxy)
    }
    assert [
        sorted(task for task in ("clip", "ocr") if task in shown[name])
        for name in ("a", "b", "b, a")
    ] == [["ocr"], ["clip"], ["clip", "ocr"]]


def test_secrets_are_masked(proxy: Proxy) -> None:
    """In headers, URLs and bodies."""
    secret = "p4ssw0rd"
    headers = {"Authorization": f"Bearer {secret}", "Cookie": f"a={secret}"}
    proxy.ask(http("GET", f"/api/health?token={secret}", headers=headers))
    proxy.post("/api/config", document("a") | {"password": secret})
    answer = proxy.get("/api/debug/records")
    assert answer.body.count(b"***") == 4
    assert secret.encode() not in answer.body


@pytest.mark.parametrize(
    ("path", "recorded"),
    [
        ("/", True),
        ("/ping", True),
        ("/config", True),
        ("/api/config", True),
        ("/api/health", True),
        ("/nothing", True),
        ("/debug", False),
        ("/debug?filter=1", False),
        ("/api/debug/status", False),
        ("/api/debug/records", False),
        ("/api/debug/nothing", False),
        ("/static/shared/base.css", False),
    ],
)
def test_looking_at_records_makes_none(proxy: Proxy, path: str, recorded: bool) -> None:
    """Nor do the files of the pages: what one looks for would be lost in them."""
    proxy.send(http("HEAD", path))
    assert (path in urls(proxy)) is recorded


def test_a_client_that_left_is_recorded(
    proxy: Proxy, fakes: dict[str, FakeBackend]
) -> None:
    """What it got, and that it did not wait for more."""
    fakes["b"].silent = True
    proxy.send(posted(photo_form(VISUAL))).leave()
    outgoing, incoming = sorted(
        records(proxy), key=lambda record: record["type"], reverse=True
    )
    assert outgoing["error"].startswith("cancelled")
    assert incoming["error"] == "the client closed the connection"
    assert incoming["response"] is None
    assert incoming["request"]["body"]["kind"] == "form"


def test_a_refused_request_is_recorded(proxy: Proxy) -> None:
    """With its answer; of its body only what was read."""
    client = proxy.send(http("POST", "/predict", headers={"Content-Length": "9" * 12}))
    client.leave()
    [record] = records(proxy)
    assert record["response"]["statusCode"] == 413
    assert "maxBodySize" in record["response"]["body"]["text"]


def test_the_last_records_can_be_asked_for(proxy: Proxy) -> None:
    """A number of them; anything else is refused."""
    for _ in range(3):
        proxy.get("/api/health")
    all_of_them = records(proxy)
    for last in (1, 2, 999):
        answer = proxy.get(f"/api/debug/records?last={last}")
        assert answer.json() == all_of_them[-last:]
    for wrong in ("0", "-1", "x", "1.5", "9" * 10, "%b2"):
        answer = proxy.get(f"/api/debug/records?last={wrong}")
        assert (answer.status, answer.error[:18]) == (400, "last: must be a nu")
