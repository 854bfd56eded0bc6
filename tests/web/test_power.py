"""Machines that are spared, and people who are told, through the whole proxy."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

import pytest
from twisted.logger import capturedLogs, formatEvent

from tests.demo_requests import TEXTUAL
from tests.fakes import FakeBackend, document, serve
from tests.memory_proxy import Proxy, http, posted, text_form
from tests.network import Network

Start = Callable[..., Proxy]

SEARCH = posted(text_form(TEXTUAL))
#: A Friday, 20:00, by the clock on the wall here.
FRIDAY = datetime(2026, 11, 27, 20, 0).timestamp()
HOUR = 3600.0


@pytest.fixture
def network() -> Network:
    """A network with nobody in it, on a Friday evening."""
    network = Network()
    network.ahead = FRIDAY
    return network


@pytest.fixture
def fakes(network: Network) -> dict[str, FakeBackend]:
    """Two ML servers, and one that is told what happens."""
    return serve(network, "a", "b", "hook")


def sparing(**first: Any) -> dict[str, Any]:
    """Return a configuration of ``a``, with these fields, and ``b``."""
    config = document("a", "b", defaultBackend={"backends": ["a", "b"]})
    config["defaultBackend"]["strategy"] = "in_order"
    config["backends"][0] |= first
    return config


def started(start_proxy: Start, config: dict[str, Any]) -> Proxy:
    """Return a proxy that has begun to look after all."""
    proxy = start_proxy(config)
    proxy.start_checks()
    proxy.network.advance(1.5)
    return proxy


def overview(proxy: Proxy, name: str = "a") -> Any:
    """Return the row of a machine."""
    machines = proxy.get("/api/overview").json()["machines"]
    return next(one for one in machines if one["name"] == name)


def status(proxy: Proxy, name: str = "a") -> Any:
    """Return the numbers of a backend."""
    return proxy.get("/api/status").json()["backends"][name]


def served_by(proxy: Proxy) -> str:
    """Return who does a search; a refusal takes a moment."""
    client = proxy.send(SEARCH)
    proxy.network.advance(0.2)
    return client.answer.headers["x-immich-ml-backend"]


def set_state(proxy: Proxy, **body: Any) -> Any:
    """Set the state of ``a``."""
    return proxy.post("/api/backends/a", body)


# --- Windows --------------------------------------------------------------------------


def test_a_machine_is_used_in_its_windows(
    network: Network, start_proxy: Start, fakes: dict[str, FakeBackend]
) -> None:
    """Not pinged and not asked before; and soon after one has opened."""
    proxy = started(start_proxy, sparing(windows=["22:00-07:00"]))
    assert served_by(proxy) == "b"
    assert proxy.get("/ping").body == b"pong"
    assert fakes["a"].received == []
    row = overview(proxy)
    assert (row["state"], row["by"]) == ("disabled", "window")
    assert row["until"] == FRIDAY + 2 * HOUR
    assert status(proxy)["offUntil"] == FRIDAY + 2 * HOUR
    assert status(proxy)["state"] == "enabled"
    health = proxy.get("/api/health").json()["a"]
    assert health["status"] == "unknown"
    assert health["error"] == "off until 22:00 by its window"
    network.ahead += 2 * HOUR
    network.advance(1.1)
    assert fakes["a"].pings == 1
    assert served_by(proxy) == "a"
    assert overview(proxy)["by"] is None
    assert status(proxy)["offUntil"] is None


def test_what_runs_when_a_window_closes_is_finished(
    network: Network, start_proxy: Start, fakes: dict[str, FakeBackend]
) -> None:
    """And nothing new goes there."""
    proxy = started(start_proxy, sparing(windows=["18:00-21:00"]))
    fakes["a"].silent = True
    fakes["a"].answers_pings = True
    client = proxy.send(SEARCH)
    assert fakes["a"].holds == 1
    network.ahead += HOUR
    network.advance(1.1)
    assert served_by(proxy) == "b"
    assert status(proxy)["inFlight"] == 1
    fakes["a"].speak()
    network.flush()
    assert client.answer.headers["x-immich-ml-backend"] == "a"


def test_a_route_whose_machines_are_all_off_is_told_to_immich(
    start_proxy: Start, fakes: dict[str, FakeBackend]
) -> None:
    """It would hold nothing, so it must not say that it does."""
    config = sparing(windows=["22:00-07:00"])
    config["taskRouting"] = {"clip": {"backends": ["a"], "holdSeconds": 60}}
    proxy = started(start_proxy, config)
    answer = proxy.get("/ping")
    assert answer.status == 503
    assert answer.body == b"no machine is up for: clip"


# --- Breaks ---------------------------------------------------------------------------


def test_a_break_ends_by_itself(
    network: Network, start_proxy: Start, fakes: dict[str, FakeBackend]
) -> None:
    """It stands in the file as a time, and is gone from there when it is over."""
    proxy = started(start_proxy, sparing())
    answer = set_state(proxy, state="disabled", seconds=7200)
    until = round(network.wall()) + 7200
    assert answer.json()["backends"]["a"]["disabledUntil"] == until
    assert json.loads(proxy.file.read_text())["backends"][0] == {
        "name": "a",
        "url": "http://a:3003",
        "state": "disabled",
        "disabledUntil": until,
    }
    row = overview(proxy)
    assert (row["state"], row["by"], row["until"]) == ("disabled", "hand", until)
    assert served_by(proxy) == "b"
    asked = fakes["a"].pings
    network.advance(60)
    assert fakes["a"].pings == asked
    network.ahead += 7200 - 62
    network.advance(3)
    assert status(proxy)["state"] == "enabled"
    saved = json.loads(proxy.file.read_text())["backends"][0]
    assert saved == {"name": "a", "url": "http://a:3003", "state": "enabled"}
    assert fakes["a"].pings > asked
    assert served_by(proxy) == "a"
    events = [one["text"] for one in proxy.get("/api/overview").json()["events"]]
    assert "a was disabled by 10.0.0.1" in events
    assert "a was enabled by its time limit" in events


def test_a_break_survives_a_restart(
    network: Network, start_proxy: Start, fakes: dict[str, FakeBackend]
) -> None:
    """And is over in time, also while nobody was there to end it."""
    first = started(start_proxy, sparing())
    set_state(first, state="disabled", seconds=7200)
    until = status(first)["disabledUntil"]
    again = started(start_proxy, json.loads(first.file.read_text()))
    assert status(again)["disabledUntil"] == until
    assert (overview(again)["by"], overview(again)["until"]) == ("file", until)
    network.ahead += 8000
    late = started(start_proxy, json.loads(again.file.read_text()))
    assert status(late)["state"] == "enabled"
    assert status(late)["disabledUntil"] is None


def test_a_break_that_is_over_ends_even_if_that_cannot_be_saved(
    network: Network,
    start_proxy: Start,
    fakes: dict[str, FakeBackend],
    full_disk: Callable[[], AbstractContextManager[None]],
) -> None:
    """The file then still says when it was to end."""
    proxy = started(start_proxy, sparing())
    set_state(proxy, state="disabled", seconds=5)
    with capturedLogs() as events, full_disk():
        network.advance(7)
    told = [formatEvent(one) or "" for one in events]
    assert any(one.startswith("a is used again: ") for one in told)
    assert status(proxy)["state"] == "enabled"


def test_another_state_ends_a_break(
    start_proxy: Start, fakes: dict[str, FakeBackend]
) -> None:
    """Whatever it is."""
    proxy = started(start_proxy, sparing())
    for body in (
        {"state": "enabled"},
        {"state": "drain"},
        {"state": "disabled"},
    ):
        set_state(proxy, state="disabled", seconds=7200)
        assert set_state(proxy, **body).status == 200
        assert status(proxy)["disabledUntil"] is None


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"state": "enabled", "seconds": 60}, "seconds: is for the state disabled"),
        ({"state": "disabled", "seconds": 0}, "seconds: must be a number from 1 to"),
        (
            {"state": "disabled", "seconds": 32 * 86400},
            "seconds: must be a number from 1 to",
        ),
        (
            {"state": "disabled", "seconds": "long"},
            "seconds: must be a number from 1 to",
        ),
    ],
)
def test_a_break_that_makes_no_sense_is_refused(
    start_proxy: Start, fakes: dict[str, FakeBackend], body: Any, told: str
) -> None:
    """Nothing is changed."""
    proxy = started(start_proxy, sparing())
    answer = set_state(proxy, **body)
    assert answer.status == 400
    assert told in answer.error
    assert status(proxy)["state"] == "enabled"


# --- Pings on demand ------------------------------------------------------------------


def test_a_machine_is_not_kept_awake_by_pings(
    network: Network, start_proxy: Start, fakes: dict[str, FakeBackend]
) -> None:
    """Neither by ours nor by Immich's; work goes there all the same."""
    proxy = started(start_proxy, sparing(pings="on demand"))
    for _ in range(20):
        network.advance(30)
        assert proxy.get("/ping").body == b"pong"
    assert fakes["a"].received == []
    assert overview(proxy)["resting"] is True
    assert status(proxy)["resting"] is True
    assert served_by(proxy) == "a"
    network.advance(12)
    assert fakes["a"].pings >= 1
    assert overview(proxy)["resting"] is False
    network.advance(40)
    pings = fakes["a"].pings
    network.advance(600)
    assert proxy.get("/ping").body == b"pong"
    assert fakes["a"].pings == pings


