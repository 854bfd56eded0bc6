"""Connections to backends: where they go, and how long that is tried."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from OpenSSL.SSL import Error as SSLError
from twisted.internet.error import DNSLookupError
from twisted.internet.error import TimeoutError as ConnectTimeout
from twisted.web.client import URI, ResponseNeverReceived

from immich_ml_proxy.upstream.endpoints import (
    BLOCK,
    BackendEndpoints,
    backend_url,
    connections,
)
from tests.fakes import QuietSite, Script, outcome, result_of, serve
from tests.network import Network
from tests.upstream.asking import ended, get


@pytest.mark.parametrize(
    ("base", "host", "dialled", "path"),
    [
        ("http://gpu:3003", "gpu:3003", ("gpu", 3003), "/ping"),
        ("http://gpu", "gpu", ("gpu", 80), "/ping"),
        ("http://gpu:3003/ml/one", "gpu:3003", ("gpu", 3003), "/ml/one/ping"),
        ("http://gpu/a%20b", "gpu", ("gpu", 80), "/a%20b/ping"),
        ("http://192.168.1.20:3003", "192.168.1.20:3003", ("192.168.1.20", 3003), ""),
        ("http://[::1]:3003", "[::1]:3003", ("::1", 3003), "/ping"),
        ("http://[fe80::1:2]/ml", "[fe80::1:2]", ("fe80::1:2", 80), "/ml/ping"),
        ("http://ml:3003#10.0.0.3", "ml:3003", ("10.0.0.3", 3003), "/ping"),
        ("http://ml/x#fd00::3", "ml", ("fd00::3", 80), "/x/ping"),
    ],
)
def test_a_url_names_host_port_and_prefix(
    network: Network, base: str, host: str, dialled: tuple[str, int], path: str
) -> None:
    """A path prefix is kept, a literal address is dialled as it is."""
    fake = serve(network, "gpu")["gpu"]
    network.serve(dialled[0], QuietSite(fake, network), dialled[1])
    assert ended(network, get(connections(network), base)) == 200
    assert network.dialled == [dialled]
    [received] = fake.received
    assert (received.headers["host"], received.path) == (host, path or "/ping")


def test_the_url_of_a_request_is_made_once() -> None:
    """Putting it together anew would cost every request as much as routing does."""
    url = backend_url("http://[::1]:3003/ml", "/predict")
    assert url == b"http://[::1]:3003/ml/predict"
    assert backend_url("http://[::1]:3003/ml", "/predict") is url
    assert backend_url("http://[::1]:3003/ml", "/ping") != url


def test_the_endpoint_of_a_backend_is_made_once(network: Network) -> None:
    """One for each scheme, host and port, whatever the path."""
    endpoints = BackendEndpoints(network)

    def endpoint(url: bytes) -> Any:
        return endpoints.endpointForURI(URI.fromBytes(url))

    assert endpoint(b"http://gpu/predict") is endpoint(b"http://gpu:80/ping")
    different = [b"http://gpu", b"https://gpu", b"http://gpu:81", b"http://nas"]
    different += [b"http://gpu#10.0.0.3", b"http://gpu#10.0.0.4"]
    assert len({endpoint(url) for url in different}) == 6


def test_replicas_share_no_connection(network: Network) -> None:
    """Each has its own, and the one that is gone is closed and forgotten."""
    for address in ("10.0.0.3", "10.0.0.4"):
        network.serve(address, QuietSite(serve(network, "gpu")["gpu"], network))
    made = connections(network)
    urls = [f"http://ml:3003#10.0.0.{number}" for number in (3, 4)]
    for url in urls * 2:
        assert ended(network, get(made, url)) == 200
    assert network.dialled == [("10.0.0.3", 3003), ("10.0.0.4", 3003)]
    made.retain(urls[:1])
    network.flush()
    assert [one.is_open for one in network.connections] == [True, False]


def test_addresses_that_are_gone_leave_nothing_behind(network: Network) -> None:
    """Replicas come and go for as long as the proxy runs."""
    made = connections(network)
    for number in range(1000):
        url = f"http://ml#10.0.{number // 250}.{number % 250}"
        made.endpoints.endpointForURI(URI.fromBytes(url.encode()))
        made.retain([url])
    assert len(made.endpoints._made) == 1


@pytest.mark.parametrize("way", ["look-up", "connect"])
def test_connecting_is_given_up_after_two_seconds(network: Network, way: str) -> None:
    """A name server that never answers counts like a host that is off."""
    serve(network, "gpu")
    (network.names.silent if way == "look-up" else network.unreachable).add("gpu")
    asking = outcome(get(connections(network), "http://gpu:3003"))
    network.advance(1.9)
    assert not asking
    network.advance(0.1)
    with pytest.raises(ConnectTimeout, match=r"connecting timed out after 2 s"):
        asking[0].raiseException()
    assert network.getDelayedCalls() == []


def test_a_name_that_is_not_found_fails_at_once(network: Network) -> None:
    """Nothing is dialled, nothing is waited for."""
    asking = get(connections(network), "http://nowhere:3003")
    with pytest.raises(DNSLookupError):
        result_of(asking)
    assert (network.dialled, network.seconds()) == ([], 0)


def test_cookies_are_neither_kept_nor_sent(network: Network) -> None:
    """What one client's request brought must not go out with another's."""
    fake = serve(network, "gpu")["gpu"]
    fake.headers["Set-Cookie"] = "session=1; Path=/"
    one = connections(network)
    for _ in range(2):
        ended(network, get(one, "http://gpu:3003"))
    assert ["cookie" in received.headers for received in fake.received] == [False] * 2


def test_https_begins_with_a_handshake_for_the_host(network: Network) -> None:
    """The backend's certificate is checked against the name in its URL."""
    network.serve("gpu.lan", Script(b"HTTP/1.1 400 Bad Request\r\n\r\n"), 443)
    asking = get(connections(network), "https://gpu.lan/ml")
    network.flush()
    hello = network.connections[0].asked
    assert hello.startswith(b"\x16\x03")
    assert b"gpu.lan" in hello
    # It answers in plain text, which is no handshake.
    with pytest.raises(ResponseNeverReceived) as never:
        result_of(asking)
    assert never.value.reasons[0].check(SSLError)


