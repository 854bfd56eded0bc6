"""The commands that ask: status, predict and bench, before real servers."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from immich_ml_proxy.commands import bench, predict, status
from tests.end_to_end.processes import Proxy, Server, config_for
from tests.end_to_end.test_import import StartProxy, StartServer
from tests.pictures import jpeg

Output = pytest.CaptureFixture[str]


@pytest.fixture
def server(start_server: StartServer) -> Server:
    """Return a simulated ML server, with places for two."""
    return start_server("nas", service_time=0.02, places=2)


@pytest.fixture
def proxy(
    start_proxy: StartProxy, server: Server, monkeypatch: pytest.MonkeyPatch
) -> Proxy:
    """Return a proxy before it, which the commands find by their variable."""
    started = start_proxy(config_for(server))
    monkeypatch.setenv("IMMICH_ML_PROXY_URL", started.url)
    monkeypatch.setenv("COLUMNS", "200")
    return started


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """Return a picture's file."""
    path = tmp_path / "cat.jpg"
    path.write_bytes(jpeg(1, 320, 240))
    return path


@pytest.fixture
def silent() -> Iterator[str]:
    """Return the address of a port that nobody listens on."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


@pytest.mark.usefixtures("proxy")
def test_the_status_is_a_table(capsys: Output) -> None:
    """With each machine, and a code that a script can use."""
    assert status.main([]) == 0
    told = capsys.readouterr().out
    assert "nas" in told and "healthy" in told and "0 of 4" in told


def test_a_machine_that_is_down_is_told(
    proxy: Proxy, server: Server, capsys: Output
) -> None:
    """By the code, too; as JSON it is what the API says."""
    server.kill()
    proxy.await_health("nas", "unhealthy")
    assert status.main(["--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["backends"]["nas"]["status"] == "unhealthy"


@pytest.mark.usefixtures("proxy")
def test_a_search_is_predicted(capsys: Output) -> None:
    """The answer is short, timed, and says which machine it is of."""
    assert predict.main(["a red car"]) == 0
    told = capsys.readouterr().out
    assert "512 numbers: " in told and " ms" in told and "nas" in told
    assert status.main([]) == 0
    assert re.search(r"\d ms +\d+ ms", capsys.readouterr().out)


@pytest.mark.usefixtures("proxy")
def test_a_picture_is_predicted(picture: Path, capsys: Output) -> None:
    """All that Immich asks of one, or what is named."""
    assert predict.main([str(picture)]) == 0
    told = capsys.readouterr().out
    assert all(kind in told for kind in ("clip", "faces", "ocr"))
    assert predict.main([str(picture), "--task", "ocr", "--json"]) == 0
    [(kind, answer)] = json.loads(capsys.readouterr().out).items()
    assert (kind, answer["status"]) == ("ocr", 200)
    assert "boxScore" in answer["answer"]["ocr"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["cat.jpeg"], "there is no such file"),
        (["photos/cat"], "there is no such file"),
        ([""], "neither a picture nor a text"),
        (["a cat", "--task", "ocr"], "needs a picture"),
        (["."], "is a folder"),
    ],
)
def test_what_cannot_be_asked_is_wrong_usage(
    arguments: list[str], told: str, capsys: Output
) -> None:
    """In a line, with a code of its own, and without asking anybody."""
    assert predict.main(arguments) == 2
    said = capsys.readouterr().err
    assert told in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("command", [status, predict])
def test_a_proxy_that_is_not_there_is_told_in_a_line(
    command: Any, silent: str, capsys: Output
) -> None:
    """Without a traceback, whatever is asked."""
    arguments = [] if command is status else ["a cat"]
    assert command.main([*arguments, "--url", silent]) == 1
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    assert silent in said.err and "refused" in said.err


def test_what_is_no_proxy_is_told(server: Server, capsys: Output) -> None:
    """An ML server, for one, has no status."""
    assert status.main(["--url", server.url]) == 1
    assert "is no immich-ml-proxy" in capsys.readouterr().err


def test_a_token_that_is_missing_is_told(
    start_proxy: StartProxy,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Output,
) -> None:
    """And where to give it; with it, all is well but that there is no machine."""
    file = tmp_path / "token"
    file.write_text("correct-horse-battery-staple-123")
    proxy = start_proxy(None, f"--admin-token-file={file}")
    assert status.main(["--url", proxy.url]) == 1
    assert "--token-file" in capsys.readouterr().err
    assert status.main(["--url", proxy.url, "--token-file", str(file)]) == 1
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("IMMICH_ML_PROXY_ADMIN_TOKEN", file.read_text())
    assert status.main(["--url", proxy.url, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["backends"] == {}


def test_the_knee_of_a_server_is_measured(
    server: Server, picture: Path, capsys: Output
) -> None:
    """With what is to be entered where, by whatever speed this machine has."""
    arguments = [server.url, str(picture), "--task=clip", "--seconds=0.2", "--json"]
    assert bench.main(arguments) == 0
    told = json.loads(capsys.readouterr().out)
    [(url, found)] = told["machines"].items()
    assert (url, found["is_proxy"]) == (server.url, False)
    measured = found["levels"]["clip"]
    assert [one["at_once"] for one in measured[:3]] == [1, 2, 3]
    assert all(one["rate"] > 0 and not one["failed"] for one in measured)
    assert told["advice"]["concurrency"].keys() == {"Smart Search"}


def test_what_a_server_cannot_is_told(
    start_server: StartServer, picture: Path, capsys: Output
) -> None:
    """And nothing is advised for it."""
    server = start_server("broken", mode="error")
    arguments = [server.url, str(picture), "--task=ocr", "--seconds=0.1"]
    assert bench.main(arguments) == 1
    told = capsys.readouterr().out
    assert "Nothing could be measured." in told


@pytest.mark.usefixtures("picture")
def test_bench_through_the_proxy_says_what_immich_should_send(
    proxy: Proxy, tmp_path: Path, capsys: Output
) -> None:
    """A proxy has no limit to be entered; a folder is searched for pictures."""
    arguments = [proxy.url, str(tmp_path), "--task=clip", "--seconds=0.1", "--most=2"]
    assert bench.main(arguments) == 0
    told = capsys.readouterr().out
    assert "Smart Search" in told
    assert "maxConcurrent" not in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["http://nas:3003"], "there is no picture"),
        (["."], "there is no address"),
        (["http://nas:3003", "missing.jpg"], "neither an address nor a file"),
    ],
)
def test_bench_without_servers_or_pictures_is_wrong_usage(
    arguments: list[str], told: str, capsys: Output
) -> None:
    """Told before anything is asked."""
    assert bench.main(arguments) == 2
    assert told in capsys.readouterr().err