def test_it_counts_as_available_until_work_fails_there(
    network: Network, start_proxy: Start, fakes: dict[str, FakeBackend]
) -> None:
    """Then another one does it; when there is no more work it counts again."""
    config = sparing(pings="on demand")
    config["taskRouting"] = {"ocr": {"backends": ["a"], "holdSeconds": 0}}
    proxy = started(start_proxy, config)
    network.close("a")
    assert proxy.get("/ping").body == b"pong"
    assert served_by(proxy) == "b"
    network.advance(2)
    client = proxy.send(http("GET", "/ping"))
    network.advance(1)
    assert client.answer.status == 503
    assert client.answer.body == b"no machine is up for: ocr"
    assert overview(proxy)["state"] == "down"
    assert overview(proxy)["resting"] is True
    network.advance(40)
    assert proxy.get("/ping").body == b"pong"
    assert overview(proxy)["state"] == "up"


def test_when_it_is_back_while_there_is_work_it_is_used_again(
    network: Network, start_proxy: Start, fakes: dict[str, FakeBackend]
) -> None:
    """Work is reason enough to ask."""
    proxy = started(start_proxy, sparing(pings="on demand"))
    site = network._servers["a", 3003]
    network.close("a")
    for _ in range(30):
        assert served_by(proxy) == "b"
        network.advance(2)
    network.serve("a", site)
    for _ in range(6):
        proxy.ask(SEARCH)
        network.advance(2)
    assert served_by(proxy) == "a"


