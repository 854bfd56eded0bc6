"""A predict while it is uploaded: how it goes on, waits, is refused or abandoned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twisted.logger import capturedLogs, formatEvent

from tests.demo_requests import OCR, VISUAL, entries_part, form
from tests.fakes import FakeBackend, Script, document, serve
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

PHOTO = photo_form(VISUAL, bytes(50_000))
REQUEST = posted(PHOTO)
#: Up to the middle of the picture.
HALF = REQUEST[:-25_000]
REST = REQUEST[-25_000:]


@pytest.fixture
def fakes(network: Network) -> dict[str, FakeBackend]:
    """Three ML servers."""
    return serve(network, "a", "b", "c")


@pytest.fixture
def proxy(start_proxy: Start, fakes: dict[str, FakeBackend]) -> Proxy:
    """A proxy whose default is the first; the others have a task each."""
    routes = {"clip": "b", "facial-recognition": "c"}
    return start_proxy(document(*fakes, defaultBackend="a", taskRouting=routes))


def idle(proxy: Proxy) -> bool:
    """Tell whether nothing is left of any request."""
    return not proxy.site.active and proxy.site.admission.budget.used == 0


def test_the_backends_request_begins_before_the_upload_ends(
    proxy: Proxy, network: Network, fakes: dict[str, FakeBackend]
) -> None:
    """As soon as it is known what is asked for, and then byte by byte."""
    image = REQUEST.index(b'name="image"')
    client = proxy.send(REQUEST[: image - 60])
    assert network.connections[1:] == []
    client.send(REQUEST[image - 60 : image])
    [connection] = network.to("b")
    assert connection.asked.startswith(b"POST /predict HTTP/1.1\r\n")
    assert b"Content-Length: %d\r\n" % len(PHOTO) in connection.asked
    for start in range(image, len(REQUEST), 10_000):
        assert client.got == b""
        before = len(connection.asked)
        client.send(REQUEST[start : start + 10_000])
        assert len(connection.asked) - before == len(REQUEST[start : start + 10_000])
    assert fakes["b"].predicts[0].body == PHOTO
    assert client.answer.json()["clip"] == "b"
    assert idle(proxy)


def test_several_backends_get_it_while_it_arrives(
    proxy: Proxy, network: Network
) -> None:
    """Each its own entries, and the same picture."""
    request = posted(photo_form(VISUAL | OCR, bytes(50_000)))
    client = proxy.send(request[:-25_000])
    assert [len(network.to(name)) for name in "abc"] == [1, 1, 0]
    assert all(len(network.to(name)[0].asked) > 20_000 for name in "ab")
    client.send(request[-25_000:])
    assert client.answer.headers["x-immich-ml-backend"] == "b, a"


def test_a_failover_starts_over_while_it_arrives(
    start_proxy: Start, network: Network, fakes: dict[str, FakeBackend]
) -> None:
    """The next backend gets the body from its first byte."""
    proxy = start_proxy(document(*fakes))
    client = proxy.send(HALF)
    network.close("a")
    network.flush()
    client.send(REST)
    assert client.answer.status == 200
    [other] = [name for name in "bc" if fakes[name].predicts]
    assert fakes[other].predicts[0].body == PHOTO


def test_a_chunked_upload_goes_on_when_it_is_complete(
    proxy: Proxy, network: Network, fakes: dict[str, FakeBackend]
) -> None:
    """Its length must be announced: ML servers get no chunks."""
    *most, last = chunked(PHOTO[:30_000], PHOTO[30_000:])
    client = proxy.send(*most)
    assert network.to("b") == []
    client.send(last)
    assert client.answer.status == 200
    [received] = fakes["b"].predicts
    assert received.body == PHOTO
    assert received.headers["content-length"] == str(len(PHOTO))


def test_a_client_that_asks_first_is_told_to_go_on(
    proxy: Proxy, fakes: dict[str, FakeBackend]
) -> None:
    """``Expect: 100-continue``, as curl says before it sends a picture."""
    request = posted(PHOTO, Expect="100-continue")
    client = proxy.send(request[: -len(PHOTO)])
    assert client.got == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.send(PHOTO)
    assert [answer.status for answer in client.answers()] == [100, 200]
    assert "expect" not in fakes["b"].predicts[0].headers


def test_an_answer_that_comes_early_is_passed_on(
    proxy: Proxy, network: Network
) -> None:
    """A server need not read a picture to know that it has no such model."""
    said = b'HTTP/1.1 404 No\r\nContent-Length: 16\r\n\r\n{"detail": "no"}'
    network.serve("b", Script(said, hang_up=True))
    client = proxy.send(HALF)
    assert client.got == b""
    client.send(REST)
    assert (client.answer.status, client.answer.body) == (404, b'{"detail": "no"}')
    client.leave()
    assert idle(proxy)
    assert network.getDelayedCalls() == []


@pytest.mark.parametrize(
    ("sent", "asked"),
    [
        (b"POST /pred", 0),
        (b"POST /predict HTTP/1.1\r\nHost: pro", 0),
        (REQUEST[:200], 0),
        (HALF, 1),
        (posted(photo_form(VISUAL | OCR, bytes(50_000)))[:-25_000], 2),
        (b"".join(chunked(PHOTO)[:-1]), 0),
    ],
)
def test_a_client_that_leaves_during_its_upload_is_forgotten(
    proxy: Proxy, network: Network, sent: bytes, asked: int
) -> None:
    """What was begun is cancelled, and nobody is blamed."""
    client = proxy.send(sent)
    connections = [
        connection for connection in network.connections if connection.name != "proxy"
    ]
    assert [connection.is_open for connection in connections] == [True] * asked
    client.leave()
    assert not any(connection.is_open for connection in connections)
    assert idle(proxy)
    health = proxy.get("/api/health").json()
    assert {one["status"] for one in health.values()} == {"unknown"}


@pytest.mark.parametrize("entries", [VISUAL, VISUAL | OCR])
def test_a_client_that_leaves_while_it_waits_is_forgotten(
    proxy: Proxy, fakes: dict[str, FakeBackend], entries: dict[str, Any]
) -> None:
    """Its backends may turn to something else."""
    fakes["a"].silent = fakes["b"].silent = True
    client = proxy.send(posted(photo_form(entries)))
    assert fakes["a"].holds + fakes["b"].holds == len(entries)
    client.leave()
    assert fakes["a"].left + fakes["b"].left == len(entries)
    assert idle(proxy)


def test_a_client_that_stops_sending_is_dropped(proxy: Proxy, network: Network) -> None:
    """After a minute, so that it does not hold its backend for ever."""
    client = proxy.send(HALF)
    network.advance(59)
    client.send(REST[:100])
    network.advance(59)
    assert not client.closed
    network.advance(1)
    assert client.closed
    assert not network.to("b")[0].is_open
    assert idle(proxy)


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 600,
        chunked()[0] + b"zz\r\n",
    ],
)
def test_what_is_not_http_does_no_harm(proxy: Proxy, garbage: bytes) -> None:
    """The connection ends with 400, and nothing is logged as our error."""
    client = proxy.send(garbage)
    assert client.got.startswith(b"HTTP/1.1 400")
    client.leave()
    assert idle(proxy)
    assert proxy.ask(posted(text_form(VISUAL))).status == 200


def stop(proxy: Proxy) -> list[Any]:
    """Begin to stop a proxy; the list gets a result when that is done."""
    stopped: list[Any] = []
    proxy.service.stopService().addBoth(stopped.append)
    proxy.network.flush()
    return stopped


def test_stopping_lets_requests_under_way_finish(
    proxy: Proxy, fakes: dict[str, FakeBackend], network: Network
) -> None:
    """Those that wait, those that are still uploaded, and those of open connections."""
    fakes["b"].silent = True
    waiting, uploading = proxy.send(REQUEST), proxy.send(HALF)
    open_before = proxy.send(http("GET", "/api/health"))
    proxy.start_checks()
    stopped = stop(proxy)
    open_before.send(REQUEST)
    uploading.send(REST)
    assert stopped == []
    fakes["b"].speak()
    network.flush()
    for client in (waiting, uploading, open_before):
        served = client.answers()[-1]
        assert (served.status, served.headers["connection"]) == (200, "close")
        assert client.closed
    assert stopped == [None]


def test_stopping_waits_for_what_idle_clients_may_still_send(
    proxy: Proxy, network: Network
) -> None:
    """Immich lets go of an idle connection after 4 s; it must not be first with it."""
    late, idle_client, silent = proxy.connect(), proxy.connect(), proxy.connect()
    for client in (late, idle_client):
        client.send(REQUEST)
    proxy.start_checks()
    stopped = stop(proxy)
    network.advance(4.9)
    assert not (late.closed or idle_client.closed or silent.closed)
    assert late.send(REQUEST).answers()[-1].status == 200
    assert late.closed
    assert stopped == []
    network.advance(0.1)
    assert idle_client.closed
    assert silent.closed
    assert stopped == [None]


def test_what_takes_too_long_is_cut_off(
    proxy: Proxy, fakes: dict[str, FakeBackend], network: Network
) -> None:
    """Half a minute, then the process may end."""
    fakes["b"].silent = True
    proxy.start_checks()
    proxy.send(REQUEST)
    with capturedLogs() as events:
        stopped = stop(proxy)
        network.advance(29)
        assert stopped == []
        network.advance(1)
    assert stopped == [None]
    assert [formatEvent(event) for event in events if "count" in event] == [
        "stopping; 1 requests get up to 30 s to finish",
        "1 requests cut off",
    ]


def test_nothing_is_left_after_stopping(proxy: Proxy, network: Network) -> None:
    """No timer, no connection."""
    proxy.start_checks()
    client: Client = proxy.send(REQUEST)
    client.leave()
    assert stop(proxy) == [None]
    assert network.getDelayedCalls() == []
    assert not any(connection.is_open for connection in network.connections)


def test_entries_alone_begin_the_request(proxy: Proxy, network: Network) -> None:
    """The first delimiter after them tells that they are complete."""
    body = form(entries_part(VISUAL))
    client = proxy.send(posted(body)[:-4])
    assert len(network.to("b")) == 1
    assert client.send(posted(body)[-4:]).answer.status == 200
