"""A simulated server that is told to exit, as one whose container is restarted."""

from __future__ import annotations

from twisted.internet.task import Clock

from immich_ml_proxy.demo import Behaviour, SimulatedServer
from immich_ml_proxy.demo.server import SOON
from tests.demo.connection import SEARCH, Connection

EXIT = b"POST /demo/exit HTTP/1.1\r\nHost: ml\r\nContent-Length: 2\r\n\r\n{}"


def test_a_server_exits_when_it_is_told_to() -> None:
    """With work under way, and once; whoever told it has the answer by then."""
    clock = Clock()
    there = SimulatedServer(clock, "ml", Behaviour(seconds=10, idle_exit=300))
    exits: list[float] = []
    there.exit = lambda: exits.append(clock.seconds())
    Connection(there).send(SEARCH)
    telling = Connection(there)
    telling.send(EXIT)
    assert telling.transport.value().startswith(b"HTTP/1.1 200 ")
    assert exits == []
    clock.advance(SOON)
    assert (exits, there.counts.exits) == ([SOON], 1)
    Connection(there).send(SEARCH)
    assert there.counts.loads == 2
