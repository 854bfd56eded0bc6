"""What large bodies may take: refused before they are read, or read later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.demo_requests import OCR, TEXTUAL, VISUAL
from tests.fakes import FakeBackend, document, serve
from tests.memory_proxy import Proxy, chunked, http, photo_form, posted, text_form
from tests.network import Network

Start = Callable[..., Proxy]

KB = 1000
LARGEST = 200 * KB


def picture(entries: object, size: int = 100 * KB) -> bytes:
    """Return a form of ``size`` bytes."""
    empty = len(photo_form(entries, b""))
    return photo_form(entries, bytes(size - empty))


@pytest.fixture
def fakes(network: Network) -> dict[str, FakeBackend]:
    """An ML server for clip and one for the rest; both hold their answers."""
    fakes = serve(network, "clip", "rest")
    for fake in fakes.values():
        fake.silent = True
    return fakes


def limits(held: int) -> dict[str, Any]:
    """Return a configuration that holds so many bytes at once."""
    return document(
        "rest",
        "clip",
        defaultBackend="rest",
        taskRouting={"clip": "clip"},
        maxBodySize=LARGEST,
        maxBufferedBytes=held,
    )


@pytest.fixture
def proxy(start_proxy: Start, fakes: dict[str, FakeBackend]) -> Proxy:
    """A proxy that holds one picture of 100 KB, not two."""
    return start_proxy(limits(150 * KB))


def test_a_body_that_says_it_is_too_large_is_refused_at_once(
    proxy: Proxy, network: Network
) -> None:
    """Before a byte of it is read; the answer can be read in peace."""
    request = posted(picture(VISUAL, LARGEST + 1), X_Request_ID="big")
    client = proxy.send(request[:1000])
    assert client.answer.status == 413
    assert client.answer.error == ("the body is larger than maxBodySize, 200000 bytes")
    assert client.answer.headers["connection"] == "close"
    assert client.answer.headers["x-request-id"] == "big"
    for start in range(1000, len(request), 50 * KB):
        assert not client.closed
        assert (proxy.site.admission.budget.used, client.paused) == (0, False)
        client.send(request[start : start + 50 * KB])
    assert client.closed
    assert network.connections[1:] == []
    assert network.getDelayedCalls() == []


def test_a_chunked_body_is_refused_when_it_gets_too_large(
    proxy: Proxy, network: Network
) -> None:
    """Its length is not known before."""
    head, *pieces = chunked(*[bytes(50 * KB)] * 5)
    client = proxy.send(head, *pieces[:4])
    assert client.got == b""
    client.send(*pieces[4:])
    assert client.answer.status == 413
    assert client.closed
    assert proxy.site.admission.budget.used == 0
    assert network.connections[1:] == []


def test_what_is_refused_makes_room_at_once(proxy: Proxy) -> None:
    """Not when the client is gone, for which it has five seconds."""
    head, *pieces = chunked(*[bytes(50 * KB)] * 9)
    client = proxy.send(head, *pieces[:5])
    assert client.answer.status == 413
    assert not client.closed
    assert proxy.site.admission.budget.used == 0


def test_a_refused_client_that_goes_on_is_cut_off(
    proxy: Proxy, network: Network
) -> None:
    """It has five seconds to read its answer."""
    client = proxy.send(http("POST", "/predict", headers={"Content-Length": "1" * 15}))
    network.advance(4.9)
    client.send(bytes(1000))
    assert not client.closed
    network.advance(0.1)
    assert client.closed
    assert client.answer.status == 413
    assert network.getDelayedCalls() == []


def test_a_refused_client_may_leave(proxy: Proxy, network: Network) -> None:
    """Nothing is left of it."""
    proxy.send(http("POST", "/", headers={"Content-Length": "1" * 15})).leave()
    assert not proxy.site.active
    assert network.getDelayedCalls() == []


def test_a_client_that_asks_before_it_sends_too_much_is_told_no(proxy: Proxy) -> None:
    """And is not told to go on."""
    request = posted(picture(VISUAL, LARGEST + 1), Expect="100-continue")
    client = proxy.send(request[:300])
    assert [answer.status for answer in client.answers()] == [413]


@pytest.mark.parametrize("way", ["announced", "chunked"])
def test_the_largest_body_is_taken(
    proxy: Proxy, fakes: dict[str, FakeBackend], way: str
) -> None:
    """One is always held, however large."""
    body = picture(VISUAL, LARGEST)
    client = proxy.send(*([posted(body)] if way == "announced" else chunked(body)))
    assert fakes["clip"].predicts[0].body == body
    fakes["clip"].speak()
    proxy.network.flush()
    assert client.answer.status == 200


def test_who_finds_no_room_is_read_later(
    proxy: Proxy, network: Network, fakes: dict[str, FakeBackend]
) -> None:
    """
    Not refused, and not dropped however long it takes; in the order they came. Until
    then they take no backend's place, for which others may be waiting.
    """
    first = proxy.send(posted(picture(VISUAL)))
    request = posted(picture(OCR))
    others = [proxy.send(request[:500], request[500:]) for _ in range(2)]
    assert [one.paused for one in (first, *others)] == [False, True, True]
    assert proxy.site.admission.budget.used == 100 * KB
    network.advance(280)
    assert len(network.to("rest")) == 0
    fakes["clip"].speak()
    network.flush()
    assert first.answer.status == 200
    assert [one.paused for one in others] == [False, True]
    assert fakes["rest"].holds == 1
    fakes["rest"].speak()
    network.flush()
    assert [one.answer.status for one in others] == [200, 200]
    assert proxy.site.admission.budget.used == 0


def test_what_is_answered_is_let_go_of(
    proxy: Proxy, fakes: dict[str, FakeBackend]
) -> None:
    """At once, and not when the collector comes: it is the largest thing there is."""
    client = proxy.send(posted(picture(VISUAL)))
    [request] = proxy.site.active
    assert sum(map(len, request.body.chunks)) == 100 * KB
    fakes["clip"].speak()
    proxy.network.flush()
    assert client.answer.status == 200
    assert (request.body.chunks, request.body.watchers) == ([], [])


def test_a_search_never_waits(proxy: Proxy, fakes: dict[str, FakeBackend]) -> None:
    """Somebody is waiting for it, and it is small."""
    proxy.send(posted(picture(VISUAL)))
    proxy.send(posted(picture(OCR))[:500])
    fakes["clip"].silent = False
    assert proxy.ask(posted(text_form(TEXTUAL))).status == 200


def test_who_leaves_makes_room(proxy: Proxy, fakes: dict[str, FakeBackend]) -> None:
    """Its bytes are let go at once."""
    first = proxy.send(posted(picture(VISUAL))[: 60 * KB])
    request = posted(picture(OCR))
    second = proxy.send(request[:500], request[500:])
    assert second.paused
    first.leave()
    assert not second.paused
    assert fakes["rest"].holds == 1


def test_more_room_lets_them_go_on(proxy: Proxy, fakes: dict[str, FakeBackend]) -> None:
    """A new configuration counts at once."""
    proxy.send(posted(picture(VISUAL)))
    request = posted(picture(OCR))
    second = proxy.send(request[:500], request[500:])
    assert proxy.post("/api/config", limits(500 * KB)).status == 200
    assert not second.paused
    assert fakes["rest"].holds == 1


def test_chunked_uploads_are_held_back_as_they_grow(
    proxy: Proxy, network: Network, fakes: dict[str, FakeBackend]
) -> None:
    """But for the oldest, or they would wait for each other."""
    holder = proxy.send(posted(picture(VISUAL)))
    body = picture(OCR, 120 * KB)
    head, *pieces = chunked(
        *[body[start : start + 30 * KB] for start in range(0, 120 * KB, 30 * KB)]
    )
    oldest, second = proxy.send(head), proxy.send(head)
    for piece in pieces[:2]:
        oldest.send(piece)
        second.send(piece)
    assert (oldest.paused, second.paused) == (False, True)
    oldest.send(*pieces[2:])
    assert fakes["rest"].holds == 1
    second.send(*pieces[2:])
    assert fakes["rest"].holds == 1
    for name in ("clip", "rest"):
        fakes[name].speak()
        network.flush()
    assert [one.answer.status for one in (holder, oldest, second)] == [200] * 3
    assert fakes["rest"].predicts[1].body == body
    assert proxy.site.admission.budget.used == 0


def test_who_was_read_later_is_dropped_when_it_stops_sending(
    proxy: Proxy, network: Network, fakes: dict[str, FakeBackend]
) -> None:
    """Once there is room again, it has a minute as anybody else."""
    proxy.send(posted(picture(VISUAL)))
    second = proxy.send(posted(picture(OCR))[:500])
    network.advance(100)
    assert second.paused
    fakes["clip"].speak()
    network.flush()
    network.advance(59)
    assert not second.closed
    network.advance(1)
    assert second.closed
    assert proxy.site.admission.budget.used == 0


@pytest.mark.parametrize("way", ["announced", "chunked"])
def test_what_came_at_once_is_not_dropped_while_it_is_worked_on(
    proxy: Proxy, network: Network, fakes: dict[str, FakeBackend], way: str
) -> None:
    """
    A body may be there before reading could be stopped, and is worked on then; its
    client sends nothing more and is right.
    """
    proxy.send(posted(picture(VISUAL)))
    proxy.send(*chunked(bytes(KB))[:2])  # the oldest
    body = picture(OCR)
    whole = posted(body) if way == "announced" else b"".join(chunked(body))
    client = proxy.send(whole)
    assert client.paused
    assert fakes["rest"].holds == 1
    fakes["clip"].speak()
    network.flush()
    network.advance(100)
    assert not client.closed
    assert len(fakes["rest"].predicts) == 1
    fakes["rest"].speak()
    network.flush()
    assert client.answer.status == 200
    assert not client.paused


@pytest.mark.parametrize("pieces", [1, 2])
def test_a_connection_that_had_to_wait_is_closed_when_idle(
    proxy: Proxy, network: Network, fakes: dict[str, FakeBackend], pieces: int
) -> None:
    """After the answer it has a minute to send something else, like any other."""
    proxy.send(posted(picture(VISUAL)))
    request = posted(picture(OCR))
    client = proxy.send(*([request] if pieces == 1 else [request[:500], request[500:]]))
    assert client.paused
    for name in ("clip", "rest"):
        fakes[name].speak()
        network.flush()
    assert client.answer.status == 200
    network.advance(59)
    assert not client.closed
    network.advance(1)
    assert client.closed
