"""Work that waits when another configuration is saved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.deployment import Deployment
from tests.fakes import document
from tests.memory_proxy import Proxy
from tests.network import Network

Deploy = Callable[..., Deployment]


@pytest.fixture
def deploy(network: Network, start_proxy: Callable[..., Proxy]) -> Deploy:
    """Builds a deployment of ``a`` and ``b``; ``b`` has nothing to do at first."""

    def build(**more: Any) -> Deployment:
        backends: dict[str, dict[str, Any]] = {"a": {"maxConcurrent": 1}, "b": {}}
        return Deployment(network, start_proxy, backends, defaultBackend=["a"], **more)

    return build


def save(deployment: Deployment, default: Any) -> None:
    """Save another default route."""
    config = document("a", "b", healthCheckInterval=600, defaultBackend=default)
    config["backends"][0]["maxConcurrent"] = 1
    assert deployment.proxy.post("/api/config", config).status == 200
    deployment.network.flush()


def test_what_waits_goes_its_new_way(deploy: Deploy) -> None:
    """At once, in the order in which it came; what is under way stays where it is."""
    deployment = deploy()
    deployment["a"].silent = deployment["a"].answers_pings = True
    clients = [deployment.image() for _ in range(5)]
    assert deployment["a"].holds == 1
    save(deployment, ["b"])
    assert [bool(client.got) for client in clients] == [False] + [True] * 4
    assert len(deployment["b"].predicts) == 4
    deployment.turn("a")
    assert {client.answer.status for client in clients} == {200}


def test_nobody_who_waits_is_refused_for_a_shorter_line(deploy: Deploy) -> None:
    """It was taken in; who comes after is refused."""
    deployment = deploy()
    deployment["a"].silent = deployment["a"].answers_pings = True
    clients = [deployment.image() for _ in range(5)]
    save(deployment, {"backends": ["a"], "maxWaiting": 1})
    assert deployment.waiting == 4
    assert deployment.image().answer.status == 503
    while any(not client.got for client in clients):
        deployment.turn("a")
    assert {client.answer.status for client in clients} == {200}


def test_what_has_no_other_way_waits_on(deploy: Deploy) -> None:
    """A configuration that says the same moves nobody."""
    deployment = deploy()
    deployment["a"].silent = deployment["a"].answers_pings = True
    clients = [deployment.image() for _ in range(3)]
    save(deployment, ["a"])
    assert deployment.waiting == 2
    while any(not client.got for client in clients):
        deployment.turn("a")
    assert {client.answer.status for client in clients} == {200}
