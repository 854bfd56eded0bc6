"""What one client may take: connections, time for heads and bodies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.demo_requests import TEXTUAL, VISUAL
from tests.fakes import document, serve
from tests.memory_proxy import (
    Client,
    Proxy,
    chunked,
    http,
    photo_form,
    posted,
    text_form,
)
from tests.network import Network

Start = Callable[..., Proxy]
SEARCH = posted(text_form(TEXTUAL))
PHOTO = posted(photo_form(VISUAL, b"x" * 200_000))


@pytest.fixture
def start(network: Network, start_proxy: Start) -> Start:
    """Starts a proxy that looks at the time, with fields of its configuration."""

    def begin(**more: Any) -> Proxy:
        serve(network, "ml")
        proxy = start_proxy(document("ml", healthCheckInterval=600, **more))
        proxy.start_checks()
        return proxy

    return begin


def trickle(client: Client, network: Network, data: bytes, seconds: float) -> int:
    """Send a byte every so many seconds; return how many it took to be sent away."""
    for count in range(len(data)):
        if client.got or client.closed:
            return count
        client.send(data[count : count + 1])
        network.advance(seconds)
    return len(data)


@pytest.mark.parametrize(("seconds", "timeout"), [(1, 30), (10, 30), (3, 7)])
def test_a_head_must_come_in_time(
    start: Start, network: Network, seconds: float, timeout: float
) -> None:
    """All of it: bytes that come now and then do not help."""
    client = start(headTimeout=timeout).connect()
    taken = trickle(client, network, SEARCH, seconds) * seconds
    assert timeout <= taken <= timeout + seconds + 1
    assert client.got.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b"its head did not come within" in client.got
    assert client.closed


def test_a_second_head_must_come_in_time_too(start: Start, network: Network) -> None:
    """Its time is counted from its own first byte."""
    client = start().connect()
    client.send(SEARCH)
    network.advance(50)
    client.got = b""
    assert 30 <= trickle(client, network, SEARCH, 1) <= 32
    assert client.closed


@pytest.mark.parametrize("form", ["length", "chunked"])
def test_a_body_must_come_in_time(start: Start, network: Network, form: str) -> None:
    """At a kilobyte a second, over any 15 seconds; its place is given back."""
    proxy = start()
    request = PHOTO if form == "length" else b"".join(chunked(b"x" * 100_000))
    client = proxy.send(request[:50_000])
    network.advance(10)
    assert not client.got
    network.advance(25)
    assert client.got.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert client.closed
    assert proxy.site.admission.budget.used == 0
    assert not proxy.site.active


def test_a_body_that_comes_at_the_rate_is_served(
    start: Start, network: Network
) -> None:
    """Though it takes minutes."""
    client = start().connect()
    for at in range(0, len(PHOTO), 1100):
        client.send(PHOTO[at : at + 1100])
        network.advance(1)
    assert client.answer.status == 200


def test_a_body_may_come_at_any_rate_where_that_is_set(
    start: Start, network: Network
) -> None:
    """As long as anything comes before the connection counts as idle."""
    client = start(minUploadRate=0).connect()
    for at in range(0, len(PHOTO), 10_000):
        client.send(PHOTO[at : at + 10_000])
        network.advance(50)
    assert client.answer.status == 200


def test_an_idle_connection_is_closed(start: Start, network: Network) -> None:
    """After the time that is set, before its first request and after each."""
    proxy = start(idleTimeout=20)
    new, old = proxy.connect(), proxy.send(SEARCH)
    network.advance(19.5)
    assert not (new.closed or old.closed)
    network.advance(1)
    assert new.closed and old.closed


def test_only_so_many_connections_are_open(start: Start, network: Network) -> None:
    """More are told so and closed; when some have gone there is room again."""
    proxy = start(maxConnections=16)
    clients = [proxy.connect() for _ in range(16)]
    over = proxy.connect()
    network.flush()
    assert over.got.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    assert b"\r\nRetry-After: 5\r\n" in over.got
    assert over.closed
    clients[0].leave()
    clients[1].leave()
    assert proxy.get("/api/health").status == 200


def test_the_last_connections_are_for_pings_and_pages(
    start: Start, network: Network
) -> None:
    """Work is refused that comes over them, while whoever looks can see why."""
    proxy = start(maxConnections=16)
    clients = [proxy.connect() for _ in range(12)]
    refused = proxy.ask(SEARCH)
    assert (refused.status, refused.headers["retry-after"]) == (503, "5")
    assert refused.error == "too many clients are connected (maxConnections)"
    assert proxy.get("/ping").status == 200
    assert proxy.get("/api/status").status == 200
    clients[0].leave()
    clients[1].leave()
    clients[2].leave()
    clients[3].leave()
    assert proxy.ask(SEARCH).status == 200


def test_one_address_may_have_so_many_connections(
    start: Start, network: Network
) -> None:
    """Where that is set; by default it may have all."""
    proxy = start(maxConnectionsPerAddress=3)
    clients = [proxy.connect() for _ in range(4)]
    network.flush()
    assert [client.closed for client in clients] == [False] * 3 + [True]
    assert b"maxConnectionsPerAddress" in clients[3].got


def test_bounds_change_with_the_configuration(start: Start, network: Network) -> None:
    """For whoever connects from then on, and for what still comes."""
    proxy = start()
    config = proxy.get("/api/config").json()
    changed = {**config, "maxConnections": 17, "headTimeout": 2}
    assert proxy.post("/api/config", changed).status == 200
    client = proxy.connect()
    client.send(SEARCH[:50])
    network.advance(4)
    assert client.closed
    assert proxy.site.admission.visitors.most == 17


def test_who_never_reads_is_sent_away(start: Start, network: Network) -> None:
    """An answer waits for its client as long as an idle connection does, and some."""
    proxy = start()
    client = proxy.connect()
    client.connection.client.pauseProducing()
    client.send(http("GET", "/api/config"), http("GET", "/api/config"))
    network.advance(76)
    assert not len(proxy.site.connections)
    assert len(proxy.site.admission.visitors) == 0


def test_nothing_is_counted_when_all_have_gone(start: Start, network: Network) -> None:
    """In whatever state they were."""
    proxy = start()
    clients = [
        proxy.connect(),
        proxy.send(SEARCH),
        proxy.send(SEARCH[:40]),
        proxy.send(PHOTO[:5000]),
        proxy.send(b"garbage\r\n\r\n"),
    ]
    for client in clients:
        client.leave()
    assert len(proxy.site.admission.visitors) == 0
    assert not len(proxy.site.connections)
