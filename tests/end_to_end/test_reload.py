"""The configuration is changed while requests are under way: in its file."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.clients import Clients
from tests.end_to_end.ended import run
from tests.end_to_end.processes import Process, Proxy, config_for, until
from tests.end_to_end.programs import ROOT
from tests.end_to_end.test_import import StartProxy, StartServer

COMMAND = [
    sys.executable,
    "-c",
    "from immich_ml_proxy.commands.cli import main; main()",
]
LISTEN = "--listen=tcp:0:interface=127.0.0.1"
SECRET = "s3cr3t-of-the-nas"

StartCommand = Callable[..., Proxy]


def names(proxy: Proxy) -> list[str]:
    """Return the names of the backends in force."""
    return [one["name"] for one in proxy.json("/api/config")["backends"]]


def await_names(proxy: Proxy, *wanted: str) -> None:
    """Wait until these are in force."""
    until(lambda: names(proxy) == [*wanted], f"{wanted} are in force")


def renamed_over(path: Path, config: dict[str, Any]) -> None:
    """Change a file as editors do."""
    new = path.with_name("config.json.swp")
    new.write_text(json.dumps(config))
    new.replace(path)


@pytest.fixture
def start_command(
    tmp_path: Path, processes: list[Process], monkeypatch: pytest.MonkeyPatch
) -> StartCommand:
    """Starts the proxy as a shell does, with variables."""

    def start(*arguments: str, **variables: str) -> Proxy:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        told = [f"{name}={value}" for name, value in variables.items()]
        proxy = Proxy(tmp_path, command=["/usr/bin/env", *told, *COMMAND, *arguments])
        processes.append(proxy)
        return proxy

    return start


@pytest.mark.waits
def test_a_reload_under_load_loses_nothing(
    start_server: StartServer, start_proxy: StartProxy
) -> None:
    """Machines come and go, in place and by renames: not one request fails."""
    one, two = start_server("one", 0.1), start_server("two", 0.1)
    proxy = start_proxy(config_for(one, two))
    with Clients(proxy.url, keep=6, new=4).at_work() as clients:
        for turn in range(6):
            clients.await_served(30)
            servers = [(one,), (two,), (two, one)][turn % 3]
            config = config_for(*servers, pingTimeout=1 + turn / 10)
            if turn % 2:
                proxy.config.write_text(json.dumps(config))
            else:
                renamed_over(proxy.config, config)
            await_names(proxy, *(server.name for server in servers))
        clients.await_served(30)
    assert (clients.failed, clients.refused) == ({}, 0)
    assert proxy.json("/api/status")["configError"] is None
    assert "Traceback" not in proxy.output


def test_a_configmap_is_exchanged(
    tmp_path: Path, start_server: StartServer, processes: list[Process]
) -> None:
    """Its files are links to a folder that is one itself, which is what is replaced."""
    one, two = start_server("one"), start_server("two")
    mounted = tmp_path / "mounted"
    for stamp, server in (("..2026_01", one), ("..2026_02", two)):
        (mounted / stamp).mkdir(parents=True)
        (mounted / stamp / "config.json").write_text(json.dumps(config_for(server)))
    (mounted / "..data").symlink_to("..2026_01")
    (mounted / "config.json").symlink_to("..data/config.json")
    proxy = Proxy(tmp_path, f"--config={mounted / 'config.json'}")
    processes.append(proxy)
    proxy.await_health("one", "healthy")
    (mounted / "..data_tmp").symlink_to("..2026_02")
    (mounted / "..data_tmp").replace(mounted / "..data")
    await_names(proxy, "two")
    proxy.await_health("two", "healthy")


def test_sighup_reads_it_at_once_and_tells_what_is_wrong(
    start_server: StartServer, start_proxy: StartProxy
) -> None:
    """The one before stays; once mended it is in force, and no signal is needed."""
    server = start_server("one")
    proxy = start_proxy(config_for(server))
    proxy.signal(signal.SIGHUP)
    until(lambda: "says what it said before" in proxy.output, "it is answered")
    proxy.config.write_text('{"backends": 3}')
    proxy.signal(signal.SIGHUP)
    until(lambda: proxy.json("/api/status")["configError"], "the fault is told")
    assert "backends: " in proxy.json("/api/status")["configError"]
    assert "stays in force" in proxy.output
    assert proxy.get("/ping") == (200, b"pong")
    assert names(proxy) == ["one"]
    proxy.config.write_text(json.dumps(config_for(server, pingTimeout=3)))
    until(lambda: not proxy.json("/api/status")["configError"], "it is mended")
    assert proxy.json("/api/config")["pingTimeout"] == 3
    assert "Traceback" not in proxy.output
    assert proxy.stop() == 0


def test_a_secret_of_the_environment_is_nowhere_to_be_seen(
    tmp_path: Path, start_server: StartServer, start_command: StartCommand
) -> None:
    """Not in what is shown, saved, recorded or logged."""
    config = config_for(start_server("one"))
    named = {"Authorization": "Bearer ${IMMICH_ML_SECRET_ONE}"}
    config["backends"][0]["headers"] = named
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config))
    proxy = start_command(
        LISTEN, IMMICH_ML_SECRET_ONE=SECRET, IMMICH_ML_PROXY_DEBUG="yes"
    )
    proxy.await_health("one", "healthy")
    shown = proxy.json("/api/config")
    assert shown["backends"][0]["headers"] == named
    assert proxy.post("/api/config", {**shown, "pingTimeout": 3})[0] == 200
    assert json.loads(path.read_text())["backends"][0]["headers"] == named
    with Clients(proxy.url, keep=1, new=0).at_work() as clients:
        clients.await_served(3)
    records = proxy.get("/api/debug/records")[1].decode()
    assert "/predict" in records
    told = records + proxy.output + path.read_text()
    for page in ("config", "status", "overview", "health"):
        told += proxy.get(f"/api/{page}")[1].decode()
    assert SECRET not in told
    config["backends"][0]["headers"] = {"X": "${IMMICH_ML_SECRET_TWO}"}
    path.write_text(json.dumps(config))
    until(lambda: proxy.json("/api/status")["configError"], "it is told")
    assert "IMMICH_ML_SECRET_TWO is not set" in proxy.json("/api/status")["configError"]


def test_one_variable_is_a_whole_configuration(
    tmp_path: Path, start_server: StartServer, start_command: StartCommand
) -> None:
    """With ``run`` or without, every other option by a variable; nothing is written."""
    one, two = start_server("one"), start_server("two")
    line = f"{one.url.removeprefix('http://')},zwei={two.url}"
    proxy = start_command(
        "run",
        IMMICH_ML_BACKENDS=line,
        IMMICH_ML_PROXY_LISTEN="tcp:0:interface=127.0.0.1",
    )
    proxy.await_health("zwei", "healthy")
    assert names(proxy) == ["127.0.0.1", "zwei"]
    status, answer = proxy.post("/api/config", config_for(one))
    assert (status, "IMMICH_ML_BACKENDS" in answer["error"]) == (409, True)
    assert not (tmp_path / "config.json").exists()
    assert proxy.stop() == 0


def test_two_configurations_or_a_bad_one_are_no_start(tmp_path: Path) -> None:
    """A line says why, and what to do."""
    (tmp_path / "config.json").write_text("{}")
    for more, told in (
        ({"IMMICH_ML_BACKENDS": "nas:3003"}, "IMMICH_ML_BACKENDS is given, and there"),
        ({"IMMICH_ML_BACKENDS": "nas"}, "remove one of them"),
        ({"IMMICH_ML_PROXY_DEMO": "ja"}, "IMMICH_ML_PROXY_DEMO must be yes or no"),
    ):
        ended = run(LISTEN, cwd=tmp_path, **more)
        assert ended.returncode == 1
        assert told in ended.stderr
        assert "Traceback" not in ended.stdout + ended.stderr


def test_a_file_is_checked_before_it_is_put_in_its_place(tmp_path: Path) -> None:
    """By a command, whose status a script can ask."""
    path = tmp_path / "new.json"
    good = {"defaultBackend": "a", "backends": [{"name": "a", "url": "http://a:1"}]}
    path.write_text(json.dumps(good))
    ended = run("check-config", "new.json", cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == "new.json is good: 1 machine, 1 route\n"
    path.write_text(json.dumps({**good, "defaultBackend": "b"}))
    ended = run("check-config", "new.json", cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("new.json: defaultBackend: ")
    assert run("check-config", "gone.json", cwd=tmp_path).returncode == 2


def test_a_terminal_that_is_closed_ends_it(tmp_path: Path) -> None:
    """SIGHUP means that, too; nobody would find the proxy again."""
    leader, follower = os.openpty()
    log = (tmp_path / "proxy.log").open("wb")
    child = subprocess.Popen(
        [*COMMAND, LISTEN],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        stdin=follower,
        stdout=log,
        stderr=log,
    )
    os.close(follower)
    log.close()
    try:
        told = tmp_path / "proxy.log"
        greeting = r"listening on (\S+) with"
        until(lambda: re.search(greeting, told.read_text()), "it listens")
        [url] = re.findall(greeting, told.read_text())
        urllib.request.urlopen(f"{url}/api/status").close()
        child.send_signal(signal.SIGHUP)
        until(lambda: "says what it said before" in told.read_text(), "it is answered")
        os.close(leader)
        child.send_signal(signal.SIGHUP)
        assert child.wait(60) == 0
    finally:
        if child.poll() is None:
            child.kill()
            child.wait(60)
