"""What is logged, how and where to, by the options of the command and of twistd."""

from __future__ import annotations

import json
from typing import Any

import pytest
from twisted.logger import LogLevel, globalLogPublisher
from twisted.python import usage
from twisted.python.failure import Failure
from twisted.scripts._twistd_unix import ServerOptions

from immich_ml_proxy.commands.json_log import json_log, line_of
from immich_ml_proxy.commands.log_format import goes_to_stdout
from immich_ml_proxy.commands.options import Options


def of_twistd(*options: str, ours: tuple[str, ...] = ()) -> Any:
    """Return twistd's options, and with them ours."""
    parsed: Any = ServerOptions()
    parsed.parseOptions([*options, "immich-ml-proxy", *ours])
    return parsed


@pytest.mark.parametrize(
    ("options", "is_stdout"),
    [
        (["--nodaemon"], True),
        (["--nodaemon", "--logfile=-"], True),
        (["--nodaemon", "--logfile=proxy.log"], False),
        (["--nodaemon", "--syslog"], False),
        ([], False),
        (["--logfile=proxy.log"], False),
    ],
)
def test_lines_of_requests_go_where_the_log_goes(
    options: list[str], is_stdout: bool
) -> None:
    """Directly to standard output, else through the logger, which has a file."""
    assert goes_to_stdout(of_twistd(*options)) is is_stdout
    assert goes_to_stdout(None)


def test_the_rest_is_json_too() -> None:
    """Whoever reads the output reads one form; a logger that was chosen stays."""
    json_ = ("--log-format=json",)
    assert of_twistd("--nodaemon", ours=json_)["logger"] is json_log
    assert not of_twistd("--nodaemon").get("logger")
    assert not of_twistd("--nodaemon", "--logfile=a.log", ours=json_).get("logger")
    chosen = "--logger=immich_ml_proxy.commands.cli.plain_log"
    assert of_twistd("--nodaemon", chosen, ours=json_)["logger"] is not json_log


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("--log-format=xml", "--log-format must be plain or json, not xml"),
        ("--access-log=some", "--access-log must be all, work or off, not some"),
    ],
)
def test_a_wrong_option_is_told(option: str, told: str) -> None:
    """With what would be right."""
    with pytest.raises(usage.UsageError, match=told):
        Options().parseOptions([option])


def test_the_environment_chooses_what_no_option_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As for all other options."""
    monkeypatch.setenv("IMMICH_ML_PROXY_LOG_FORMAT", "json")
    monkeypatch.setenv("IMMICH_ML_PROXY_ACCESS_LOG", "work")
    options = Options()
    options.parseOptions([])
    assert (options["log-format"], options["access-log"]) == ("json", "work")
    options = Options()
    options.parseOptions(["--log-format=plain", "--access-log=all"])
    assert (options["log-format"], options["access-log"]) == ("plain", "all")


def test_an_event_is_an_object_on_a_line() -> None:
    """Whatever stands in it."""
    event: Any = {
        "log_time": 1_795_912_407.25,
        "log_level": LogLevel.warn,
        "log_format": "{backend} is unhealthy: {error}",
        "backend": "gpu",
        "error": 'said "no"\nand\x1b[2J hung up \udcff',
    }
    line = line_of(event)
    assert line.endswith("}\n")
    assert len(line.splitlines()) == 1
    assert json.loads(line) == {
        "time": "2026-11-29T00:33:27.250Z",
        "kind": "event",
        "level": "warn",
        "message": 'gpu is unhealthy: said "no"\nand\x1b[2J hung up ?',
    }


def test_a_traceback_is_a_field() -> None:
    """It has lines, and the log has one."""
    try:
        raise ValueError("a bug")
    except ValueError:
        failure = Failure()
    line = line_of({"log_failure": failure, "log_format": "trouble"})
    assert len(line.splitlines()) == 1
    assert "ValueError: a bug" in json.loads(line)["traceback"]


def test_what_is_of_no_interest_is_left_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Twisted's own chatter; its warnings are told."""
    observer: Any = json_log()
    before: Any = {"log_time": 0.0, "log_format": "told", "log_level": LogLevel.info}
    for namespace in ("immich_ml_proxy.tap", "twisted.internet", "log_legacy"):
        observer({**before, "log_namespace": namespace})
    observer({**before, "log_namespace": "twisted", "log_level": LogLevel.warn})
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert globalLogPublisher
