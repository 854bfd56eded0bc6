"""Places and waiting lines, from a client's request to its answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.demo_requests import OCR, VISUAL
from tests.deployment import Deployment
from tests.memory_proxy import Proxy
from tests.network import Network

Deploy = Callable[..., Deployment]


@pytest.fixture
def deploy(network: Network, start_proxy: Callable[..., Proxy]) -> Deploy:
    """Builds a deploy."""
    return lambda backends, **more: Deployment(network, start_proxy, backends, **more)


def asked(one: Deployment, name: str) -> list[str]:
    """Return what a backend was asked for, in order."""
    return [next(iter(received.entries)) for received in one[name].predicts]


def test_a_request_waits_for_a_place(deploy: Deploy) -> None:
    """The backend is given what it may do at once, and the rest after."""
    deployment = deploy({"a": {"maxConcurrent": 1}})
    deployment["a"].silent = True
    first, second = deployment.image(), deployment.image()
    assert (deployment["a"].holds, deployment.waiting) == (1, 1)
    deployment.turn("a")
    assert (first.answer.status, second.got) == (200, b"")
    assert (deployment["a"].holds, deployment.waiting) == (1, 0)
    deployment.network.advance(2)
    deployment.turn("a")
    assert second.answer.status == 200
    waited = second.answer.headers["server-timing"]
    assert waited.startswith("wait;dur=0.0, backend;dur=2000.0")


def test_the_time_in_line_is_told_apart_from_the_backends(
    deploy: Deploy,
) -> None:
    """``Server-Timing`` says who was slow; service times do not count waiting."""
    deployment = deploy({"a": {"maxConcurrent": 1}})
    deployment["a"].silent = True
    deployment.image()
    second = deployment.image()
    deployment.network.advance(3)
    deployment.turn("a")
    deployment.network.advance(1)
    deployment.turn("a")
    told = second.answer.headers["server-timing"]
    assert told == "wait;dur=3000.0, backend;dur=1000.0"
    times = deployment.status["backends"]["a"]["serviceTimes"]["clip/visual"]
    assert (times["count"], times["p99"]) == (2, 3000.0)
    assert times["p50"] in (1000.0, 3000.0)


def test_a_burst_never_breaks_a_limit(deploy: Deploy) -> None:
    """Five hundred at once: each backend does what it may and no more; all served."""
    places = {"a": 3, "b": 5}
    deployment = deploy(
        {
            "a": {"maxConcurrent": 3, "limits": {"ocr": 1}},
            "b": {"maxConcurrent": 5, "limits": {"ocr": 2, "clip": 4}},
        }
    )
    for name in "ab":
        deployment[name].silent = True
    kinds = [OCR, VISUAL, None]
    clients = [
        deployment.search()
        if (entries := kinds[n % 3]) is None
        else deployment.image(entries)
        for n in range(500)
    ]
    assert deployment.waiting == 500 - 8
    limits = {"a": {"ocr": 1}, "b": {"ocr": 2, "clip": 4}}
    rounds = 0
    while not all(client.got for client in clients):
        rounds += 1
        for name in "ab":
            tasks = [next(iter(one.entries)) for one in deployment[name].held]
            assert len(tasks) <= places[name]
            for task, limit in limits[name].items():
                assert tasks.count(task) <= limit
            deployment.turn(name)
    assert {client.answer.status for client in clients} == {200}
    assert rounds >= 500 / 8
    assert sum(one["served"] for one in deployment.status["backends"].values()) == 500


def test_a_search_goes_ahead_of_waiting_images(deploy: Deploy) -> None:
    """Somebody waits for it."""
    deployment = deploy({"a": {"maxConcurrent": 1}})
    deployment["a"].silent = True
    images = [deployment.image() for _ in range(5)]
    search = deployment.search()
    deployment.turn("a")
    assert [received.fields.image for received in deployment["a"].held] == [None]
    deployment.turn("a")
    assert search.answer.status == 200
    assert [bool(one.got) for one in images] == [True] + [False] * 4


def test_a_full_line_says_when_to_try_again(deploy: Deploy) -> None:
    """503 with ``Retry-After``; those in line are served."""
    deployment = deploy({"a": {"maxConcurrent": 1}}, default={"maxWaiting": 2})
    deployment["a"].silent = True
    clients = [deployment.image() for _ in range(3)]
    refused = deployment.image().answer
    assert (refused.status, refused.headers["retry-after"]) == (503, "5")
    assert "2 requests wait already" in refused.error
    for _ in range(3):
        deployment.turn("a")
    assert [client.answer.status for client in clients] == [200] * 3


def test_who_leaves_is_taken_out_of_the_line(deploy: Deploy) -> None:
    """No backend works for nobody."""
    deployment = deploy({"a": {"maxConcurrent": 1}})
    deployment["a"].silent = True
    deployment.image()
    leaving, staying = deployment.image(OCR), deployment.image()
    assert deployment.waiting == 2
    leaving.leave()
    assert deployment.waiting == 1
    deployment.turn("a")
    deployment.turn("a")
    assert staying.answer.status == 200
    assert asked(deployment, "a") == ["clip", "clip"]


def test_who_leaves_a_backend_gives_its_place_back(deploy: Deploy) -> None:
    """The next in line gets it."""
    deployment = deploy({"a": {"maxConcurrent": 1}})
    deployment["a"].silent = True
    leaving = deployment.image()
    deployment.image()
    leaving.leave()
    held = deployment["a"]
    assert (held.holds, held.left, deployment.waiting) == (1, 1, 0)
    assert deployment.status["backends"]["a"]["inFlight"] == 1
    assert deployment.status["backends"]["a"]["status"] == "healthy"


def test_a_draining_backend_finishes_and_takes_nothing_new(
    deploy: Deploy, tmp_path: Path
) -> None:
    """By the API, which saves it; pings go on, and it can be enabled again."""
    deployment = deploy({"a": {}, "b": {}}, default={"strategy": "in_order"})
    deployment["a"].silent = True
    old = deployment.image()
    told = deployment.proxy.post("/api/backends/a", {"state": "drain"}).json()
    assert told["backends"]["a"]["state"] == "drain"
    saved = json.loads((tmp_path / "config.json").read_text())
    assert [one.get("state", "enabled") for one in saved["backends"]] == [
        "drain",
        "enabled",
    ]
    new = [deployment.image() for _ in range(3)]
    assert [client.answer.json()["clip"] for client in new] == ["b"] * 3
    assert old.got == b""
    deployment["a"].speak()
    deployment.network.flush()
    assert old.answer.json()["clip"] == "a"
    pings = deployment["a"].pings
    assert deployment.ping().body == b"pong"
    assert deployment["a"].pings > pings
    deployment.proxy.post("/api/backends/a", {"state": "enabled"})
    deployment.network.flush()
    assert deployment.image().answer.json()["clip"] == "a"


def test_a_backend_that_is_drained_leaves_its_line_to_the_others(
    deploy: Deploy,
) -> None:
    """Who waits goes to another one at once."""
    deployment = deploy(
        {"a": {"maxConcurrent": 1}, "b": {"maxConcurrent": 5}},
        default={"strategy": "in_order"},
    )
    deployment["a"].silent = True
    clients = [deployment.image() for _ in range(4)]
    assert deployment.waiting == 3
    deployment.proxy.post("/api/backends/a", {"state": "drain"})
    deployment.network.flush()
    assert [client.answer.json()["clip"] for client in clients[1:]] == ["b"] * 3


def test_a_disabled_backend_is_left_in_peace(deploy: Deploy) -> None:
    """Not pinged, by no round and by no ping of ours; not asked."""
    deployment = deploy({"a": {"state": "disabled"}, "b": {}}, healthCheckInterval=10)
    deployment.network.advance(60)
    assert deployment.ping().body == b"pong"
    for _ in range(3):
        assert deployment.image().answer.json()["clip"] == "b"
    assert deployment["a"].received == []
    assert deployment["b"].pings >= 6
    health: Any = deployment.proxy.get("/api/health").json()
    assert health["a"]["status"] == "unknown"
    assert health["a"]["error"] == "disabled"


def test_work_for_nobody_is_refused_at_once(deploy: Deploy) -> None:
    """All backends are drained: nobody would ever come for what waits."""
    deployment = deploy({"a": {}}, default={"holdSeconds": 60})
    deployment.proxy.post("/api/backends/a", {"state": "drain"})
    refused = deployment.image().answer
    assert (refused.status, refused.headers["retry-after"]) == (503, "5")
    assert refused.error == "clip/visual: there is no machine to ask"
