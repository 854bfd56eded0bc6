"""The configuration's file where people have it: mounted, linked, marked, left over."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.processes import Process, Proxy, Server, config_for
from tests.mounts import bound, needs_mounts, with_mounts

StartServer = Callable[..., Server]
StartMounted = Callable[..., Proxy]


@pytest.fixture
def on_host(tmp_path: Path) -> Path:
    """The configuration's file where it is not mounted."""
    path = tmp_path / "on_host" / "config.json"
    path.parent.mkdir()
    return path


@pytest.fixture
def start_mounted(
    tmp_path: Path, on_host: Path, processes: list[Process]
) -> StartMounted:
    """Starts a proxy that sees the file on the host as its ``config.json``."""

    def start(*options: str) -> Proxy:
        (tmp_path / "config.json").touch()
        command = with_mounts(
            [bound(on_host, tmp_path / "config.json", *options)],
            [
                *[
                    sys.executable,
                    "-c",
                    "from twisted.scripts.twistd import run; run()",
                ],
                *["--nodaemon", "--pidfile=", "immich-ml-proxy"],
                "--listen=tcp:0:interface=127.0.0.1",
            ],
        )
        proxy = Proxy(tmp_path, command=command)
        processes.append(proxy)
        return proxy

    return start


@needs_mounts
def test_a_mounted_file_is_saved_and_read_again(
    on_host: Path, start_server: StartServer, start_mounted: StartMounted
) -> None:
    """As in a container: what was saved is on the host, mended, and in force after."""
    server = start_server("gpu")
    on_host.write_bytes(b"\xef\xbb\xbf" + json.dumps(config_for(server)).encode())
    proxy = start_mounted()
    proxy.await_health("gpu", "healthy")
    saved: dict[str, Any] = config_for(server, pingTimeout=3)
    typed = json.loads(json.dumps(saved))
    typed["backends"][0]["url"] = f"{server.url.removeprefix('http://')}/predict"
    status, answer = proxy.post("/api/config", typed)
    [warning] = answer.pop("warnings")
    assert answer.pop("warningsAt") == [{"path": "backends[0].url", "text": warning}]
    assert (status, answer) == (200, saved)
    assert warning.startswith("backends[0].url: http:// was added and /predict was cut")
    assert json.loads(on_host.read_bytes()) == saved
    assert [one.name for one in on_host.parent.iterdir()] == ["config.json"]
    assert proxy.get("/ping") == (200, b"pong")
    assert proxy.stop() == 0
    again = start_mounted()
    assert again.json("/api/config") == saved
    assert again.json("/api/status")["configWarnings"] == []
    assert again.get("/ping") == (200, b"pong")


@needs_mounts
def test_a_file_that_is_mounted_read_only_is_told(
    on_host: Path, start_server: StartServer, start_mounted: StartMounted
) -> None:
    """Nothing is half applied: the one before stays in force and in the file."""
    server = start_server("gpu")
    before = config_for(server)
    on_host.write_text(json.dumps(before))
    proxy = start_mounted("ro")
    status, answer = proxy.post("/api/config", {**before, "pingTimeout": 3})
    assert status == 500
    assert answer["error"] == (
        f"{proxy.config} cannot be written: Read-only file system "
        "(is it mounted with :ro?); the configuration before stays in force"
    )
    assert proxy.json("/api/config") == before
    assert json.loads(on_host.read_text()) == before
    assert proxy.get("/ping") == (200, b"pong")
    assert "Traceback" not in proxy.output


def test_the_start_tells_what_was_mended_and_tidies_up(
    tmp_path: Path, on_host: Path, start_server: StartServer, processes: list[Process]
) -> None:
    """A link is followed, a left-over removed, and the file left as it was written."""
    server = start_server("gpu")
    written = {
        "defaultBackend": "gpu",
        "backends": [{"name": "gpu", "url": server.url.removeprefix("http://")}],
        "taskRouting": {"ocr": "sold"},
        "modelTypeRouting": {"visual": ""},
    }
    on_host.write_text(json.dumps(written))
    (tmp_path / "config.json").symlink_to("on_host/config.json")
    left = on_host.with_name("config.json.abcd1234.new")
    left.write_text("{")
    proxy = Proxy(tmp_path)
    processes.append(proxy)
    assert not left.exists()
    warnings = proxy.json("/api/status")["configWarnings"]
    assert warnings == [
        "taskRouting.ocr: there is no machine named 'sold'; the default gets its work",
        "modelTypeRouting.visual: names no machine; the default gets its work",
        f"backends[0].url: http:// was added; it is {server.url} now",
    ]
    for warning in warnings:
        assert warning in proxy.output
    proxy.await_health("gpu", "healthy")
    assert json.loads(on_host.read_text()) == written
    shown = proxy.json("/api/config")
    assert shown["taskRouting"] == {}
    assert proxy.post("/api/config", shown) == (200, shown)
    assert (tmp_path / "config.json").is_symlink()
    assert json.loads(on_host.read_text()) == shown
    assert proxy.json("/api/status")["configWarnings"] == []
