"""Where the lines of requests go in the processes that people run; none is lost."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.processes import Process, Proxy, Server, config_for, until
from tests.end_to_end.test_command import COMMAND
from tests.end_to_end.test_failures import SEARCH, form, predict

StartServer = Callable[..., Server]
StartProxy = Callable[..., Proxy]

TWISTD = [
    *[sys.executable, "-c", "from twisted.scripts.twistd import run; run()"],
    *["--nodaemon", "--pidfile="],
]
OURS = ["immich-ml-proxy", "--listen=tcp:0:interface=127.0.0.1"]


def ask(proxy: Proxy, count: int = 5) -> None:
    """Have so many searches answered."""
    for _ in range(count):
        assert predict(proxy, form(SEARCH, text="a dog"))[0] == 200


def predicts(text: str) -> list[str]:
    """Return the lines of searches."""
    return [line for line in text.splitlines() if "/predict" in line]


def test_every_request_has_its_line_after_the_end(
    start_server: StartServer, start_proxy: StartProxy
) -> None:
    """SIGTERM loses none; they are on standard output, as they are."""
    proxy = start_proxy(config_for(start_server("gpu")))
    ask(proxy, 7)
    assert proxy.stop() == 0
    lines = predicts(proxy.output)
    assert len(lines) == 7
    for line in lines:
        assert re.match(
            r"127\.0\.0\.1 - - \[.*\] \"POST /predict HTTP/1.1\" 200 ", line
        )
        assert " backend=gpu outcome=served tries=1 " in line
    assert len({re.findall(r"trace=(\w+)", line)[0] for line in lines}) == 7


def test_lines_come_while_it_runs(
    start_server: StartServer, start_proxy: StartProxy
) -> None:
    """Nobody waits for the end to see them."""
    proxy = start_proxy(config_for(start_server("gpu")))
    ask(proxy, 1)
    until(lambda: predicts(proxy.output), "the line is written")


@pytest.mark.parametrize("command", [COMMAND, [*TWISTD, *OURS]], ids=["own", "twistd"])
def test_all_of_the_output_is_json(
    tmp_path: Path,
    processes: list[Process],
    start_server: StartServer,
    command: list[str],
) -> None:
    """Whatever it is that is told: requests, what happened, and what changed."""
    server = start_server("gpu")
    config = config_for(server)
    (tmp_path / "config.json").write_text(json.dumps(config))
    proxy = Proxy(tmp_path, command=[*command, "--log-format=json"])
    processes.append(proxy)
    proxy.await_health("gpu", "healthy")
    ask(proxy, 2)
    server.kill()
    proxy.await_health("gpu", "unhealthy")
    assert proxy.post("/api/backends/gpu", {"state": "drain"})[0] == 200
    assert proxy.stop() == 0
    told = [json.loads(line) for line in proxy.output.splitlines()]
    assert {one["kind"] for one in told} == {"request", "event"}
    searches = [one for one in told if one.get("path") == "/predict"]
    assert [one["backend"] for one in searches] == ["gpu", "gpu"]
    messages = [one["message"] for one in told if one["kind"] == "event"]
    down = [one for one in messages if one.startswith("gpu is down: ")]
    assert len(down) == 1
    assert "gpu was drained by 127.0.0.1" in messages


def test_where_twistd_has_a_file_they_are_there(
    tmp_path: Path, processes: list[Process], start_server: StartServer
) -> None:
    """As the rest of the log is."""
    (tmp_path / "config.json").write_text(json.dumps(config_for(start_server("gpu"))))
    file = tmp_path / "own.log"
    command = [*TWISTD, f"--logfile={file}", *OURS]
    proxy = _Quiet(tmp_path, file, command)
    processes.append(proxy)
    ask(proxy, 3)
    assert proxy.stop() == 0
    lines = predicts(file.read_text())
    assert len(lines) == 3
    assert all("#info] 127.0.0.1 - - [" in line for line in lines)
    assert proxy.log.read_text() == ""


class _Quiet(Proxy):
    """A proxy whose log is a file of its own."""

    def __init__(self, folder: Path, file: Path, command: list[str]) -> None:
        self._file = file
        super().__init__(folder, command=command)

    @property
    def output(self) -> str:
        """All that it has written."""
        return self._file.read_text("utf-8") if self._file.exists() else ""
