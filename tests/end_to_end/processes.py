"""The proxy and simulated ML servers as processes of their own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
#: Seconds after which something that should have happened counts as failed; far
#: longer than it ever takes.
PATIENCE = 60.0


def until(condition: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    """Return the first true value of ``condition``; an error names ``what``."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited {patience:.0f} s in vain: {what}")


class Process:
    """
    A child process whose output goes to a file.

    :param command: what is run.
    :param log: the file.
    """

    def __init__(self, command: list[str], log: Path, cwd: Path) -> None:
        self.command = command
        self.log = log
        self.cwd = cwd
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, with a new log."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        with self.log.open("wb") as output:
            self._child = subprocess.Popen(
                self.command,
                cwd=self.cwd,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._child is not None
        return self._child.pid

    @property
    def output(self) -> str:
        """All that it has written."""
        return self.log.read_text("utf-8", "replace")

    def wait(self) -> int:
        """Wait for its end and return the exit status."""
        assert self._child is not None
        return self._child.wait(PATIENCE)

    def signal(self, number: int) -> None:
        """Send it a signal."""
        assert self._child is not None
        self._child.send_signal(number)

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        if self._child is not None and self._child.poll() is None:
            self._child.kill()
            self._child.wait(PATIENCE)

    def stop(self) -> int:
        """End it as a service manager would and return the exit status."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def await_url(self) -> str:
        """Return the address it says that it listens on."""

        def told() -> str | None:
            assert self._child is not None
            listening = re.findall(r"listening on (http://[^\s;]+:\d+)", self.output)
            if listening:
                return str(listening[-1])
            assert self._child.poll() is None, f"it ended: {self.output}"
            return None

        return str(until(told, f"{self.command} listens: {self.log}"))


class Server(Process):
    """
    A simulated ML server.

    :param mode: how it fails.
    :ivar url: its address, the same after a restart.
    """

    def __init__(
        self, folder: Path, name: str, service_time: float, places: int, mode: str
    ) -> None:
        self.name = name
        self._options = [
            f"--service-time={service_time}",
            f"--places={places}",
            f"--name={name}",
            f"--mode={mode}",
        ]
        super().__init__(self._command(0), folder / f"{name}.log", folder)
        self.start()
        self.url = self.await_url()
        self.command = self._command(int(self.url.rpartition(":")[2]))

    def _command(self, port: int) -> list[str]:
        module = [sys.executable, "-m", "immich_ml_proxy.demo"]
        return [*module, f"--port={port}", *self._options]

    def restart(self) -> None:
        """Start it again at its address."""
        self.start()
        self.await_url()


class Proxy(Process):
    """
    The proxy.

    :ivar url: its address.
    :ivar config: the path of its configuration.
    """

    def __init__(self, folder: Path, *options: str, command: list[str] | None = None):
        self.config = folder / "config.json"
        run = "from twisted.scripts.twistd import run; run()"
        super().__init__(
            command
            or [
                *[sys.executable, "-c", run, "--nodaemon", "--pidfile="],
                *["immich-ml-proxy", "--listen=tcp:0:interface=127.0.0.1"],
                *options,
            ],
            folder / "proxy.log",
            folder,
        )
        self.start()
        self.url = self.await_url()

    def get(self, path: str) -> tuple[int, bytes]:
        """Return status and body of a GET."""
        return self.ask(urllib.request.Request(self.url + path))

    def json(self, path: str) -> Any:
        """Return the JSON of a GET that must succeed."""
        status, body = self.get(path)
        assert status == 200, body
        return json.loads(body)

    def post(self, path: str, value: Any) -> tuple[int, Any]:
        """Return status and JSON of a POST of JSON."""
        request = urllib.request.Request(
            self.url + path,
            json.dumps(value).encode(),
            {"Content-Type": "application/json"},
        )
        status, body = self.ask(request)
        return status, json.loads(body)

    def ask(self, request: urllib.request.Request) -> tuple[int, bytes]:
        """Return status and body, whatever the status."""
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    def health(self, name: str) -> str:
        """Return the status of a backend."""
        return str(self.json("/api/health")[name]["status"])

    def await_health(self, name: str, status: str) -> None:
        """Wait until a backend has this status."""
        until(lambda: self.health(name) == status, f"{name} is {status}")


def config_for(*servers: Server, **more: Any) -> dict[str, Any]:
    """Return a configuration in which all ``servers`` share all work."""
    return {
        "defaultBackend": [server.name for server in servers],
        "backends": [{"name": server.name, "url": server.url} for server in servers],
        "taskRouting": {},
        "healthCheckInterval": 1,
        **more,
    }