def test_a_sleeping_machine_is_woken_for_work(
    network: Network, start_proxy: Start, fakes: dict[str, FakeBackend]
) -> None:
    """And what waits is served when it is awake."""
    config = sparing(pings="on demand", wakeOnLan={"mac": "00:11:22:aa:bb:cc"})
    config["defaultBackend"] = {"backends": ["a"], "holdSeconds": 120}
    proxy = started(start_proxy, config)
    site = network._servers["a", 3003]
    network.close("a")
    client = proxy.send(SEARCH)
    network.advance(30)
    assert len(network.datagrams) == 1
    assert client.answers() == []
    network.serve("a", site)
    network.advance(3)
    assert client.answer.headers["x-immich-ml-backend"] == "a"


def test_an_idle_machine_is_told_to_sleep(
    network: Network, start_proxy: Start, fakes: dict[str, FakeBackend]
) -> None:
    """Once, and it is told on the overview."""
    hook = {"sleepHook": "http://hook:3003/sleep", "idleMinutes": 1}
    proxy = started(start_proxy, sparing(pings="on demand", **hook))
    proxy.ask(SEARCH)
    network.advance(59)
    assert fakes["hook"].received == []
    network.advance(300)
    [call] = fakes["hook"].received
    assert (call.method, call.path, call.body) == ("POST", "/sleep", b"")
    events = [one["text"] for one in proxy.get("/api/overview").json()["events"]]
    assert "a had nothing to do and was told to sleep" in events


# --- People who are told --------------------------------------------------------------

TOPIC = {"url": "http://hook:3003/topic", "format": "ntfy"}


def told(fake: FakeBackend) -> list[tuple[str, str]]:
    """Return titles and texts."""
    return [(one.headers.get("title", ""), one.body.decode()) for one in fake.received]


def test_people_are_told_what_happens(
    network: Network, start_proxy: Start, fakes: dict[str, FakeBackend]
) -> None:
    """A server goes down, is back, and a configuration is saved."""
    config = {**sparing(), "notify": [TOPIC]}
    proxy = started(start_proxy, config)
    fakes["a"].ping_status = 500
    network.advance(12)
    assert told(fakes["hook"]) == [("a is down", "a is down: answered 500.")]
    fakes["a"].ping_status = 200
    network.advance(25)
    assert told(fakes["hook"])[1:] == [("a is up again", "a is up again after 10 s.")]
    assert proxy.post("/api/config", {**config, "pingTimeout": 1}).status == 200
    network.advance(1)
    assert told(fakes["hook"])[2:] == [
        ("Configuration saved", "The configuration was saved by 10.0.0.1.")
    ]
    [entry] = proxy.get("/api/status").json()["notify"]
    assert entry["target"] == "hook:3003"
    assert (entry["error"], entry["waiting"]) == (None, 0)


