"""People are told what happens, by real servers that listen."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.end_to_end.asks import search
from tests.end_to_end.hooks import Call, Hook
from tests.end_to_end.processes import Proxy, Server, config_for, until

#: Seconds in which people are told, at the default interval of pings.
SOON = 15.0


@pytest.fixture
def hook() -> Iterator[Hook]:
    """Somebody who listens."""
    hook = Hook()
    yield hook
    hook.stop()


def await_call(hook: Hook, path: str, count: int) -> Call:
    """Return the call with this number to a path, when it has come."""
    until(lambda: len(hook.to(path)) >= count, f"{count} calls to {path}")
    return hook.to(path)[count - 1]


@pytest.mark.waits
def test_a_whole_incident(
    hook: Hook, start_server: Callable[..., Server], start_proxy: Callable[..., Proxy]
) -> None:
    """
    A server is killed, work is held for it, and it comes back.

    All are told within 15 s at the default interval, in the form that each wants; one
    who cannot be told is no hindrance.
    """
    server = start_server("gaming-pc")
    config = config_for(server, healthCheckInterval=10)
    config["defaultBackend"] = {"backends": ["gaming-pc"], "holdSeconds": 120}
    key = {"Authorization": "Bearer tk_abcdefgh"}
    config["notify"] = [
        {"url": "http://127.0.0.1:9/nobody"},
        {"url": f"{hook.url}/json"},
        {"url": f"{hook.url}/topic", "format": "ntfy", "headers": key},
        {"url": f"{hook.url}/api/webhook/x?y=1", "format": "homeassistant"},
        {"url": f"{hook.url}/saved", "events": ["saved"]},
    ]
    proxy = start_proxy(config)
    began = time.monotonic()
    server.kill()
    down = await_call(hook, "/json", 1)
    assert down.at - began < SOON
    told = json.loads(down.body)
    assert (told["event"], told["machine"]) == ("down", "gaming-pc")
    assert told["message"] == "gaming-pc is down: connection refused."
    assert abs(told["time"] - time.time()) < 60
    ntfy = await_call(hook, "/topic", 1)
    assert ntfy.body == b"gaming-pc is down: connection refused."
    assert ntfy.headers["title"] == "gaming-pc is down"
    assert ntfy.headers["priority"] == "4"
    assert ntfy.headers["tags"] == "rotating_light"
    assert ntfy.headers["authorization"] == "Bearer tk_abcdefgh"
    home = await_call(hook, "/api/webhook/x?y=1", 1)
    assert json.loads(home.body)["title"] == "gaming-pc is down"
    asked = search(1)
    with ThreadPoolExecutor() as pool:
        began = time.monotonic()
        answer = pool.submit(_asked, proxy, asked.body)
        held = await_call(hook, "/json", 2)
        assert held.at - began < SOON
        assert json.loads(held.body)["event"] == "held"
        assert json.loads(held.body)["message"] == (
            "Held until gaming-pc is up again: 1 search."
        )
        server.restart()
        assert answer.result() == 200
    ends = {json.loads(await_call(hook, "/json", n).body)["event"] for n in (3, 4)}
    assert ends == {"back", "released"}
    assert hook.to("/saved") == []
    errors = [one["error"] for one in proxy.json("/api/status")["notify"]]
    assert errors == ["connection refused", None, None, None, None]


def _asked(proxy: Proxy, body: bytes) -> int:
    from http.client import HTTPConnection

    from tests.demo_requests import MULTIPART

    connection = HTTPConnection(proxy.url.removeprefix("http://"), timeout=60)
    connection.request("POST", "/predict", body, {"Content-Type": MULTIPART})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def test_what_is_saved_and_what_is_tried(
    hook: Hook, start_server: Callable[..., Server], start_proxy: Callable[..., Proxy]
) -> None:
    """With who has done it; and a test says what the other side has said."""
    server = start_server()
    proxy = start_proxy(config_for(server))
    entry: dict[str, Any] = {"url": f"{hook.url}/topic", "format": "ntfy"}
    status, told = proxy.post("/api/notify/test", {"entry": entry})
    assert (status, told["ok"], told["status"]) == (200, True, 200)
    assert hook.to("/topic")[0].headers["title"] == "Test"
    hook.answer = 403, b'{"error": "forbidden"}'
    _, told = proxy.post("/api/notify/test", {"entry": entry})
    assert (told["ok"], told["status"]) == (False, 403)
    assert told["text"] == 'it answered 403: {"error": "forbidden"}'
    hook.answer = 200, b""
    status, saved = proxy.post("/api/config", config_for(server, notify=[entry]))
    assert status == 200
    assert saved["notify"][0]["url"] == f"{hook.url}/***"
    call = await_call(hook, "/topic", 3)
    assert call.body == b"The configuration was saved by 127.0.0.1."
    status, _ = proxy.post("/api/notify/test", {"index": 0})
    assert status == 200
    assert "/topic" not in proxy.output
