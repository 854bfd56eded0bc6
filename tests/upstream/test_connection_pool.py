"""Connections that are kept: for whom, for how long, and which is taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from immich_ml_proxy.upstream.endpoints import Connections, connections
from tests.fakes import FakeBackend, document, serve
from tests.memory_proxy import Proxy
from tests.network import Network
from tests.upstream.asking import ended, get

GPU = "http://gpu:3003"
NAS = "http://nas:3003"


@pytest.fixture
def fakes(network: Network) -> dict[str, FakeBackend]:
    """Two backends."""
    return serve(network, "gpu", "nas")


@pytest.fixture
def one(network: Network, fakes: dict[str, FakeBackend]) -> Connections:
    """The connections of a proxy in front of them."""
    return connections(network)


def opened(network: Network, one: Connections, *urls: str) -> None:
    """Have an idle connection for each of the URLs, which may repeat."""
    asked = [get(one, url) for url in urls]
    assert [ended(network, asking) for asking in asked] == [200] * len(urls)
    assert is_open(network)[-len(urls) :] == [True] * len(urls)


def is_open(network: Network) -> list[bool]:
    """Tell of every connection, in the order of their making, whether it is up."""
    network.flush()
    return [connection.is_open for connection in network.connections]


def test_a_connection_is_used_again(network: Network, one: Connections) -> None:
    """``opened`` tells a new connection from one that was idle."""
    for _ in range(3):
        assert ended(network, get(one, GPU)) == 200
    assert (one.endpoints.opened, len(network.connections)) == (1, 1)
    both = [get(one, GPU) for _ in range(2)]
    assert one.endpoints.opened == 2
    assert [ended(network, asking) for asking in both] == [200, 200]
    assert len(network.connections) == 2


def test_a_fresh_connection_is_used_once(network: Network, one: Connections) -> None:
    """After a stale one, no second idle one is tried."""
    ended(network, get(one, GPU))
    for count in (2, 3):
        assert ended(network, get(one, GPU, fresh=True)) == 200
        assert one.endpoints.opened == len(network.connections) == count
        assert not network.connections[-1].is_open


def test_the_one_that_was_idle_last_is_taken(
    network: Network, one: Connections, fakes: dict[str, FakeBackend]
) -> None:
    """It has the best chances to be open still, and the others may end."""
    fakes["gpu"].silent = True
    slow = get(one, GPU)
    network.flush()
    fakes["gpu"].silent = False
    opened(network, one, GPU)
    network.advance(1)
    fakes["gpu"].speak()
    assert ended(network, slow) == 200
    # The first connection became idle after the second.
    asked = [len(connection.asked) for connection in network.connections]
    assert ended(network, get(one, GPU)) == 200
    grown = [
        len(connection.asked) > before
        for connection, before in zip(network.connections, asked, strict=True)
    ]
    assert grown == [True, False]


def test_an_idle_connection_is_closed_when_its_time_is_over(
    network: Network, one: Connections
) -> None:
    """ML servers close theirs after 2 s; till then it is a descriptor for nothing."""
    opened(network, one, GPU, NAS)
    network.advance(1.4)
    assert ended(network, get(one, GPU)) == 200
    assert is_open(network) == [True, True]
    network.advance(0.2)
    assert is_open(network) == [True, False]
    network.advance(1.2)
    assert is_open(network) == [True, False]
    network.advance(0.2)
    assert is_open(network) == [False, False]
    assert network.getDelayedCalls() == []


def test_one_timer_is_for_all_of_them(network: Network, one: Connections) -> None:
    """Setting and cancelling one each time would cost every request."""
    opened(network, one, GPU, GPU, NAS)
    [timer] = network.getDelayedCalls()
    for _ in range(10):
        network.advance(0.1)
        opened(network, one, GPU)
    assert network.getDelayedCalls() == [timer]


def test_each_gets_its_whole_time(network: Network, one: Connections) -> None:
    """That of others of the same backend is over at other times."""
    opened(network, one, GPU, GPU, GPU)
    network.advance(1)
    opened(network, one, GPU, GPU)
    for pause, left in ((0.4, 3), (0.2, 2), (0.8, 2), (0.2, 0)):
        network.advance(pause)
        assert sum(is_open(network)) == left


class Ticking(Network):
    """A network whose time goes on while things are done, as it does."""

    tick = 0.0

    def seconds(self) -> float:
        """Return the time, a moment later each time."""
        self.rightNow += self.tick
        now: float = self.rightNow
        return now

    def callLater(self, delay: float, *what: Any, **more: Any) -> Any:
        """Do something later; see ``IReactorTime``, which knows no time before now."""
        assert delay >= 0
        return super().callLater(delay, *what, **more)


@pytest.mark.parametrize("ticks", [0.5, 1.5, 2.5, 3.5])
def test_time_may_pass_while_the_timer_looks(ticks: float) -> None:
    """One connection's time may be over just after it was looked at."""
    tick = 1e-6
    network = Ticking()
    serve(network, "gpu", "nas")
    one = connections(network)
    opened(network, one, GPU, GPU)
    [timer] = network.getDelayedCalls()
    network.advance(ticks * tick)
    opened(network, one, GPU)
    left = timer.getTime() - network.rightNow
    network.tick = tick
    network.advance(left)
    network.advance(0.1)
    assert not any(is_open(network))
    assert network.getDelayedCalls() == []


