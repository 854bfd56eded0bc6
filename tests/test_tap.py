"""The command's options, and that everything is wired to everything."""

from __future__ import annotations

import gc
import json
import runpy
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from twisted.application.service import IServiceMaker
from twisted.internet.error import CannotListenError
from twisted.logger import LogEvent, capturedLogs, formatEvent
from twisted.python import usage

from immich_ml_proxy.errors import CannotStart
from immich_ml_proxy.tap import Options, makeService
from tests.demo_requests import TEXTUAL
from tests.fakes import document, serve
from tests.memory_proxy import Proxy, posted, text_form
from tests.network import Network

Start = Callable[..., Proxy]

PLUGIN = Path(__file__).parents[1] / "twisted/plugins/immich_ml_proxy_plugin.py"


@pytest.fixture
def thaw() -> Iterator[None]:
    """A proxy that starts tells the collector to pass by what there is."""
    yield
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def parsed(*arguments: str) -> Options:
    """Return the options of a command line."""
    options = Options()
    options.parseOptions(arguments)
    return options


def said(events: Sequence[LogEvent], by: str = "immich_ml_proxy") -> list[str | None]:
    """Return the lines that the proxy has logged."""
    return [
        formatEvent(event)
        for event in events
        if str(event.get("log_namespace", "")).startswith(by)
    ]


def test_the_options_have_the_readmes_defaults() -> None:
    """Without any, it listens on 3004 and keeps config.json beside it."""
    assert dict(parsed()) == {
        "listen": "tcp:3004",
        "config": "config.json",
        "admin-token": None,
        "admin-token-file": None,
        "admin-listen": None,
        "allowed-host": [],
        "trusted-proxy": [],
        "access-log": None,
        "log-format": "plain",
        "debug": 0,
        "demo": 0,
        "read-only-config": 0,
        "backends": None,
    }


def test_the_options_can_be_set() -> None:
    """By their long and their short names."""
    long = parsed("--listen=tcp:1", "--config", "a.json", "--debug", "--demo")
    given = {"listen": "tcp:1", "config": "a.json", "debug": 1, "demo": 1}
    assert {name: long[name] for name in given} == given
    short = parsed("-l", "tcp:1", "-c", "a.json", "-d")
    assert short == {**long, "demo": 0}


@pytest.mark.parametrize("wrong", ["--port=3004", "3004", "--listen", "--debug=yes"])
def test_other_options_are_refused(wrong: str) -> None:
    """Nobody should believe that they had an effect."""
    with pytest.raises(usage.UsageError):
        parsed(wrong)


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """And nothing else is done."""
    with pytest.raises(SystemExit) as ended:
        parsed("--version")
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("immich-ml-proxy 0.")


@pytest.mark.parametrize("listen", ["3004", "nonsense:1", "tcp:", "tcp:port", ""])
def test_what_is_no_endpoint_is_refused_with_an_example(
    network: Network, tmp_path: Path, listen: str
) -> None:
    """A line, not a traceback."""
    options = parsed("--listen", listen, "--config", str(tmp_path / "config.json"))
    with pytest.raises(CannotStart, match="such as tcp:3004") as refused:
        makeService(options, network)
    assert str(refused.value).startswith(f"--listen {listen}: not an endpoint")


