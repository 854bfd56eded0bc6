"""The commands: what they say, and the status that they end with."""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from twisted.scripts import twistd

from immich_ml_proxy.commands import cli
from tests.config.documents import backend, top

Captured = pytest.CaptureFixture[str]


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Any:
    """Return the status that a command line ends with, or its text."""
    monkeypatch.setattr(sys, "argv", ["immich-ml-proxy", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code


def check(monkeypatch: pytest.MonkeyPatch, path: Path, document: Any) -> Any:
    """Return the status that a document is checked with."""
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return run(monkeypatch, "check-config", str(path))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file to be checked."""
    return tmp_path / "c.json"


def test_a_good_file_is_told_with_what_it_comes_to(
    monkeypatch: pytest.MonkeyPatch, path: Path, capsys: Captured
) -> None:
    """And with what would be mended; it is not touched."""
    document = top(taskRouting={"ocr": "gpu"})
    assert check(monkeypatch, path, document) == 0
    assert capsys.readouterr() == (f"{path} is good: 1 machine, 2 routes\n", "")
    assert check(monkeypatch, path, backend(url="gpu:3003")) == 0
    told, errors = capsys.readouterr()
    assert "would be mended: backends[0].url: http:// was added" in told
    assert errors == ""
    assert check(monkeypatch, path, top(taskRouting={"cilp": "gpu"})) == 0
    assert "did you mean clip?" in capsys.readouterr().out
    assert check(monkeypatch, path, backend(url="gpu:3003")) == 0
    assert json.loads(path.read_text())["backends"][0]["url"] == "gpu:3003"
    assert [one.name for one in path.parent.iterdir()] == ["c.json"]


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ("{", "not JSON"),
        (backend(url="ftp://gpu"), "backends[0].url: "),
        (
            backend(url="https://gpu", caFile="/missing/ca.pem"),
            "backends[0].caFile: /missing/ca.pem cannot be read",
        ),
        (
            backend(headers={"X": "${IMMICH_ML_SECRET_GONE}"}),
            "backends[0].headers.X: the environment variable IMMICH_ML_SECRET_GONE",
        ),
    ],
)
def test_a_bad_file_is_told_as_the_api_does(
    monkeypatch: pytest.MonkeyPatch,
    path: Path,
    capsys: Captured,
    document: Any,
    told: str,
) -> None:
    """The field, the reason, and status 1."""
    assert check(monkeypatch, path, document) == 1
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors.startswith(f"{path}: ")
    assert told in errors
    assert len(errors.splitlines()) == 1


def test_what_cannot_be_looked_at_is_another_status(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Captured
) -> None:
    """A script must not take a slip for a bad configuration."""
    assert run(monkeypatch, "check-config", str(tmp_path / "gone")) == 2
    assert "gone cannot be read: No such file or directory" in capsys.readouterr().err
    for arguments in (["check-config"], ["check-config", "a", "b"]):
        assert run(monkeypatch, *arguments) == 2
        assert "usage: immich-ml-proxy check-config" in capsys.readouterr().err


def test_the_version_is_told(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    """As a command and as an option."""
    for argument in ("version", "--version"):
        assert run(monkeypatch, argument) == 0
        told = capsys.readouterr().out
        assert told == f"immich-ml-proxy {version('immich-ml-proxy')}\n"


def test_the_help_names_commands_and_variables(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    """Who asks for it finds what there is."""
    assert not run(monkeypatch, "--help")
    told = capsys.readouterr().out
    assert told.startswith("Usage: immich-ml-proxy [command] [options]\n")
    for part in ("check-config", "--listen", "IMMICH_ML_PROXY_LISTEN"):
        assert part in told
    assert not run(monkeypatch, "check-config", "--help")
    told = capsys.readouterr().out
    assert told.startswith("usage: immich-ml-proxy check-config [-h] FILE\n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["chek-config", "a"], "no command chek-config, but run, status, predict"),
        (["--no-such-option"], "no-such-option not recognized"),
        (["--debug", "run"], "Wrong number of arguments"),
        (["run", "--no-such-option"], "no-such-option not recognized"),
        (["run", "more"], "Wrong number of arguments"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], told: str
) -> None:
    """Nothing is started."""
    text = run(monkeypatch, *arguments)
    assert told in text
    assert len(text.splitlines()) == 1


@pytest.mark.parametrize("command", [[], ["run"]])
def test_without_a_command_the_proxy_is_run(
    monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    """With its options."""
    started: list[list[str]] = []
    monkeypatch.setattr(twistd, "run", lambda: started.append(sys.argv[1:]))
    monkeypatch.setattr(sys, "argv", ["immich-ml-proxy", *command, "-c", "run"])
    cli.main()
    [arguments] = started
    assert arguments[-3:] == ["immich-ml-proxy", "-c", "run"]
    assert "--nodaemon" in arguments
