"""Work that waits for a backend to return, and work that is not left with one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.house import House
from tests.memory_proxy import Proxy
from tests.network import Network

StartHouse = Callable[..., House]
HOLD = {"holdSeconds": 60}


@pytest.fixture
def house(network: Network, start_proxy: Callable[..., Proxy]) -> StartHouse:
    """Builds a house."""
    return lambda backends, **more: House(network, start_proxy, backends, **more)


def test_work_waits_for_the_backend_to_come_back(house: StartHouse) -> None:
    """The first that meets it down, and those that know; all are served then."""
    home = house({"a": {}}, default=HOLD, healthCheckInterval=10)
    home.stop("a")
    clients = [home.image()]
    home.network.advance(20)
    clients += [home.image(), home.search()]
    assert [client.got for client in clients] == [b""] * 3
    route = home.status["routes"]["default"]
    assert (route["waiting"], route["held"], route["down"]) == (3, 3, True)
    home.start("a")
    home.network.advance(12)
    assert [client.answer.status for client in clients] == [200] * 3
    assert home.status["routes"]["default"]["held"] == 0


def test_held_work_flows_out_at_the_backends_pace(house: StartHouse) -> None:
    """As many at a time as it may be given."""
    home = house({"a": {"maxConcurrent": 2}}, default=HOLD, healthCheckInterval=10)
    home.stop("a")
    clients = [home.image() for _ in range(9)]
    home.network.advance(15)
    home.start("a")
    home["a"].silent = home["a"].answers_pings = True
    home.network.advance(10)
    seen = []
    while not all(client.got for client in clients):
        seen.append(home.turn("a"))
    assert seen == [2, 2, 2, 2, 1]
    assert {client.answer.status for client in clients} == {200}


def test_ping_tells_immich_to_go_on_while_work_is_held(house: StartHouse) -> None:
    """Immich sends nothing to a server whose ping fails."""
    home = house({"a": {}}, default=HOLD)
    home.stop("a")
    answer = home.ping()
    assert (answer.status, answer.body) == (200, b"pong, holding work for: default")


def test_ping_fails_for_a_route_that_does_not_hold(house: StartHouse) -> None:
    """One of both kinds: what is refused counts."""
    home = house({"a": {}}, default=HOLD, taskRouting={"ocr": "a"})
    home.stop("a")
    answer = home.ping()
    assert (answer.status, answer.body) == (503, b"no healthy ML server for: ocr")


def test_when_nobody_comes_the_error_names_the_backend(house: StartHouse) -> None:
    """After the time, and with the reason of the last attempt."""
    home = house({"a": {}}, default=HOLD, healthCheckInterval=10)
    home.stop("a")
    home.network.advance(15)
    held = home.image()
    home.network.advance(59)
    assert held.got == b""
    home.network.advance(3)
    assert held.answer.status == 502
    assert held.answer.error == "clip/visual: a connection refused"
    assert held.answer.headers["x-immich-ml-backend"] == "a"
    assert home.waiting == 0


def test_without_holding_a_request_fails_at_once(house: StartHouse) -> None:
    """Nothing is held unless the route says so."""
    home = house({"a": {}})
    home.stop("a")
    client = home.image()
    home.network.advance(1)
    assert client.answer.status == 502


def test_a_client_that_leaves_is_not_held(house: StartHouse) -> None:
    """In line, and between two attempts."""
    home = house({"a": {}}, default=HOLD)
    home.stop("a")
    first = home.image()
    home.network.advance(0.5)
    first.leave()
    home.network.advance(5)
    second = home.image()
    assert home.waiting == 1
    second.leave()
    assert home.waiting == 0
    home.start("a")
    home.network.advance(600)
    assert home["a"].predicts == []


def test_a_picture_that_breaks_the_backend_is_not_held(house: StartHouse) -> None:
    """It was reached, and answered 500: to ask again would break it again."""
    home = house({"a": {}}, default=HOLD)
    home["a"].status = 500
    answer = home.image().answer
    assert (answer.status, answer.error) == (502, "clip/visual: a answered 500")
    assert len(home["a"].predicts) == 1


def learned(house: StartHouse, seconds: float) -> House:
    """Return a house of ``a`` and ``b`` where pictures take so long."""
    home = house({"a": {}, "b": {}}, default={"strategy": "in_order"})
    home["a"].silent = True
    home.image()
    home.network.advance(seconds)
    home.turn("a")
    return home


def test_a_backend_that_hangs_from_the_first_is_given_up_too(
    house: StartHouse,
) -> None:
    """When it was asked nothing was known; what another one takes tells meanwhile."""
    home = house({"a": {}, "b": {}})
    home["a"].silent = True
    hanging = home.image()
    home.network.advance(3)
    assert home.image().answer.json()["clip"] == "b"
    home.network.advance(1.9)
    assert hanging.got == b""
    home.network.advance(0.2)
    assert hanging.answer.json()["clip"] == "b"


def test_a_model_that_all_have_to_load_is_waited_for(house: StartHouse) -> None:
    """As long as nobody has answered, nobody is too slow."""
    home = house({"a": {}, "b": {}})
    home["a"].silent = home["b"].silent = True
    loading = home.image()
    home.network.advance(280)
    home.turn("a")
    assert loading.answer.json()["clip"] == "a"


@pytest.mark.parametrize(("usual", "patience"), [(0.01, 5), (0.2, 5), (1, 20)])
def test_a_backend_that_hangs_is_given_up_for_another(
    house: StartHouse, usual: float, patience: float
) -> None:
    """After twenty times the usual, and not before 5 s."""
    home = learned(house, usual)
    hanging = home.image()
    home.network.advance(patience - 0.1)
    assert (hanging.got, home["b"].predicts) == (b"", [])
    home.network.advance(0.2)
    assert hanging.answer.json()["clip"] == "b"
    told = home.status["backends"]["a"]
    assert (told["status"], told["retried"]) == ("unhealthy", 1)


def test_the_last_backend_is_waited_for(house: StartHouse) -> None:
    """While no other one is healthy: a slow answer is better than none."""
    home = learned(house, 1)
    home.stop("b")
    home["a"].silent = False
    home.ping()
    home["a"].silent = True
    slow = home.image()
    home.network.advance(250)
    assert slow.got == b""
    home.turn("a")
    assert slow.answer.json()["clip"] == "a"


def test_nobody_is_given_up_when_nothing_is_known(house: StartHouse) -> None:
    """The first request of its kind may load a model."""
    home = house({"a": {}, "b": {}}, default={"strategy": "in_order"})
    home["a"].silent = True
    first = home.image()
    home.network.advance(250)
    home.turn("a")
    assert first.answer.json()["clip"] == "a"


def hedging(house: StartHouse) -> House:
    """Return a house in which a search may be asked twice once."""
    home = house(
        {"a": {}, "b": {}}, default={"strategy": "in_order", "hedgeAfterMs": 100}
    )
    for _ in range(19):
        assert home.search().answer.json()["clip"] == "a"
    home["a"].silent = True
    return home


def test_a_search_that_takes_long_is_asked_twice(house: StartHouse) -> None:
    """The first answer counts; the other attempt is ended and held against nobody."""
    home = hedging(house)
    search = home.search()
    home.network.advance(0.09)
    assert search.got == b""
    home.network.advance(0.02)
    assert search.answer.json()["clip"] == "b"
    assert home.status["hedged"] == 1
    told = home.status["backends"]["a"]
    assert (home["a"].left, told["inFlight"], told["failed"]) == (1, 0, 0)
    assert told["status"] == "healthy"


def test_not_more_than_one_search_of_twenty_is_asked_twice(house: StartHouse) -> None:
    """The next that takes long has to wait."""
    home = hedging(house)
    home.search()
    home.network.advance(1)
    search = home.search()
    home.network.advance(3)
    assert search.got == b""
    home.turn("a")
    assert search.answer.json()["clip"] == "a"
    assert home.status["hedged"] == 1


def test_a_picture_is_never_asked_twice(house: StartHouse) -> None:
    """It is a lot of work, and nobody waits for it."""
    home = hedging(house)
    picture = home.image()
    home.network.advance(3)
    assert (picture.got, home["b"].predicts) == (b"", [])
    assert home.status["hedged"] == 0