def test_a_taken_port_ends_it(
    network: Network, start_proxy: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not live on without one; the line says what to do."""

    def taken(port: int, *rest: Any, **more: Any) -> None:
        raise CannotListenError("", port, OSError(98, "Address already in use"))

    monkeypatch.setattr(network, "listenTCP", taken)
    with pytest.raises(CannotStart) as refused:
        start_proxy()
    assert str(refused.value) == (
        "immich-ml-proxy cannot listen on tcp:3004: Address already in use. "
        "Choose another place with --listen, such as --listen tcp:3005."
    )


@pytest.mark.usefixtures("thaw")
@pytest.mark.parametrize(
    ("listen", "count", "greeting"),
    [
        ("tcp:3004", 2, "http://localhost:3004 with 2 machines"),
        ("tcp:80", 1, "http://localhost:80 with 1 machine;"),
        ("tcp:3004:interface=\\:\\:", 0, "http://localhost:3004 with no machines"),
        ("tcp:3004:interface=\\:\\:1", 0, "http://[::1]:3004 with no machines"),
    ],
)
def test_it_greets_in_a_line(
    start_proxy: Start, listen: str, count: int, greeting: str
) -> None:
    """Where it listens, how many backends it has, and where the pages are."""
    proxy = start_proxy(document(*"ab"[:count]), "--listen", listen)
    with capturedLogs() as events:
        proxy.service.startService()
    [line] = [line for line in said(events) if line and "listening" in line]
    assert line.startswith(f"immich-ml-proxy is listening on {greeting}")
    base = greeting.split()[0]
    assert line.endswith(f"configure it at {base}/config, watch it at {base}/debug")
    proxy.service.stopService()


@pytest.mark.usefixtures("thaw")
def test_everything_is_wired(network: Network, start_proxy: Start) -> None:
    """From the port to the backend, the file, the timer and the records."""
    fakes = serve(network, "a", "b")
    proxy = start_proxy(document("a"), "--debug")
    proxy.service.startService()
    network.flush()
    assert fakes["a"].pings == 1
    assert proxy.ask(posted(text_form(TEXTUAL))).json() == {"clip": "a"}
    assert proxy.post("/api/config", document("b", maxBodySize=1024)).status == 200
    network.flush()
    assert fakes["b"].pings == 1
    assert proxy.ask(posted(text_form(TEXTUAL))).json() == {"clip": "b"}
    assert proxy.ask(posted(bytes(1025))).status == 413
    assert json.loads(proxy.file.read_text())["maxBodySize"] == 1024
    assert proxy.get("/api/debug/status").json()["recordCount"] == 6
    network.advance(10)
    assert (fakes["a"].pings, fakes["b"].pings) == (1, 2)
    proxy.service.stopService()
    network.flush()
    for connection in network.connections:
        connection.drop()
    assert network.getDelayedCalls() == []


def test_only_changes_of_health_are_logged(
    network: Network, start_proxy: Start
) -> None:
    """Who reads the log wants to know when and why, not that all is as before."""
    fake = serve(network, "gpu")["gpu"]
    proxy = start_proxy(document("gpu"))
    with capturedLogs() as events:
        proxy.start_checks()
        network.advance(20)
        fake.ping_status = 503
        network.advance(20)
        fake.ping_status = 200
        network.advance(20)
    assert said(events) == [
        "gpu is up",
        "gpu is down: answered 503",
        "gpu is up",
    ]


def test_the_file_is_where_the_command_was_given(
    network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A daemon changes its folder; the configuration does not move with it."""
    monkeypatch.chdir(tmp_path)
    proxy = Proxy(network, Path(), None)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert proxy.post("/api/config", document("a")).status == 200
    assert (tmp_path / "config.json").exists()


def test_a_demo_leaves_the_file_alone(start_proxy: Start, tmp_path: Path) -> None:
    """It is shown with simulated servers, whatever is configured."""
    (tmp_path / "config.json").write_text("nobody reads this")
    proxy = start_proxy(None, "--demo")
    names = [backend["name"] for backend in proxy.get("/api/config").json()["backends"]]
    assert names == ["simulated-gpu", "simulated-mac", "simulated-nas"]
    assert proxy.get("/api/status").json()["configError"] is None
    assert proxy.file.read_text() == "nobody reads this"
    proxy.start_checks()
    proxy.service.stopService()


def test_the_plugin_only_names_the_service() -> None:
    """twistd reads it with every command, for whatever service."""
    plugin: dict[str, Any] = runpy.run_path(str(PLUGIN))
    maker: Any
    [maker] = [one for one in plugin.values() if IServiceMaker.providedBy(one)]
    assert (maker.tapname, maker.module) == ("immich-ml-proxy", "immich_ml_proxy.tap")
    assert maker.options is Options


def test_a_demo_leaves_no_simulated_server_in_the_file(
    network: Network, tmp_path: Path
) -> None:
    """Their ports mean nothing once the process has ended, saved or drained."""
    proxy = Proxy(network, tmp_path, None, "--demo")
    answer = proxy.post("/api/backends/simulated-nas", {"state": "drain"})
    assert answer.status == 200
    assert answer.json()["backends"]["simulated-nas"]["state"] == "drain"
    mixed = proxy.get("/api/config").json()
    mixed["backends"].append({"name": "nas", "url": "http://nas:3003"})
    [warning] = proxy.post("/api/config", mixed).json()["warnings"]
    assert "was not saved" in warning
    assert proxy.get("/api/config").json() == mixed
    assert list(tmp_path.iterdir()) == []
    assert "warnings" not in proxy.post("/api/config", document("nas")).json()
    assert json.loads(proxy.file.read_text()) == document("nas")


@pytest.mark.usefixtures("thaw")
def test_the_work_of_a_demo_ends_before_it_stops(
    network: Network, start_proxy: Start
) -> None:
    """Nobody waits for an answer to simulated work."""
    proxy = start_proxy(None, "--demo")
    proxy.service.startService()
    network.advance(3)
    proxy.service.stopService()
    network.flush()
    for connection in network.connections:
        connection.drop()
    assert network.getDelayedCalls() == []
