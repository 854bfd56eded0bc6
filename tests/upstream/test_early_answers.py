"""Answers of servers that do not want the body: they answer, and close at once."""

from __future__ import annotations

import select
import socket
import struct
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from twisted.internet.error import ConnectionLost
from twisted.internet.selectreactor import SelectReactor
from twisted.python.failure import Failure

from immich_ml_proxy.config.model import Backend
from immich_ml_proxy.protocol.body import Body
from immich_ml_proxy.records.recorder import Recorder
from immich_ml_proxy.upstream.client import BackendClient
from immich_ml_proxy.upstream.endpoints import connections
from immich_ml_proxy.upstream.reply import Reply
from tests.fakes import Fleet, outcome
from tests.upstream.sending import HEAD, Sending, arriving, predict

TEXT = b"too large"
EARLY = (
    b"HTTP/1.1 413 Too Large\r\nContent-Length: 9\r\nConnection: close\r\n\r\n" + TEXT
)
#: Longer than what is read at once.
LONG = HEAD + b"Content-Length: 200000\r\n\r\n" + bytes(200_000)


def lost(said: bytes) -> Sending:
    """Return an exchange whose connection is lost when this has come, unread."""
    fleet = Fleet("gpu")
    fleet["gpu"].silent = True
    sending = Sending(fleet, predict(arriving()))
    [connection] = fleet.connections_to("gpu")
    connection.server.write(said)
    connection.client.lose(ConnectionLost())
    fleet.network.flush()
    assert not connection.is_open
    assert len(fleet.network.dialled) == 1
    return sending


@pytest.mark.parametrize(("said", "status"), [(EARLY, 413), (LONG, 200)])
def test_what_a_lost_connection_holds_is_read_first(said: bytes, status: int) -> None:
    """The answer was there before the connection was seen to be lost."""
    assert lost(said).reply.status == status


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"", "closed the connection without an answer"),
        (EARLY[:-1], "broke off its answer"),
        (HEAD + b"\r\nends with its connection", "broke off its answer"),
        (b"220 ready\r\n", "answered wrongly: it is not HTTP/1"),
    ],
)
def test_what_it_holds_may_be_no_answer(said: bytes, words: str) -> None:
    """It fails as it would have while the connection was there."""
    assert str(lost(said).failed) == words


@pytest.fixture
def reactor() -> Iterator[Any]:
    """A reactor of its own, with real sockets; it moves when it is told to."""
    reactor: Any = SelectReactor()
    yield reactor
    for call in reactor.getDelayedCalls():
        call.cancel()
    for one in reactor.removeAll():
        one.connectionLost(Failure(ConnectionLost()))


def until(reactor: Any, condition: Callable[[], Any]) -> None:
    """Let the reactor move until something is so."""
    while not condition():
        reactor.iterate(0.01)


def test_a_write_error_does_not_hide_the_answer(reactor: Any) -> None:
    """It may be seen before the answer is: both came between two looks."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        port = listener.getsockname()[1]
        body = Body(64 * 2**20)
        for _ in range(64):
            body.append(b"x" * 2**20)
        body.finish()
        client = BackendClient(reactor, connections(reactor), Recorder())
        backend = Backend(name="gpu", url=f"http://127.0.0.1:{port}")
        results = outcome(client.send(backend, predict(body), lambda: 60))
        until(reactor, lambda: select.select([listener], [], [], 0)[0])
        server, _ = listener.accept()
    until(reactor, lambda: select.select([server], [], [], 0)[0])
    [transport] = reactor.getWriters()
    assert transport.getTcpNoDelay()
    # The kernel takes no more: the rest of the body waits.
    until(reactor, lambda: not select.select([], [transport], [], 0)[1])
    server.sendall(EARLY)
    assert select.select([transport], [], [], 10)[0]
    # Closing with bytes unread resets the connection; this does it in any case.
    server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    server.close()
    poll = select.poll()
    poll.register(transport, select.POLLHUP)
    assert poll.poll(10_000)
    assert results == []
    # What a reactor does that has seen that it can write, and no more.
    error = transport.doWrite()
    assert isinstance(error, ConnectionLost)
    reactor.removeReader(transport)
    reactor.removeWriter(transport)
    transport.connectionLost(Failure(error))
    [reply] = results
    assert isinstance(reply, Reply)
    assert (reply.status, reply.body) == (413, TEXT)
    assert reactor.getDelayedCalls() == []
