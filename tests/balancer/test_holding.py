"""Work that waits for a backend to return, and work that is not left with one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.deployment import Deployment
from tests.memory_proxy import Proxy
from tests.network import Network

Deploy = Callable[..., Deployment]
HOLD = {"holdSeconds": 60}


@pytest.fixture
def deploy(network: Network, start_proxy: Callable[..., Proxy]) -> Deploy:
    """Builds a deploy."""
    return lambda backends, **more: Deployment(network, start_proxy, backends, **more)


def test_work_waits_for_the_backend_to_come_back(deploy: Deploy) -> None:
    """The first that meets it down, and those that know; all are served then."""
    deployment = deploy({"a": {}}, default=HOLD, healthCheckInterval=10)
    deployment.stop("a")
    clients = [deployment.image()]
    deployment.network.advance(20)
    clients += [deployment.image(), deployment.search()]
    assert [client.got for client in clients] == [b""] * 3
    route = deployment.status["routes"]["default"]
    assert (route["waiting"], route["held"], route["down"]) == (3, 3, True)
    deployment.start("a")
    deployment.network.advance(12)
    assert [client.answer.status for client in clients] == [200] * 3
    assert deployment.status["routes"]["default"]["held"] == 0


def test_held_work_flows_out_at_the_backends_pace(deploy: Deploy) -> None:
    """As many at a time as it may be given."""
    deployment = deploy(
        {"a": {"maxConcurrent": 2}}, default=HOLD, healthCheckInterval=10
    )
    deployment.stop("a")
    clients = [deployment.image() for _ in range(9)]
    deployment.network.advance(15)
    deployment.start("a")
    deployment["a"].silent = deployment["a"].answers_pings = True
    deployment.network.advance(10)
    seen = []
    while not all(client.got for client in clients):
        seen.append(deployment.turn("a"))
    assert seen == [2, 2, 2, 2, 1]
    assert {client.answer.status for client in clients} == {200}


def test_ping_tells_immich_to_go_on_while_work_is_held(
    deploy: Deploy,
) -> None:
    """Immich sends nothing to a server whose ping fails."""
    deployment = deploy({"a": {}}, default=HOLD)
    deployment.stop("a")
    answer = deployment.ping()
    assert (answer.status, answer.body) == (200, b"pong, holding work for: default")


def test_ping_fails_for_a_route_that_does_not_hold(deploy: Deploy) -> None:
    """One of both kinds: what is refused counts."""
    deployment = deploy({"a": {}}, default=HOLD, taskRouting={"ocr": "a"})
    deployment.stop("a")
    answer = deployment.ping()
    assert (answer.status, answer.body) == (503, b"no machine is up for: ocr")


def test_when_nobody_comes_the_error_names_the_backend(
    deploy: Deploy,
) -> None:
    """After the time, and with the reason of the last attempt."""
    deployment = deploy({"a": {}}, default=HOLD, healthCheckInterval=10)
    deployment.stop("a")
    deployment.network.advance(15)
    held = deployment.image()
    deployment.network.advance(59)
    assert held.got == b""
    deployment.network.advance(3)
    assert held.answer.status == 503
    assert held.answer.headers["retry-after"]
    assert held.answer.error == "clip/visual: a connection refused"
    assert held.answer.headers["x-immich-ml-backend"] == "a"
    assert deployment.waiting == 0


def test_without_holding_a_request_fails_at_once(deploy: Deploy) -> None:
    """Nothing is held where the route says so."""
    deployment = deploy({"a": {}}, default={"holdSeconds": 0})
    deployment.stop("a")
    client = deployment.image()
    deployment.network.advance(1)
    assert client.answer.status == 502


def test_a_client_that_leaves_is_not_held(deploy: Deploy) -> None:
    """In line, and between two attempts."""
    deployment = deploy({"a": {}}, default=HOLD)
    deployment.stop("a")
    first = deployment.image()
    deployment.network.advance(0.5)
    first.leave()
    deployment.network.advance(5)
    second = deployment.image()
    assert deployment.waiting == 1
    second.leave()
    assert deployment.waiting == 0
    deployment.start("a")
    deployment.network.advance(600)
    assert deployment["a"].predicts == []


def test_a_picture_that_breaks_the_backend_is_not_held(
    deploy: Deploy,
) -> None:
    """It was reached, and answered 500: to ask again would break it again."""
    deployment = deploy({"a": {}}, default=HOLD)
    deployment["a"].status = 500
    answer = deployment.image().answer
    assert (answer.status, answer.error) == (502, "clip/visual: a answered 500")
    assert len(deployment["a"].predicts) == 1


def learned(deploy: Deploy, seconds: float) -> Deployment:
    """Return a deploy of ``a`` and ``b`` where pictures take so long."""
    deployment = deploy({"a": {}, "b": {}}, default={"strategy": "in_order"})
    deployment["a"].silent = True
    deployment.image()
    deployment.network.advance(seconds)
    deployment.turn("a")
    return deployment


def test_a_backend_that_hangs_from_the_first_is_given_up_too(
    deploy: Deploy,
) -> None:
    """When it was asked nothing was known; what another one takes tells meanwhile."""
    deployment = deploy({"a": {}, "b": {}})
    deployment["a"].silent = True
    hanging = deployment.image()
    deployment.network.advance(3)
    assert deployment.image().answer.json()["clip"] == "b"
    deployment.network.advance(1.9)
    assert hanging.got == b""
    deployment.network.advance(0.2)
    assert hanging.answer.json()["clip"] == "b"


def test_a_model_that_all_have_to_load_is_waited_for(
    deploy: Deploy,
) -> None:
    """As long as nobody has answered, nobody is too slow."""
    deployment = deploy({"a": {}, "b": {}})
    deployment["a"].silent = deployment["b"].silent = True
    loading = deployment.image()
    deployment.network.advance(280)
    deployment.turn("a")
    assert loading.answer.json()["clip"] == "a"


@pytest.mark.parametrize(("usual", "patience"), [(0.01, 5), (0.2, 5), (1, 20)])
def test_beside_a_backend_that_hangs_another_is_asked(
    deploy: Deploy, usual: float, patience: float
) -> None:
    """After twenty times the usual, and not before 5 s."""
    deployment = learned(deploy, usual)
    hanging = deployment.image()
    deployment.network.advance(patience - 0.1)
    assert (hanging.got, deployment["b"].predicts) == (b"", [])
    deployment.network.advance(0.2)
    assert hanging.answer.json()["clip"] == "b"
    told = deployment.status["backends"]["a"]
    assert (told["status"], told["retried"]) == ("healthy", 0)
    assert (deployment["a"].left, told["inFlight"]) == (1, 0)


def test_the_last_backend_is_waited_for(deploy: Deploy) -> None:
    """While no other one is healthy: a slow answer is better than none."""
    deployment = learned(deploy, 1)
    deployment.stop("b")
    deployment["a"].silent = False
    deployment.ping()
    deployment["a"].silent = True
    slow = deployment.image()
    deployment.network.advance(250)
    assert slow.got == b""
    deployment.turn("a")
    assert slow.answer.json()["clip"] == "a"


def test_nobody_is_given_up_when_nothing_is_known(deploy: Deploy) -> None:
    """The first request of its kind may load a model."""
    deployment = deploy({"a": {}, "b": {}}, default={"strategy": "in_order"})
    deployment["a"].silent = True
    first = deployment.image()
    deployment.network.advance(250)
    deployment.turn("a")
    assert first.answer.json()["clip"] == "a"


def hedging(deploy: Deploy) -> Deployment:
    """Return a deploy in which a search may be asked twice once."""
    deployment = deploy(
        {"a": {}, "b": {}}, default={"strategy": "in_order", "hedgeAfterMs": 100}
    )
    for _ in range(19):
        assert deployment.search().answer.json()["clip"] == "a"
    deployment["a"].silent = True
    return deployment


def test_a_search_that_takes_long_is_asked_twice(deploy: Deploy) -> None:
    """The first answer counts; the other attempt is ended and held against nobody."""
    deployment = hedging(deploy)
    search = deployment.search()
    deployment.network.advance(0.09)
    assert search.got == b""
    deployment.network.advance(0.02)
    assert search.answer.json()["clip"] == "b"
    assert deployment.status["hedged"] == 1
    told = deployment.status["backends"]["a"]
    assert (deployment["a"].left, told["inFlight"], told["failed"]) == (1, 0, 0)
    assert told["status"] == "healthy"


def test_not_more_than_one_search_of_twenty_is_asked_twice(
    deploy: Deploy,
) -> None:
    """The next that takes long has to wait."""
    deployment = hedging(deploy)
    deployment.search()
    deployment.network.advance(1)
    search = deployment.search()
    deployment.network.advance(3)
    assert search.got == b""
    deployment.turn("a")
    assert search.answer.json()["clip"] == "a"
    assert deployment.status["hedged"] == 1


def test_a_picture_is_never_asked_twice(deploy: Deploy) -> None:
    """It is a lot of work, and nobody waits for it."""
    deployment = hedging(deploy)
    picture = deployment.image()
    deployment.network.advance(3)
    assert (picture.got, deployment["b"].predicts) == (b"", [])
    assert deployment.status["hedged"] == 0
