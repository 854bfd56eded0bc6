"""The proxy and simulated ML servers as processes of their own."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests import described
from tests.end_to_end import programs

_CHILDREN = multiprocessing.get_context("forkserver")
_CHILDREN.set_forkserver_preload(["tests.end_to_end.preloaded"])
#: Seconds after which something that should have happened counts as failed; far
#: longer than it ever takes.
PATIENCE = 60.0


def until(condition: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    """Return the first true value of ``condition``; an error names ``what``."""
    deadline = time.monotonic() + patience
    pause = 0.02
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(pause)
        # What takes long is not asked for all the time.
        pause = min(pause * 1.2, 0.1)
    raise AssertionError(f"waited {patience:.0f} s in vain: {what}")


class Process:
    """
    A child process whose output goes to a file, and which runs in that file's folder.

    :param program: which of ``programs`` it runs.
    :param arguments: its command line, with its name.
    :param log: the file.
    """

    def __init__(
        self, program: Callable[[], None], arguments: list[str], log: Path
    ) -> None:
        self.program = program
        self.arguments = arguments
        self.log = log
        self._child: Any = None

    def start(self) -> None:
        """Start it, with a new log."""
        self.log.write_bytes(b"")
        self._child = _CHILDREN.Process(
            target=programs.run,
            args=(self.program, self.arguments, self.log),
            daemon=True,
        )
        self._child.start()

    @property
    def pid(self) -> int:
        """Its process id."""
        return int(self._child.pid)

    @property
    def output(self) -> str:
        """All that it has written."""
        return self.log.read_text("utf-8", "replace")

    def wait(self) -> int:
        """Wait for its end and return the exit status."""
        self._child.join(PATIENCE)
        assert self._child.exitcode is not None, f"it does not end: {self.output}"
        return int(self._child.exitcode)

    def signal(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        if self._child is not None and self._child.is_alive():
            self._child.kill()
            self.wait()

    def stop(self) -> int:
        """End it as a service manager would and return the exit status."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def await_url(self) -> str:
        """Return the address it says that it listens on."""

        def told() -> str | None:
            listening = re.findall(r"listening on (http://[^\s;]+:\d+)", self.output)
            if listening:
                return str(listening[-1])
            assert self._child.is_alive(), f"it ended: {self.output}"
            return None

        return str(until(told, f"{self.arguments} listens: {self.log}"))


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
        options = [
            f"--seconds={service_time}",
            f"--places={places}",
            f"--name={name}",
            f"--kind={mode}",
        ]
        arguments = ["demo", *options]
        super().__init__(programs.demo, arguments, folder / f"{name}.log")
        self.start()
        self.url = self.await_url()
        port = self.url.rpartition(":")[2]
        self.arguments = [*arguments, f"--port={port}"]

    def behave(self, **fields: Any) -> None:
        """Have it behave otherwise from now on."""
        self._control("behaviour", fields)

    def exit(self, seconds: float) -> None:
        """Have it exit, with all that it has under way, and be back so much later."""
        self.behave(restart_seconds=seconds)
        self._control("exit", {})

    def _control(self, what: str, fields: dict[str, Any]) -> None:
        body = json.dumps(fields).encode()
        with urllib.request.urlopen(f"{self.url}/demo/{what}", body, PATIENCE):
            pass

    def restart(self) -> None:
        """Start it again at its address."""
        self.start()
        self.await_url()


class Proxy(Process):
    """
    The proxy.

    :param command: how it is started, if not as ``twistd`` does with ``options``.
    :ivar url: its address.
    :ivar config: the path of its configuration.
    """

    def __init__(self, folder: Path, *options: str, command: list[str] | None = None):
        self.config = folder / "config.json"
        program = programs.twistd if command is None else programs.execute
        arguments = command or [
            *["twistd", "--nodaemon", "--pidfile=", "immich-ml-proxy"],
            *["--listen=tcp:0:interface=127.0.0.1", *options],
        ]
        super().__init__(program, arguments, folder / "proxy.log")
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
        """Return status and body, as the API's description has them."""
        try:
            answer = urllib.request.urlopen(request, timeout=PATIENCE)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            status, body = answer.status, answer.read()
        headers = {name.lower(): value for name, value in answer.headers.items()}
        asked = request.data if isinstance(request.data, bytes) else b""
        method, target = request.get_method(), request.selector
        described.check(method, target, asked, status, headers, body)
        return status, body

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
        "healthCheckInterval": 0.1,
        **more,
    }
