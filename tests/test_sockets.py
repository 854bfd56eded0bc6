"""What is written at once, over real sockets."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any, cast

import pytest
from twisted.internet.protocol import Protocol
from twisted.internet.selectreactor import SelectReactor
from twisted.internet.tcp import Server
from twisted.internet.testing import StringTransport

from immich_ml_proxy.sockets import write_now


class End:
    """A transport over a pair of sockets, and the peer's socket."""

    def __init__(self) -> None:
        self.reactor: Any = SelectReactor()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.peer = socket.create_connection(listener.getsockname())
            accepted, address = listener.accept()
        accepted.setblocking(False)
        self.protocol = Protocol()
        transport: Any = Server(
            accepted, self.protocol, address, cast(Any, None), 1, self.reactor
        )
        self.transport = transport
        self.protocol.makeConnection(transport)

    def got(self, size: int) -> bytes:
        """Read so many bytes, letting the reactor send what is left."""
        self.peer.settimeout(0.01)
        got = b""
        while len(got) < size:
            try:
                got += self.peer.recv(1 << 20)
            except TimeoutError:
                self.reactor.iterate(0)
        return got


@pytest.fixture
def end() -> Iterator[End]:
    """One end of a connection."""
    made = End()
    yield made
    made.transport.abortConnection()
    made.reactor.iterate(0)
    made.peer.close()


def test_what_the_kernel_takes_is_sent_at_once(end: End) -> None:
    """The reactor is not asked for it."""
    write_now(end.transport, b"at once")
    assert end.reactor.getWriters() == []
    assert end.got(7) == b"at once"


def test_nothing_is_lost_and_nothing_overtakes(end: End) -> None:
    """The kernel takes a part of what is large; what is written then waits behind."""
    large = bytes(range(256)) * 65536
    write_now(end.transport, large)
    write_now(end.transport, b"behind it")
    end.transport.write(b", and this")
    write_now(end.transport, b", too")
    whole = large + b"behind it, and this, too"
    assert end.got(len(whole)) == whole
    assert end.reactor.getWriters() == []


def test_who_writes_too_much_is_told(end: End) -> None:
    """As by the transport's own ``write``."""
    told: list[str] = []

    class Producer:
        def pauseProducing(self) -> None:
            told.append("pause")

        def resumeProducing(self) -> None:
            told.append("resume")

        def stopProducing(self) -> None:
            told.append("stop")

    end.transport.registerProducer(Producer(), True)
    large = bytes(16 << 20)
    write_now(end.transport, large)
    assert told == ["pause"]
    end.got(len(large))
    assert told == ["pause", "resume"]


def test_an_error_is_left_to_the_reactor(end: End) -> None:
    """It is told as one that any write has met."""
    lost: list[Any] = []
    end.protocol.connectionLost = lost.append  # type: ignore[method-assign,assignment]
    end.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    end.peer.close()
    while not lost:
        write_now(end.transport, b"into the void")
        end.reactor.iterate(0.01)
    assert len(lost) == 1
    write_now(end.transport, b"and later")


def test_without_a_socket_it_is_the_transports_write() -> None:
    """Over TLS, and in memory."""
    transport = StringTransport()
    write_now(transport, b"written")
    assert transport.value() == b"written"