def test_sockets_move_large_blocks(network: Network) -> None:
    """Twisted's own sizes make a picture cost 1.7 times the time."""
    serve(network, "gpu")
    ended(network, get(connections(network), "http://gpu:3003"))
    end: Any = network.connections[0].client
    assert end.SEND_LIMIT == BLOCK


def test_the_end_of_a_body_is_sent_at_once(network: Network) -> None:
    """Else its last segment waits for the answer to the others: 40 ms and more."""
    serve(network, "gpu")
    ended(network, get(connections(network), "http://gpu:3003"))
    assert network.connections[0].client.no_delay


@pytest.mark.parametrize(
    "host", ["immich_machine_learning", "ml_1.stack", "ml-.lan", "gpu."]
)
def test_a_name_need_not_be_one_that_twisted_accepts(
    network: Network, host: str
) -> None:
    """Containers and stacks have names that the rules of the web forbid."""
    fake = serve(network, host)[host]
    assert ended(network, get(connections(network), f"http://{host}:3003")) == 200
    assert network.dialled == [(host, 3003)]
    assert fake.received[0].headers["host"] == f"{host}:3003"
    network.serve(host, Script(b""), 443)
    asking = outcome(get(connections(network), f"https://{host}"))
    network.flush()
    assert host.rstrip(".").encode() in network.connections[-1].asked
    network.connections[-1].drop()
    assert asking


def test_a_host_that_is_gone_is_noticed(network: Network) -> None:
    """
    One that has lost its power says nothing, as one that is at work: so it is asked
    after 10 s whether it is there, and after 25 s the connection ends.
    """
    serve(network, "gpu")
    ended(network, get(connections(network), "http://gpu:3003"))
    network.serve("gpu", Script(b""), 443)
    asking = outcome(get(connections(network), "https://gpu"))
    network.flush()
    plain, tls = network.connections
    for connection in (plain, tls):
        options = connection.client.options
        assert options[socket.IPPROTO_TCP, socket.TCP_KEEPIDLE] == 10
        assert options[socket.IPPROTO_TCP, socket.TCP_KEEPINTVL] == 5
        assert options[socket.IPPROTO_TCP, socket.TCP_KEEPCNT] == 3
        assert options[socket.SOL_SOCKET, socket.SO_KEEPALIVE]
    tls.drop()
    assert asking