def test_a_connection_is_not_used_when_the_timer_is_late(
    network: Network, one: Connections
) -> None:
    """A reactor that was busy for long may hear of the request first."""
    opened(network, one, GPU)
    network.rightNow += 1.6
    asking = get(one, GPU)
    assert one.endpoints.opened == 2
    assert ended(network, asking) == 200
    assert is_open(network) == [False, True]


def test_a_connection_that_the_backend_has_closed_is_not_used_again(
    network: Network, one: Connections
) -> None:
    """Once that is known, there is no need to try."""
    opened(network, one, GPU)
    network.connections[0].hang_up()
    network.flush()
    asking = get(one, GPU)
    assert one.endpoints.opened == 2
    assert ended(network, asking) == 200


def test_closing_ends_the_idle_connections(network: Network, one: Connections) -> None:
    """Nothing is left when the proxy stops."""
    opened(network, one, GPU, GPU, NAS)
    one.close()
    assert is_open(network) == [False, False, False]
    assert network.getDelayedCalls() == []


def test_what_ends_after_closing_is_not_kept(
    network: Network, one: Connections, fakes: dict[str, FakeBackend]
) -> None:
    """A request that was under way leaves neither a connection nor a timer."""
    fakes["gpu"].silent = True
    slow = get(one, GPU)
    network.flush()
    one.close()
    fakes["gpu"].speak()
    assert ended(network, slow) == 200
    assert is_open(network) == [False]
    assert network.getDelayedCalls() == []


def test_idle_connections_to_a_removed_backend_are_closed_at_once(
    network: Network, one: Connections
) -> None:
    """Its machine may be about to be switched off."""
    opened(network, one, GPU, NAS)
    one.retain([NAS])
    assert is_open(network) == [False, True]
    assert ended(network, get(one, NAS)) == 200
    assert len(network.connections) == 2


def test_one_in_use_is_closed_when_its_request_has_ended(
    network: Network, one: Connections, fakes: dict[str, FakeBackend]
) -> None:
    """The request is not cut off; whatever else is sent there leaves nothing behind."""
    fakes["gpu"].silent = True
    slow = get(one, GPU)
    network.flush()
    one.retain([NAS])
    assert is_open(network) == [True]
    fakes["gpu"].speak()
    assert ended(network, slow) == 200
    assert ended(network, get(one, GPU)) == 200
    assert is_open(network) == [False, False]


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("http://gpu:3003/ml", True),
        ("http://gpu:3004", False),
        ("https://gpu:3003", False),
        ("http://nas:3003", False),
    ],
)
def test_a_changed_url_counts_by_scheme_host_and_port(
    network: Network, one: Connections, url: str, kept: bool
) -> None:
    """With another path it is the same server."""
    opened(network, one, GPU)
    one.retain([url])
    assert is_open(network) == [kept]


def test_a_backend_that_comes_back_is_kept_again(
    network: Network, one: Connections
) -> None:
    """The newest configuration counts."""
    one.retain([NAS])
    one.retain([NAS, GPU])
    opened(network, one, GPU)


def test_a_new_configuration_closes_what_it_does_not_need(
    network: Network,
    fakes: dict[str, FakeBackend],
    start_proxy: Callable[..., Proxy],
) -> None:
    """Saving it is enough."""
    proxy = start_proxy(document("gpu", "nas"))
    proxy.start_checks()
    assert [network.to(name)[0].is_open for name in fakes] == [True, True]
    assert proxy.post("/api/config", document("nas")).status == 200
    assert not network.to("gpu")[0].is_open
    assert network.to("nas")[0].is_open
