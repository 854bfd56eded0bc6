"""The proxy ends and begins again while clients are at work."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.clients import Clients
from tests.end_to_end.processes import PATIENCE, config_for, until
from tests.end_to_end.programs import ROOT
from tests.end_to_end.test_import import StartProxy, StartServer

#: What systemd does with a socket that it holds: it is the third file, and the process
#: is told that it is meant.
_HAND_OVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
told = {"LISTEN_FDS": "1", "LISTEN_FDNAMES": "immich", "LISTEN_PID": str(os.getpid())}
os.environ.update(told)
os.execv(sys.executable, [sys.executable, "-c", sys.argv[2], *sys.argv[3:]])
"""
_COMMAND = "from immich_ml_proxy.commands.cli import main; main()"


class Held:
    """The proxy at a socket that its parent holds, as systemd does."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.socket = socket.create_server(
            ("::", 0), family=socket.AF_INET6, backlog=4096, dualstack_ipv6=True
        )
        port = self.socket.getsockname()[1]
        self.url, self._told = f"http://127.0.0.1:{port}", f"http://localhost:{port}"
        self._process: subprocess.Popen[bytes] | None = None
        self.log = folder / "proxy.log"

    def start(self) -> None:
        """Start it, and wait until it listens."""
        number = self.socket.fileno()
        options = ["--listen=systemd:domain=INET6:name=immich"]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _HAND_OVER, str(number), _COMMAND, *options],
                cwd=self._folder,
                env={"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
                pass_fds=[number],
                stdout=log,
                stderr=log,
            )
        until(
            lambda: f"listening on {self._told}" in self.log.read_text(), "it listens"
        )

    def stop(self) -> int:
        """End it as systemd does, and return the exit status."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(PATIENCE)

    def end(self) -> None:
        """End it and the socket."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(PATIENCE)
        self.socket.close()


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Held]:
    """A socket, and the proxy that can be started at it."""
    held = Held(tmp_path)
    yield held
    held.end()


def test_with_a_socket_that_is_held_a_restart_loses_nothing(
    held: Held, tmp_path: Path, start_server: StartServer
) -> None:
    """No connection is refused, and no request fails, whoever keeps connections."""
    config = config_for(start_server("one", 0.02), start_server("two", 0.02))
    (tmp_path / "config.json").write_text(json.dumps(config))
    held.start()
    with Clients(held.url, keep=6, new=6).at_work() as clients:
        for _ in range(3):
            clients.await_served(100)
            assert held.stop() == 0
            held.start()
        clients.await_served(100)
    assert (clients.failed, clients.refused) == ({}, 0)


def test_no_request_that_has_begun_fails(
    start_server: StartServer, start_proxy: StartProxy
) -> None:
    """At SIGTERM, whoever keeps connections; new ones are refused from then on."""
    proxy = start_proxy(config_for(start_server("one", 0.02), start_server("two")))
    with Clients(proxy.url, keep=6, new=6).at_work() as clients:
        clients.await_served(200)
        assert proxy.stop() == 0
        until(lambda: clients.refused > 20, "new connections are refused")
    assert clients.failed == {}
    assert "cut off" not in proxy.output
    assert "Traceback" not in proxy.output
