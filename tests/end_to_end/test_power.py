"""Machines are spared: windows, breaks, pings on demand and hooks, in real time."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.end_to_end.hooks import Hook
from tests.end_to_end.processes import Proxy, Server, config_for, until


@pytest.fixture
def hook() -> Iterator[Hook]:
    """A server that listens."""
    hook = Hook()
    yield hook
    hook.stop()


def status(proxy: Proxy, name: str) -> Any:
    """Return the numbers of a backend."""
    return proxy.json("/api/status")["backends"][name]


def machine(proxy: Proxy, name: str) -> Any:
    """Return what the overview says of a machine."""
    machines = proxy.json("/api/overview")["machines"]
    return next(one for one in machines if one["name"] == name)


def clock(hours: float) -> str:
    """Return what the clock on the wall shows in so many hours."""
    return f"{datetime.now() + timedelta(hours=hours):%H:%M}"


def test_a_window_opens_and_closes_when_it_is_saved(
    start_server: Callable[..., Server], start_proxy: Callable[..., Proxy]
) -> None:
    """By the clock of this machine; it is told on the overview and is no trouble."""
    pc, nas = start_server("pc"), start_server("nas")
    config = config_for(pc, nas)
    proxy = start_proxy(config)
    config["backends"][0]["windows"] = [f"{clock(2)}-{clock(3)}"]
    assert proxy.post("/api/config", config)[0] == 200
    row = machine(proxy, "pc")
    assert (row["state"], row["by"]) == ("disabled", "window")
    assert 3600 < row["until"] - time.time() <= 7200
    assert status(proxy, "pc")["offUntil"] == row["until"]
    told = proxy.json("/api/health")["pc"]
    assert (told["status"], told["error"]) == (
        "unknown",
        f"off until {datetime.fromtimestamp(row['until']):%H:%M} by its window",
    )
    assert proxy.get("/ping") == (200, b"pong")
    config["backends"][0]["windows"] = [f"{clock(-2)}-{clock(2)}"]
    assert proxy.post("/api/config", config)[0] == 200
    proxy.await_health("pc", "healthy")
    assert machine(proxy, "pc")["by"] is None


def test_a_break_ends_by_itself_and_survives_a_restart(
    start_server: Callable[..., Server], start_proxy: Callable[..., Proxy]
) -> None:
    """For a game: two hours are two hours, whatever becomes of the proxy."""
    pc, nas = start_server("pc"), start_server("nas")
    proxy = start_proxy(config_for(pc, nas))
    body = {"state": "disabled", "seconds": 7200}
    code, told = proxy.post("/api/backends/pc", body)
    assert code == 200
    ends = told["backends"]["pc"]["disabledUntil"]
    assert abs(ends - time.time() - 7200) < 60
    proxy.signal(signal.SIGTERM)
    assert proxy.wait() == 0
    proxy.start()
    proxy.url = proxy.await_url()
    assert status(proxy, "pc")["disabledUntil"] == ends
    assert status(proxy, "pc")["state"] == "disabled"
    body = {"state": "disabled", "seconds": 1}
    assert proxy.post("/api/backends/pc", body)[0] == 200
    proxy.await_health("pc", "healthy")
    assert status(proxy, "pc")["state"] == "enabled"
    assert "disabledUntil" not in proxy.config.read_text()


def test_pings_on_demand_let_a_machine_sleep(
    hook: Hook, start_server: Callable[..., Server], start_proxy: Callable[..., Proxy]
) -> None:
    """
    Neither Immich's pings nor ours reach it, while another one is pinged all the time.

    With nothing there it still counts as available.
    """
    config = config_for()
    other = Hook()
    config["backends"] = [
        {"name": "pc", "url": hook.url, "pings": "on demand"},
        {"name": "nas", "url": other.url},
    ]
    config["defaultBackend"] = "nas"
    config["taskRouting"] = {"ocr": "pc"}
    proxy = start_proxy(config)
    for _ in range(5):
        assert proxy.get("/ping") == (200, b"pong")
    until(lambda: len(other.to("/ping")) > 20, "twenty pings to the other one")
    assert hook.calls == []
    assert machine(proxy, "pc")["resting"] is True
    hook.stop()
    assert proxy.get("/ping") == (200, b"pong")
    other.stop()


@pytest.mark.waits
def test_an_idle_machine_is_told_to_sleep_once(
    hook: Hook, start_server: Callable[..., Server], start_proxy: Callable[..., Proxy]
) -> None:
    """After its own time; another one's longer time shows that more has passed."""
    pc, nas = start_server("pc"), start_server("nas")
    config = config_for(pc, nas)
    for backend, minutes in zip(config["backends"], (0.02, 0.1), strict=True):
        backend["pings"] = "on demand"
        backend["sleepHook"] = f"{hook.url}/{backend['name']}"
        backend["idleMinutes"] = minutes
    began = time.monotonic()
    start_proxy(config)
    until(lambda: hook.to("/nas"), "nas is told to sleep")
    [call] = hook.to("/pc")
    assert call.at - began >= 1.2
    assert (call.method, call.body) == ("POST", b"")
    assert hook.to("/nas")[0].at - began >= 6
