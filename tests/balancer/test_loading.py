"""Servers that load a model for seconds or minutes, in a proxy in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from immich_ml_proxy.demo.answers import expected_answer
from immich_ml_proxy.demo.behaviour import PLAIN, Behaviour
from immich_ml_proxy.demo.server import SimulatedServer
from immich_ml_proxy.demo.site import site
from tests.demo_requests import PHOTO, VISUAL
from tests.fakes import document
from tests.memory_proxy import Client, Proxy, photo_form, posted
from tests.network import Network

StartProxy = Callable[..., Proxy]
DUE = expected_answer(VISUAL, PHOTO, None)


def fleet(
    network: Network, start_proxy: StartProxy, **behaviours: Behaviour
) -> tuple[Proxy, dict[str, SimulatedServer]]:
    """Return a proxy before servers that behave so."""
    servers = {}
    for name, behaviour in behaviours.items():
        servers[name] = SimulatedServer(network, name, behaviour)
        network.serve(name, site(servers[name]))
    more = {"healthCheckInterval": 600, "checkAnswers": "full"}
    proxy = start_proxy(document(*behaviours, **more))
    proxy.start_checks()
    return proxy, servers


def picture(proxy: Proxy) -> Client:
    """Send a picture."""
    return proxy.send(posted(photo_form(VISUAL, PHOTO)))


def told(proxy: Proxy, name: str) -> Any:
    """Return what ``/api/status`` tells of a server."""
    return proxy.get("/api/status").json()["backends"][name]


@pytest.mark.parametrize("seconds", [8.0, 404.0])
def test_what_waits_for_a_model_is_answered_by_another_server(
    network: Network, start_proxy: StartProxy, seconds: float
) -> None:
    """
    After some seconds, beside the one that loads; nobody is blamed for loading, and
    when the model is there, it is used.
    """
    proxy, servers = fleet(
        network, start_proxy, gpu=Behaviour(load_seconds=seconds), nas=PLAIN
    )
    clients = [picture(proxy) for _ in range(8)]
    network.advance(10.1)
    assert [client.answer.json() for client in clients] == [DUE] * 8
    # One extra try for each that waited.
    assert servers["nas"].counts.predicts == 8
    assert 1 <= servers["gpu"].counts.predicts <= 4
    gpu = told(proxy, "gpu")
    assert (gpu["status"], gpu["failed"], gpu["ejections"]) == ("healthy", 0, 0)
    assert (gpu["cannot"], gpu["inFlight"]) == ([], 0)
    network.advance(seconds)
    later = [picture(proxy) for _ in range(8)]
    network.advance(1)
    assert [client.answer.json() for client in later] == [DUE] * 8
    assert told(proxy, "gpu")["served"] > 0
    assert servers["gpu"].counts.loads == 1


def test_a_server_that_is_alone_may_load_for_long(
    network: Network, start_proxy: StartProxy
) -> None:
    """Nobody else could do better: it is asked once, and waited for."""
    proxy, servers = fleet(network, start_proxy, gpu=Behaviour(load_seconds=8.0))
    client = picture(proxy)
    network.advance(7.9)
    assert client.got == b""
    network.advance(0.2)
    assert client.answer.json() == DUE
    assert servers["gpu"].counts.predicts == 1


def test_a_load_that_outlasts_the_time_limit_is_worth_waiting_for(
    network: Network, start_proxy: StartProxy
) -> None:
    """504 after ``requestTimeout``; who asks again gets the model that was loaded."""
    proxy, servers = fleet(network, start_proxy, gpu=Behaviour(load_seconds=404.0))
    first = picture(proxy)
    network.advance(291)
    assert first.answer.status == 504
    assert "gpu timed out" in first.answer.error
    second = picture(proxy)
    network.advance(114)
    assert second.answer.json() == DUE
    assert servers["gpu"].counts.loads == 1


def test_nothing_is_left_when_the_servers_were_unlike_and_slow(
    network: Network, start_proxy: StartProxy
) -> None:
    """No timer, no place taken, once the proxy has stopped."""
    proxy, _ = fleet(
        network,
        start_proxy,
        gpu=Behaviour(load_seconds=20.0),
        kepler=Behaviour(cannot=("clip",)),
        nas=Behaviour(seconds=0.5),
    )
    clients = [picture(proxy) for _ in range(12)]
    network.advance(30)
    assert {client.answer.status for client in clients} == {200}
    assert all(told(proxy, name)["inFlight"] == 0 for name in ("gpu", "kepler", "nas"))
    for connection in network.to("proxy"):
        connection.drop()
    proxy.service.stopService()
    network.advance(5)
    assert network.getDelayedCalls() == []
