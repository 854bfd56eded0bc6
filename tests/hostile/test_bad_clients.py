"""Clients that leave, trickle, never read or send too much at once."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from tests.demo_requests import TEXTUAL, VISUAL
from tests.end_to_end.processes import until
from tests.hostile.building import raw, search
from tests.hostile.chaos import Chaos
from tests.hostile.outcome import Answers
from tests.memory_proxy import photo_form, posted, text_form

SEARCH = posted(text_form(TEXTUAL, "a search"))
PHOTO = posted(photo_form(VISUAL, b"x" * 3_000_000))
CONFIG = raw(b"GET /api/config HTTP/1.1", b"Host: proxy")


@pytest.fixture(scope="module")
def chaos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chaos]:
    """One proxy for all of them."""
    chaos = Chaos(tmp_path_factory.mktemp("clients"))
    yield chaos
    chaos.close()


@pytest.fixture(autouse=True)
def nothing_is_left(chaos: Chaos) -> Iterator[None]:
    """After each: others are served, and all is given back."""
    yield
    chaos.searches()
    chaos.check_places()
    chaos.check_descriptors()


def connect(chaos: Chaos, *, receive: int = 0) -> socket.socket:
    """Return a new connection; with so little room for what is received."""
    address = urlsplit(chaos.proxy.url)
    client = socket.socket()
    if receive:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
    client.settimeout(60)
    client.connect((str(address.hostname), address.port))
    return client


def reset(client: socket.socket) -> None:
    """Leave as a host does that has lost its power, and is back."""
    linger = struct.pack("ii", 1, 0)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    client.close()


@pytest.mark.parametrize("leave", [socket.socket.close, reset])
@pytest.mark.parametrize("request_", [SEARCH, PHOTO], ids=["search", "photo"])
def test_clients_may_leave_at_every_stage(
    chaos: Chaos, request_: bytes, leave: object
) -> None:
    """In the head, in the body, while they wait, and while they are answered."""
    assert callable(leave)
    stages = [*range(0, 500, 23), len(request_) // 2, len(request_) - 1, len(request_)]
    for stage in stages:
        client = connect(chaos)
        with suppress(ConnectionError):
            client.sendall(request_[:stage])
        leave(client)


def test_clients_may_leave_without_reading(chaos: Chaos) -> None:
    """What was answered is thrown away."""
    for _ in range(20):
        client = connect(chaos, receive=4096)
        client.sendall(SEARCH * 3)
        reset(client)


def test_a_client_may_half_close(chaos: Chaos) -> None:
    """Whoever says that nothing more comes is not waited for."""
    client = connect(chaos)
    client.sendall(SEARCH[:-10])
    client.shutdown(socket.SHUT_WR)
    assert client.recv(100) == b""
    client.close()


def test_many_requests_may_come_at_once(chaos: Chaos) -> None:
    """All are answered, in their order, however many were sent before one is read."""
    texts = [f"text {number}" for number in range(100)]
    sent = [search(body=text_form(TEXTUAL, text)) for text in texts]
    chaos.good.predicts.clear()
    with connect(chaos) as client:
        client.sendall(b"".join(sent))
        answers = Answers()
        while len(answers.statuses) < len(texts):
            data = client.recv(65536)
            assert data
            answers.take(data)
    assert answers.statuses == [200] * len(texts)
    assert [got.text for got in chaos.good.predicts] == texts


def test_who_never_reads_is_read_no_further(chaos: Chaos) -> None:
    """Answers do not pile up for it: what it sends stays where it is."""
    before = chaos.memory()
    with connect(chaos, receive=4096) as client:
        client.settimeout(2)
        sent = 0
        with suppress(TimeoutError):
            while sent < 50_000_000:
                sent += client.send(CONFIG * 100)
        assert sent < 50_000_000
        assert chaos.memory() < before + 64 * 1024 * 1024
        chaos.searches()
        reset(client)


def test_hundreds_may_be_connected_and_say_nothing(chaos: Chaos) -> None:
    """They cost a descriptor each, and nobody is served later for it."""
    clients = [connect(chaos) for _ in range(300)]
    for number, client in enumerate(clients):
        client.sendall(SEARCH[: number % 100])
    chaos.searches()
    for client in clients:
        client.close()
    until(lambda: chaos.descriptors() < 100, "they are forgotten")
