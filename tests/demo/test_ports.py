"""The servers of ``--demo`` and of ``python -m``: on ports, on the real reactor."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any

import pytest
import pytest_twisted
from attrs import define
from hyperlink import URL
from treq.client import HTTPClient
from twisted.internet.defer import maybeDeferred
from twisted.internet.error import ConnectionRefusedError
from twisted.internet.task import Clock
from twisted.internet.threads import deferToThread
from twisted.web.client import Agent

from immich_ml_proxy.demo import Behaviour, DemoServers, SimulatedServer
from immich_ml_proxy.demo.listener import Listener
from tests.demo.connection import SEARCH


@pytest_twisted.ensureDeferred
async def test_the_demo_servers_listen_where_their_configuration_says() -> None:
    """
    The ports are known at once, who connects early is answered after the start, and
    nothing listens after the stop.
    """
    # Only now, for pytest-twisted installs it.
    from twisted.internet import reactor as installed

    reactor: Any = installed
    client = HTTPClient(Agent(reactor))

    async def who(url: str) -> str:
        response: Any = await client.get(url)
        await response.content()
        [name] = response.headers.getRawHeaders("x-simulated-server")
        return str(name)

    demo: Any = DemoServers(reactor)
    configuration = demo.configuration()
    backends = {each["name"]: each["url"] for each in configuration["backends"]}
    assert list(backends) == configuration["defaultBackend"] == list(demo.servers)
    assert set(configuration) == {"defaultBackend", "backends", "taskRouting"}
    for names in configuration["taskRouting"].values():
        assert set(names) <= set(backends)
    gpu = URL.from_text(backends["simulated-gpu"])
    early = socket.create_connection((gpu.host, gpu.port), timeout=30)
    early.sendall(b"GET /ping HTTP/1.1\r\nHost: gpu\r\n\r\n")
    demo.startService()
    try:
        with early:
            # In a thread, for it is this thread's reactor that answers.
            answer = await deferToThread(early.recv, 65536)
        assert answer.startswith(b"HTTP/1.1 200")
        assert [await who(url) for url in backends.values()] == list(backends)
    finally:
        await demo.stopService()
    with pytest.raises(ConnectionRefusedError):
        await who(backends["simulated-gpu"])


@define
class ClockAndPorts:
    """A clock that only the test moves, and the reactor's ports."""

    clock: Clock
    adoptStreamPort: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.clock, name)


@pytest_twisted.ensureDeferred
async def test_a_server_that_exits_refuses_until_it_is_started_again() -> None:
    """Its connections are cut, and its port stays its own."""
    # Only now, for pytest-twisted installs it.
    from twisted.internet import reactor as installed

    reactor: Any = installed
    both: Any = ClockAndPorts(Clock(), reactor.adoptStreamPort)
    behaviour = Behaviour(idle_exit=300, restart_seconds=5)
    listener: Any = Listener(both, SimulatedServer(both, "gpu", behaviour))
    client = HTTPClient(Agent(reactor))

    async def ping() -> bytes:
        content: bytes = await (await client.get(f"{listener.url}/ping")).content()
        return content

    listener.startService()
    try:
        kept = socket.create_connection(("127.0.0.1", listener.port), timeout=30)
        with kept:
            kept.sendall(SEARCH)
            assert await deferToThread(kept.recv, 65536)
            both.clock.advance(300)
            with pytest.raises(ConnectionRefusedError):
                await ping()
            with pytest.raises(ConnectionResetError):
                await deferToThread(kept.recv, 65536)
        both.clock.advance(4.9)
        with pytest.raises(ConnectionRefusedError):
            await ping()
        both.clock.advance(0.1)
        assert await ping() == b"pong"
        listener.server.exit()
    finally:
        await maybeDeferred(listener.stopService)
    assert both.clock.getDelayedCalls() == []


@contextmanager
def process(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run a server in a process; gives it and its first line, ends it after."""
    command = [sys.executable, "-m", "immich_ml_proxy.demo", *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        try:
            assert running.stdout is not None
            yield running, running.stdout.readline().strip()
        finally:
            running.kill()


def test_a_server_runs_in_a_process_of_its_own() -> None:
    """It says when it is ready, and comes back on the same port after a kill."""
    port = 0
    for _ in range(2):
        with process("--port", str(port), "--name", "x", "--seconds", "0") as (
            _running,
            line,
        ):
            assert line.startswith("listening on http://127.0.0.1:")
            port = int(line.rpartition(":")[2])
            connection = HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("GET", "/ping")
            response = connection.getresponse()
            assert response.read() == b"pong"
            assert response.headers["X-Simulated-Server"] == "x"
            connection.close()


def test_several_servers_run_in_one_process() -> None:
    """Each says where it listens, and answers by its own name and kind."""
    arguments = (
        "--server=nas=v2",
        "--server=gw=gateway",
        '--server=x={"ping_body":"y"}',
    )
    with process(*arguments) as (running, line):
        assert running.stdout is not None
        lines = [line, *(running.stdout.readline().strip() for _ in arguments[1:])]
        answers = []
        for name, told in zip(("nas", "gw", "x"), lines, strict=True):
            assert told.startswith(f"{name} listening on http://127.0.0.1:")
            port = int(told.rpartition(":")[2])
            connection = HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("GET", "/ping")
            response = connection.getresponse()
            answers.append((response.status, response.read()[:6]))
            assert response.headers["X-Simulated-Server"] == name
            connection.close()
        assert answers == [(200, b"pong"), (502, b"<html>"), (200, b"y")]
        running.terminate()
        assert running.wait(timeout=30) == 0


def test_a_taken_port_ends_the_process_with_the_reason() -> None:
    """Instead of a server that nobody can reach."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with process("--port", port) as (running, line):
            assert line == ""
            assert running.wait(timeout=30) == 1
            assert running.stderr is not None
            assert f"cannot listen on port {port}" in running.stderr.read()
