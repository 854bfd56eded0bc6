"""Servers whose names, and name servers, are as they are at people's homes."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.certificates import Authority
from tests.end_to_end.pretending import PRETENDING
from tests.end_to_end.processes import Process, Proxy, config_for, until
from tests.end_to_end.test_failures import SEARCH, form, predict
from tests.end_to_end.test_import import StartServer
from tests.serving import serve_beside

HERE = "127.0.0.1"
COMMAND = [
    *PRETENDING,
    "immich-ml-proxy",
    f"--listen=tcp:0:interface={HERE}",
]


class Home:
    """A proxy in a home with a name table."""

    def __init__(self, folder: Path, processes: list[Process]) -> None:
        self._folder = folder
        self._processes = processes
        self.name()

    def name(self, **names: str | None) -> None:
        """Put a name table in force; ``None``: nobody ever answers."""
        new = self._folder / "names.new"
        new.write_text(json.dumps(names))
        new.rename(self._folder / "names")

    def start(self, *backends: tuple[str, str], **more: Any) -> Proxy:
        """Start the proxy with backends, each with a name and a URL."""
        config = config_for(**more)
        config["backends"] = [{"name": name, "url": url} for name, url in backends]
        config["defaultBackend"] = [name for name, _ in backends]
        (self._folder / "config.json").write_text(json.dumps(config))
        proxy = Proxy(self._folder, command=COMMAND)
        self._processes.append(proxy)
        return proxy


@pytest.fixture
def home(tmp_path: Path, processes: list[Process]) -> Home:
    """Nobody there yet."""
    return Home(tmp_path, processes)


@pytest.fixture
def secure_server(tmp_path: Path) -> Iterator[tuple[int, list[str | None]]]:
    """A server that speaks TLS only: its port, and the names it was asked for."""
    authority = Authority("a home")
    (tmp_path / "authority.pem").write_bytes(authority.certificate)
    names = ("immich_machine_learning", "ml_1.stack")
    asked: list[str | None] = []

    class Pong(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "4")
            self.end_headers()
            self.wfile.write(b"pong")

        def log_message(self, format: str, *args: Any) -> None:
            """Write nothing."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.sign(*names).write(tmp_path, "server"))
    context.sni_callback = lambda socket, name, context: asked.append(name)
    with ThreadingHTTPServer((HERE, 0), Pong) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        serving = serve_beside(server)
        yield server.server_port, asked
        server.shutdown()
        serving.join()


def port_of(server: Any) -> str:
    """Return the port in a server's URL."""
    return str(server.url.rpartition(":")[2])


def test_containers_and_stacks_are_found_by_their_names(
    home: Home, start_server: StartServer
) -> None:
    """Immich's own container has underscores, Swarm's have dots beside them."""
    port = port_of(start_server("gpu"))
    home.name(**{"immich_machine_learning": HERE, "ml_1.stack": HERE})
    proxy = home.start(
        ("compose", f"http://immich_machine_learning:{port}"),
        ("swarm", f"http://ml_1.stack:{port}"),
    )
    for name in ("compose", "swarm"):
        proxy.await_health(name, "healthy")
    assert predict(proxy, form(SEARCH, text="a dog"))[0] == 200


def test_their_certificates_may_be_for_such_names(
    home: Home, secure_server: tuple[int, list[str | None]]
) -> None:
    """They are asked for by them, and held to them."""
    port, asked = secure_server
    names = ("immich_machine_learning", "ml_1.stack", "somebody_else")
    home.name(**dict.fromkeys(names, HERE))
    proxy = home.start(*((name, f"https://{name}:{port}") for name in names))
    for name in names[:2]:
        proxy.await_health(name, "healthy")
    proxy.await_health("somebody_else", "unhealthy")
    error = proxy.json("/api/health")["somebody_else"]["error"]
    assert "its certificate is not for somebody_else" in error
    assert set(asked) == set(names)


@pytest.mark.waits
def test_names_that_hang_starve_nobody(home: Home, start_server: StartServer) -> None:
    """
    Forty names of which nothing is heard, beside one that is good: it is served, new
    ones are found, and the process ends at once.
    """
    server = start_server("gpu")
    port = port_of(server)
    hanging = [f"hanging-{number}" for number in range(40)]
    home.name(**dict.fromkeys(hanging), gpu=HERE, nas=HERE)
    urls = [(name, f"http://{name}:3003") for name in hanging]
    proxy = home.start(*urls, ("gpu", f"http://gpu:{port}"))
    proxy.await_health("gpu", "healthy")
    proxy.await_health(hanging[-1], "unhealthy")
    for number in range(10):
        assert predict(proxy, form(SEARCH, text=f"a dog {number}"))[0] == 200
    config = proxy.json("/api/config")
    config["backends"].append({"name": "nas", "url": f"http://nas:{port}"})
    assert proxy.post("/api/config", config)[0] == 200
    proxy.await_health("nas", "healthy")
    began = time.monotonic()
    assert proxy.stop() == 0
    assert time.monotonic() - began < 10  # Twisted's own threads are waited for


@pytest.mark.parametrize("answer", ["never", "unknown"])
def test_a_name_server_that_is_ill_harms_nobody_who_is_known(
    home: Home, start_server: StartServer, answer: str
) -> None:
    """Their old addresses are used for as long as there are no new ones."""
    server = start_server("gpu")
    home.name(gpu=HERE)
    proxy = home.start(("gpu", f"http://gpu:{port_of(server)}"))
    proxy.await_health("gpu", "healthy")
    home.name(**({"gpu": None} if answer == "never" else {}))
    # What is idle is used again for a while: it takes a new connection to ask.
    server.kill()
    proxy.await_health("gpu", "unhealthy")
    assert "refused" in proxy.json("/api/health")["gpu"]["error"]
    server.restart()
    until(lambda: predict(proxy, form(SEARCH, text="a dog"))[0] == 200, "it is served")
