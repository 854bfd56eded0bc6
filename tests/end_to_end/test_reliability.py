"""Servers that are late, hang, and restart with work in hand, behind the real proxy."""

from __future__ import annotations

import signal
import threading
import time
from typing import Any

import pytest

from tests.end_to_end.load import Load
from tests.end_to_end.processes import Proxy, Server, config_for, until
from tests.end_to_end.test_failures import SEARCH, form, predict
from tests.end_to_end.test_import import StartProxy, StartServer


def default_for(*servers: Server) -> dict[str, Any]:
    """Return a configuration with nothing set that has a default."""
    config = config_for(*servers)
    del config["healthCheckInterval"]
    return config


def ask(proxy: Proxy) -> tuple[threading.Thread, list[tuple[int, Any, float]]]:
    """Send a search; return its thread, and what gets status, body and seconds."""
    answers: list[tuple[int, Any, float]] = []

    def search() -> None:
        began = time.monotonic()
        status, body = predict(proxy, form(SEARCH, text="a dog"))
        answers.append((status, body, time.monotonic() - began))

    thread = threading.Thread(target=search)
    thread.start()
    return thread, answers


def in_flight(proxy: Proxy, name: str) -> int:
    """How many requests a backend has."""
    return int(proxy.json("/api/status")["backends"][name]["inFlight"])


@pytest.mark.waits
def test_late_pings_of_servers_at_work_take_nobody_out(
    start_server: StartServer, start_proxy: StartProxy
) -> None:
    """
    Two servers whose pongs come after twice the time that is waited for them: while
    they answer work nothing flaps, and our own ping stays good and quick.
    """
    servers = [start_server(name, 0.02) for name in ("one", "two")]
    proxy = start_proxy(config_for(*servers, pingTimeout=0.8))
    with Load(proxy) as load:
        load.await_answers(20)
        for server in servers:
            server.behave(ping_delay=1.6)
        before = len(load.pings)
        until(lambda: len(load.pings) > before + 6, "six rounds of late pings")
        load.await_answers(20)
    assert load.lost == []
    assert {status for status, _ in load.pings} == {200}
    assert max(seconds for _, seconds in load.pings) < 2.0
    assert "is down" not in proxy.output


def test_a_server_that_hangs_on_its_first_request_is_found_out(
    start_server: StartServer, start_proxy: StartProxy
) -> None:
    """Of a fresh proxy, that knows nothing of how long it should take."""
    hanging, well = start_server("hanging"), start_server("well")
    route = {"backends": ["hanging", "well"], "strategy": "in_order"}
    config = config_for(hanging, well, defaultBackend=route, pingTimeout=0.5)
    proxy = start_proxy(config)
    hanging.signal(signal.SIGSTOP)
    thread, answers = ask(proxy)
    thread.join()
    hanging.signal(signal.SIGCONT)
    [(status, _, seconds)] = answers
    assert status == 200
    # Two intervals of 1 s and the time of a ping; the machine may be busy.
    assert seconds < 10
    assert "hanging is down: timed out after" in proxy.output


def test_work_in_hand_of_a_stopped_server_goes_to_another(
    start_server: StartServer, start_proxy: StartProxy
) -> None:
    """While others wait there for their turn, too; nothing is lost."""
    servers = [start_server(name, 0.05) for name in ("one", "two")]
    config = config_for(*servers, pingTimeout=0.5)
    for backend in config["backends"]:
        backend["maxConcurrent"] = 1
    proxy = start_proxy(config)
    with Load(proxy, clients=6) as load:
        load.await_answers(20)
        servers[0].signal(signal.SIGSTOP)
        until(lambda: in_flight(proxy, "one") == 1, "it has work in hand")
        proxy.await_health("one", "unhealthy")
        until(lambda: in_flight(proxy, "one") == 0, "its work is done elsewhere")
        load.await_answers(20)
        servers[0].signal(signal.SIGCONT)
        proxy.await_health("one", "healthy")
        load.await_answers(20)
    assert load.lost == []
    assert {status for status, _ in load.pings} == {200}


def test_a_restart_of_the_sole_server_loses_nothing(
    start_server: StartServer, start_proxy: StartProxy
) -> None:
    """With a default configuration; it refuses for 3 s, under load."""
    server = start_server("sole", 0.02)
    proxy = start_proxy(default_for(server))
    with Load(proxy) as load:
        load.await_answers(20)
        server.exit(3.0)
        until(lambda: load.slowest > 2, "one was held, and served")
        load.await_answers(20)
    assert load.lost == []


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_gateway_whose_server_restarts_loses_nothing(
    start_server: StartServer, start_proxy: StartProxy, status: int
) -> None:
    """It answers everything in its place for 3 s."""
    server = start_server("behind", 0.02)
    proxy = start_proxy(default_for(server))
    gone = {"what": status, "at": "all", "html": True, "seconds": 3}
    with Load(proxy) as load:
        load.await_answers(20)
        server.behave(faults=[gone])
        until(lambda: load.slowest > 2, "one was held, and served")
        load.await_answers(20)
    assert load.lost == []


@pytest.mark.waits
def test_a_server_that_has_been_gone_for_longer_is_not_waited_for(
    start_server: StartServer, start_proxy: StartProxy
) -> None:
    """What met it is told so after 10 s, what comes later at once."""
    server = start_server("gone")
    proxy = start_proxy(default_for(server))
    server.kill()
    thread, answers = ask(proxy)
    thread.join()
    [(status, body, seconds)] = answers
    assert (status, body) == (503, {"error": "clip/textual: gone connection refused"})
    assert seconds > 9
    thread, answers = ask(proxy)
    thread.join()
    [(status, body, later)] = answers
    assert (status, body) == (502, {"error": "clip/textual: gone connection refused"})
    assert later < seconds / 2
    assert proxy.get("/ping")[0] == 503


@pytest.mark.waits
def test_our_ping_is_quick_while_backends_hang_and_work(
    start_server: StartServer, start_proxy: StartProxy
) -> None:
    """Immich gives it 2 s: with the time of a ping far above that, too."""
    hanging, well = start_server("hanging"), start_server("well", 0.02)
    proxy = start_proxy(config_for(hanging, well, pingTimeout=20))
    hanging.signal(signal.SIGSTOP)
    with Load(proxy) as load:
        until(lambda: len(load.pings) > 3, "three pings")
        hanging.signal(signal.SIGCONT)
    assert max(seconds for _, seconds in load.pings) < 2.0
    assert load.lost == []
