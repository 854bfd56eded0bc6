"""The command: starting, stopping, installing, and what it says."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.ended import run
from tests.end_to_end.processes import Process, Proxy, config_for, until
from tests.end_to_end.programs import ROOT
from tests.end_to_end.test_failures import SEARCH, form, predict
from tests.end_to_end.test_import import StartProxy, StartServer

LISTEN = "--listen=tcp:0:interface=127.0.0.1"
COMMAND = [
    *[sys.executable, "-c", "from immich_ml_proxy.commands.cli import main; main()"],
    LISTEN,
]


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port that somebody else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def test_the_command_greets_in_one_line(
    tmp_path: Path, processes: list[Process]
) -> None:
    """A newcomer reads where it listens, where the pages are, and what it serves."""
    proxy = Proxy(tmp_path, command=[*COMMAND, "--demo"])
    processes.append(proxy)
    proxy.await_health("simulated-nas", "healthy")
    greeting = proxy.output.splitlines()[0]
    assert f"listening on {proxy.url} with 3 machines" in greeting
    assert f"{proxy.url}/config" in greeting
    assert f"{proxy.url}/debug" in greeting
    assert proxy.get("/ping") == (200, b"pong")
    assert predict(proxy, form(SEARCH, text="a red car"))[0] == 200
    assert sorted(path.name for path in tmp_path.iterdir()) == ["proxy.log"]


def test_a_port_in_use_is_told_without_a_traceback(
    tmp_path: Path, taken_port: int
) -> None:
    """It ends with an error that says which port, why, and what to do."""
    ended = run(f"--listen=tcp:{taken_port}:interface=127.0.0.1", cwd=tmp_path)
    assert ended.returncode == 1
    told = ended.stdout + ended.stderr
    assert f"cannot listen on tcp:{taken_port}" in told
    assert "--listen" in told
    assert "Traceback" not in told


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("--listen=nonsense", "not an endpoint"),
        ("--listen=tcp:port", "not an endpoint"),
        ("--no-such-option", "not recognized"),
        ("--admin-token-file=missing", "cannot be read: No such file"),
        ("--admin-listen=nonsense", "--admin-listen nonsense: not an endpoint"),
        ("--listen=systemd:domain=INET:name=a", "no such socket was handed over"),
        ("--trusted-proxy=nginx", "no address or range"),
    ],
)
def test_a_wrong_option_is_told_without_a_traceback(
    tmp_path: Path, option: str, told: str
) -> None:
    """The message names what is wrong."""
    ended = run(LISTEN, option, cwd=tmp_path)
    assert ended.returncode == 1
    assert told in ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr


@pytest.mark.parametrize(
    "broken", ["{", '{"backends": [{"name": "gpu"}]}', "\x00\xff", "[]", ""]
)
def test_a_broken_configuration_is_told_and_left_alone(
    tmp_path: Path, processes: list[Process], broken: str
) -> None:
    """The proxy runs without backends, says why, and keeps the file."""
    path = tmp_path / "config.json"
    path.write_text(broken)
    proxy = Proxy(tmp_path)
    processes.append(proxy)
    assert proxy.get("/ping")[0] == 503
    assert str(path) in proxy.json("/api/status")["configError"]
    assert "The configuration cannot be used" in proxy.output
    assert "Traceback" not in proxy.output
    assert path.read_text() == broken
    good = {"defaultBackend": "a", "backends": [{"name": "a", "url": "http://a:1"}]}
    assert proxy.post("/api/config", good) == (200, good)
    assert json.loads(path.read_text()) == good
    assert (tmp_path / "config.json.broken").read_text() == broken
    assert proxy.json("/api/status")["configError"] is None


def test_a_saved_configuration_survives_a_restart(
    tmp_path: Path, start_server: StartServer, start_proxy: StartProxy
) -> None:
    """What was saved is what is read, to the last unknown spelling."""
    server = start_server("gpu")
    proxy = start_proxy(None)
    assert proxy.get("/ping")[0] == 503
    saved = config_for(server, taskRouting={"facial_recognition": ["gpu"]})
    assert proxy.post("/api/config", saved)[0] == 200
    assert proxy.get("/ping") == (200, b"pong")
    assert proxy.stop() == 0
    again = Proxy(tmp_path)
    try:
        assert again.json("/api/config") == saved
        again.await_health("gpu", "healthy")
    finally:
        again.kill()


def test_stopping_lets_requests_under_way_finish(
    start_server: StartServer, start_proxy: StartProxy
) -> None:
    """SIGTERM takes nothing new, waits for what is under way, and exits with 0."""
    server = start_server("slow")
    proxy = start_proxy(config_for(server, healthCheckInterval=600))
    server.signal(signal.SIGSTOP)
    answers: list[int] = []
    asking = threading.Thread(
        target=lambda: answers.append(predict(proxy, form(SEARCH, text="a dog"))[0])
    )
    asking.start()
    until(
        lambda: proxy.json("/api/status")["backends"]["slow"]["inFlight"] == 1,
        "the request is under way",
    )
    proxy.signal(signal.SIGTERM)
    until(lambda: "stopping; 1 requests get" in proxy.output, "it is stopping")
    server.signal(signal.SIGCONT)
    assert proxy.wait() == 0
    asking.join()
    assert answers == [200]
    assert "Traceback" not in proxy.output


def test_an_installed_package_runs_from_anywhere(
    tmp_path: Path, processes: list[Process]
) -> None:
    """The wheel holds plugin, package and pages, and they work outside a checkout."""
    source = tmp_path / "source"
    source.mkdir()
    for name in ("LICENSE", "README.rst", "pyproject.toml", "setup.py"):
        shutil.copy(ROOT / name, source)
    ignored = shutil.ignore_patterns("__pycache__")
    for folder in ("immich_ml_proxy", "static", "twisted"):
        shutil.copytree(ROOT / folder, source / folder, ignore=ignored)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    options = ["--no-deps", "--wheel-dir", str(tmp_path)]
    subprocess.run([*pip, "wheel", *options, str(source)], check=True, timeout=300)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "twisted/plugins/immich_ml_proxy_plugin.py" in names
    assert "twisted/__init__.py" not in names
    for file in (ROOT / "static").rglob("*.*"):
        assert f"immich_ml_proxy/{file.relative_to(ROOT)}" in names
    installed = tmp_path / "installed"
    zipfile.ZipFile(wheel).extractall(installed)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    start = (
        f"import sys; sys.path.insert(0, {str(installed)!r});"
        "import immich_ml_proxy; print(immich_ml_proxy.__file__, flush=True);"
        "from immich_ml_proxy.commands.cli import main; main()"
    )
    command = [sys.executable, "-P", "-c", start, *COMMAND[3:], "--demo"]
    proxy = Proxy(elsewhere, command=command)
    processes.append(proxy)
    assert proxy.output.startswith(str(installed))
    status, page = proxy.get("/config")
    assert status == 200
    assert page == (ROOT / "static" / "config" / "config.html").read_bytes()
