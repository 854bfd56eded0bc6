"""Places and waiting lines, from a client's request to its answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.demo_requests import OCR, VISUAL
from tests.house import House
from tests.memory_proxy import Proxy
from tests.network import Network

StartHouse = Callable[..., House]


@pytest.fixture
def house(network: Network, start_proxy: Callable[..., Proxy]) -> StartHouse:
    """Builds a house."""
    return lambda backends, **more: House(network, start_proxy, backends, **more)


def asked(one: House, name: str) -> list[str]:
    """Return what a backend was asked for, in order."""
    return [next(iter(received.entries)) for received in one[name].predicts]


def test_a_request_waits_for_a_place(house: StartHouse) -> None:
    """The backend is given what it may do at once, and the rest after."""
    home = house({"a": {"maxConcurrent": 1}})
    home["a"].silent = True
    first, second = home.image(), home.image()
    assert (home["a"].holds, home.waiting) == (1, 1)
    home.turn("a")
    assert (first.answer.status, second.got) == (200, b"")
    assert (home["a"].holds, home.waiting) == (1, 0)
    home.network.advance(2)
    home.turn("a")
    assert second.answer.status == 200
    waited = second.answer.headers["server-timing"]
    assert waited.startswith("wait;dur=0.0, backend;dur=2000.0")


def test_the_time_in_line_is_told_apart_from_the_backends(house: StartHouse) -> None:
    """``Server-Timing`` says who was slow; service times do not count waiting."""
    home = house({"a": {"maxConcurrent": 1}})
    home["a"].silent = True
    home.image()
    second = home.image()
    home.network.advance(3)
    home.turn("a")
    home.network.advance(1)
    home.turn("a")
    told = second.answer.headers["server-timing"]
    assert told == "wait;dur=3000.0, backend;dur=1000.0"
    times = home.status["backends"]["a"]["serviceTimes"]["clip/visual"]
    assert (times["count"], times["p99"]) == (2, 3000.0)
    assert times["p50"] in (1000.0, 3000.0)


def test_a_burst_never_breaks_a_limit(house: StartHouse) -> None:
    """Five hundred at once: each backend does what it may and no more; all served."""
    places = {"a": 3, "b": 5}
    home = house(
        {
            "a": {"maxConcurrent": 3, "limits": {"ocr": 1}},
            "b": {"maxConcurrent": 5, "limits": {"ocr": 2, "clip": 4}},
        }
    )
    for name in "ab":
        home[name].silent = True
    kinds = [OCR, VISUAL, None]
    clients = [
        home.search() if (entries := kinds[n % 3]) is None else home.image(entries)
        for n in range(500)
    ]
    assert home.waiting == 500 - 8
    limits = {"a": {"ocr": 1}, "b": {"ocr": 2, "clip": 4}}
    rounds = 0
    while not all(client.got for client in clients):
        rounds += 1
        for name in "ab":
            tasks = [next(iter(one.entries)) for one in home[name].held]
            assert len(tasks) <= places[name]
            for task, limit in limits[name].items():
                assert tasks.count(task) <= limit
            home.turn(name)
    assert {client.answer.status for client in clients} == {200}
    assert rounds >= 500 / 8
    assert sum(one["served"] for one in home.status["backends"].values()) == 500


def test_a_search_goes_ahead_of_waiting_images(house: StartHouse) -> None:
    """Somebody waits for it."""
    home = house({"a": {"maxConcurrent": 1}})
    home["a"].silent = True
    images = [home.image() for _ in range(5)]
    search = home.search()
    home.turn("a")
    assert [received.fields.image for received in home["a"].held] == [None]
    home.turn("a")
    assert search.answer.status == 200
    assert [bool(one.got) for one in images] == [True] + [False] * 4


def test_a_full_line_says_when_to_try_again(house: StartHouse) -> None:
    """503 with ``Retry-After``; those in line are served."""
    home = house({"a": {"maxConcurrent": 1}}, default={"maxWaiting": 2})
    home["a"].silent = True
    clients = [home.image() for _ in range(3)]
    refused = home.image().answer
    assert (refused.status, refused.headers["retry-after"]) == (503, "5")
    assert "2 requests wait already" in refused.error
    for _ in range(3):
        home.turn("a")
    assert [client.answer.status for client in clients] == [200] * 3


def test_who_leaves_is_taken_out_of_the_line(house: StartHouse) -> None:
    """No backend works for nobody."""
    home = house({"a": {"maxConcurrent": 1}})
    home["a"].silent = True
    home.image()
    leaving, staying = home.image(OCR), home.image()
    assert home.waiting == 2
    leaving.leave()
    assert home.waiting == 1
    home.turn("a")
    home.turn("a")
    assert staying.answer.status == 200
    assert asked(home, "a") == ["clip", "clip"]


def test_who_leaves_a_backend_gives_its_place_back(house: StartHouse) -> None:
    """The next in line gets it."""
    home = house({"a": {"maxConcurrent": 1}})
    home["a"].silent = True
    leaving = home.image()
    home.image()
    leaving.leave()
    assert (home["a"].holds, home["a"].left, home.waiting) == (1, 1, 0)
    assert home.status["backends"]["a"]["inFlight"] == 1
    assert home.status["backends"]["a"]["status"] == "healthy"


def test_a_draining_backend_finishes_and_takes_nothing_new(
    house: StartHouse, tmp_path: Path
) -> None:
    """By the API, which saves it; pings go on, and it can be enabled again."""
    home = house({"a": {}, "b": {}}, default={"strategy": "in_order"})
    home["a"].silent = True
    old = home.image()
    told = home.proxy.post("/api/backends/a", {"state": "drain"}).json()
    assert told["backends"]["a"]["state"] == "drain"
    saved = json.loads((tmp_path / "config.json").read_text())
    assert [one.get("state", "enabled") for one in saved["backends"]] == [
        "drain",
        "enabled",
    ]
    new = [home.image() for _ in range(3)]
    assert [client.answer.json()["clip"] for client in new] == ["b"] * 3
    assert old.got == b""
    home["a"].speak()
    home.network.flush()
    assert old.answer.json()["clip"] == "a"
    pings = home["a"].pings
    assert home.ping().body == b"pong"
    assert home["a"].pings > pings
    home.proxy.post("/api/backends/a", {"state": "enabled"})
    home.network.flush()
    assert home.image().answer.json()["clip"] == "a"


def test_a_backend_that_is_drained_leaves_its_line_to_the_others(
    house: StartHouse,
) -> None:
    """Who waits goes to another one at once."""
    home = house(
        {"a": {"maxConcurrent": 1}, "b": {"maxConcurrent": 5}},
        default={"strategy": "in_order"},
    )
    home["a"].silent = True
    clients = [home.image() for _ in range(4)]
    assert home.waiting == 3
    home.proxy.post("/api/backends/a", {"state": "drain"})
    home.network.flush()
    assert [client.answer.json()["clip"] for client in clients[1:]] == ["b"] * 3


def test_a_disabled_backend_is_left_in_peace(house: StartHouse) -> None:
    """Not pinged, by no round and by no ping of ours; not asked."""
    home = house({"a": {"state": "disabled"}, "b": {}}, healthCheckInterval=10)
    home.network.advance(60)
    assert home.ping().body == b"pong"
    for _ in range(3):
        assert home.image().answer.json()["clip"] == "b"
    assert home["a"].received == []
    assert home["b"].pings >= 6
    health: Any = home.proxy.get("/api/health").json()
    assert health["a"]["status"] == "unknown"
    assert health["a"]["error"] == "disabled"


def test_work_for_nobody_is_refused_at_once(house: StartHouse) -> None:
    """All backends are drained: nobody would ever come for what waits."""
    home = house({"a": {}}, default={"holdSeconds": 60})
    home.proxy.post("/api/backends/a", {"state": "drain"})
    refused = home.image().answer
    assert (refused.status, refused.headers["retry-after"]) == (503, "5")
    assert refused.error == "clip/visual: there is no backend to ask"
