"""How a listening socket ends: nobody who has connected is cut off."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from immich_ml_proxy.downstream.last_connections import accept_waiting, turn_away

#: Seconds; far longer than a connection on one machine takes, and shorter than until it
#: is tried again.
SOON = 0.5


class Port:
    """A port of Twisted's: it reads by accepting."""

    def __init__(self, listening: socket.socket) -> None:
        self.socket = listening
        self.accepted: list[socket.socket] = []
        listening.setblocking(False)

    def fileno(self) -> int:
        """Return the number of its file."""
        return self.socket.fileno()

    def doRead(self) -> None:
        """Accept one connection."""
        self.accepted.append(self.socket.accept()[0])


@pytest.fixture(params=["127.0.0.1", "::1"])
def port(request: pytest.FixtureRequest) -> Iterator[Port]:
    """A port that listens."""
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    with socket.create_server((request.param, 0), family=family) as listening:
        yield Port(listening)


def connect(port: Port) -> socket.socket:
    """Return a connection to it."""
    return socket.create_connection(port.socket.getsockname()[:2], SOON)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux")
def test_new_connections_are_turned_away_and_those_before_are_not(port: Port) -> None:
    """What was sent over them arrives, and what is sent afterwards."""
    early = [connect(port) for _ in range(3)]
    early[0].sendall(b"early")
    assert turn_away(port)
    with pytest.raises(TimeoutError):
        connect(port)
    accept_waiting(port)
    early[1].sendall(b"late")
    assert len(port.accepted) == 3
    got = {port.accepted[0].recv(9), port.accepted[1].recv(9)}
    assert got == {b"early", b"late"}
    for one in (*early, *port.accepted):
        one.close()


def test_what_is_no_tcp_port_is_left_alone() -> None:
    """A socket in the file system, or none at all."""
    nothing: Any = object()
    assert not turn_away(nothing)
    accept_waiting(nothing)
    with socket.socket(socket.AF_UNIX) as local:
        assert not turn_away(Port(local))


def test_nobody_may_be_waiting(port: Port) -> None:
    """It does not wait for anybody, either."""
    accept_waiting(port)
    assert port.accepted == []