def test_one_who_cannot_be_told_is_known_of(
    network: Network, start_proxy: Start, fakes: dict[str, FakeBackend]
) -> None:
    """On the overview and in the status; all else goes on."""
    config = {**sparing(), "notify": [TOPIC]}
    network.close("hook")
    proxy = started(start_proxy, config)
    proxy.post("/api/config", config | {"pingTimeout": 1})
    network.advance(5)
    [entry] = proxy.get("/api/status").json()["notify"]
    assert entry["error"] == "connection refused"
    events = [one["text"] for one in proxy.get("/api/overview").json()["events"]]
    assert events[-1] == "hook:3003 cannot be told what happens: connection refused"
    assert proxy.ask(SEARCH).status == 200


def test_a_message_can_be_tried(
    network: Network, start_proxy: Start, fakes: dict[str, FakeBackend]
) -> None:
    """One that is saved, or one that is not yet; ``***`` is what was saved."""
    proxy = started(start_proxy, {**sparing(), "notify": [TOPIC]})
    for body in (
        {"index": 0},
        {"entry": {"url": "http://hook:3003/***", "format": "ntfy"}},
        {"entry": {"url": "http://hook:3003/other", "format": "json"}},
    ):
        answer = proxy.post("/api/notify/test", body)
        assert answer.status == 200
        assert answer.json()["ok"] is True
        assert answer.json()["text"] == "hook:3003 took it."
    paths = [one.path for one in fakes["hook"].received]
    assert paths == ["/topic", "/topic", "/other"]


@pytest.mark.parametrize(
    ("body", "text", "field"),
    [
        ({}, "must have one of index and entry", None),
        ({"index": 0, "entry": {}}, "must have one of index and entry", None),
        ({"index": 1}, "index: notify has 1 entries, counted from 0", None),
        ({"index": -1}, "index: notify has 1 entries", None),
        ({"index": "0"}, "the body must be like", None),
        ({"entry": {}}, "entry.url: missing", "entry.url"),
        ({"entry": {"url": "ftp://x"}}, "must start with http", "entry.url"),
        ({"entry": {"url": "http://evil/***"}}, "type it again", "entry.url"),
    ],
)
def test_what_cannot_be_tried_is_refused(
    network: Network,
    start_proxy: Start,
    fakes: dict[str, FakeBackend],
    body: Any,
    text: str,
    field: str | None,
) -> None:
    """By name, and nothing is sent."""
    proxy = started(start_proxy, {**sparing(), "notify": [TOPIC]})
    answer = proxy.post("/api/notify/test", body)
    assert answer.status == 400
    assert text in answer.error
    assert answer.json().get("field") == field
    assert fakes["hook"].received == []


def test_nothing_secret_of_it_is_shown(
    network: Network, start_proxy: Start, fakes: dict[str, FakeBackend]
) -> None:
    """Not in the configuration, a record, the status, or the log."""
    secret = {
        "url": "http://hook:3003/secret-topic",
        "format": "ntfy",
        "headers": {"Authorization": "Bearer secret-token"},
    }
    with capturedLogs() as events:
        proxy = start_proxy(sparing(), "--debug")
        proxy.start_checks()
        config = {**sparing(), "notify": [secret]}
        assert proxy.post("/api/config", config).status == 200
        assert proxy.post("/api/notify/test", {"entry": secret}).status == 200
        network.close("hook")
        body = b'{"index": 0}'
        client = proxy.send(http("POST", "/api/notify/test", body))
        network.advance(1)
        assert client.answer.json()["ok"] is False
        network.advance(10)
    rows = proxy.get("/api/debug/records?limit=200&kind=pages").json()["rows"]
    assert any("notify" in row["path"] for row in rows)
    records = [f"debug/records/{row['id']}" for row in rows]
    shown = [
        proxy.get(f"/api/{path}").body.decode()
        for path in ("config", "status", "overview", *records)
    ]
    shown += [formatEvent(one) or "" for one in events]
    assert not any("secret-" in one for one in shown)
    kept = json.loads(proxy.file.read_text())["notify"]
    assert kept == [secret]
