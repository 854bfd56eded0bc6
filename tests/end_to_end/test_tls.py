"""Servers over https, with certificates as people make them at home."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any

import pytest

from tests.certificates import Authority
from tests.end_to_end.processes import Proxy
from tests.end_to_end.test_import import StartProxy
from tests.serving import serve_beside

#: Starts a server with a key and a certificate, and returns its port.
Serve = Callable[..., int]

HOME, STRANGER = Authority("a home"), Authority("a stranger")


class Pong(BaseHTTPRequestHandler):
    """Answers pings, of those that show what it wants to see."""

    def do_GET(self) -> None:
        """Answer a ping."""
        is_known = self.headers["Authorization"] == "Bearer abcdefgh"
        self.send_response(200 if is_known else 401)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"pong")

    def log_message(self, *told: Any) -> None:
        """Say nothing."""


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Servers that speak TLS only."""
    running: list[ThreadingHTTPServer] = []

    def serve(authority: Authority, **settings: Any) -> int:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        pem = authority.sign("127.0.0.1").write(tmp_path, f"server{len(running)}")
        context.load_cert_chain(pem)
        for name, value in settings.items():
            setattr(context, name, value)
        server = ThreadingHTTPServer(("127.0.0.1", 0), Pong)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        running.append(server)
        serve_beside(server)
        return server.server_port

    yield serve
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.fixture
def plain() -> Iterator[int]:
    """The port of a server that speaks http only, and says so as nginx does."""

    class Refuse(BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65536)
            self.request.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with ThreadingTCPServer(("127.0.0.1", 0), Refuse) as server:
        serve_beside(server)
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """The file with the certificate of those who sign at home, after another one."""
    path = tmp_path / "ca.pem"
    path.write_bytes(b"# who signs here\n" + Authority("old").certificate)
    with path.open("ab") as file:
        file.write(HOME.certificate)
    return path


def config(*backends: dict[str, Any]) -> dict[str, Any]:
    """Return a configuration of these backends, which are called by number."""
    named = [{"name": f"{number}", **one} for number, one in enumerate(backends)]
    return {
        "defaultBackend": [one["name"] for one in named],
        "backends": named,
        "healthCheckInterval": 0.2,
    }


def errors(proxy: Proxy, count: int) -> list[str]:
    """Return what is wrong with each server."""
    for number in range(count):
        proxy.await_health(f"{number}", "unhealthy")
    health = proxy.json("/api/health")
    return [health[f"{number}"]["error"] for number in range(count)]


def test_a_servers_certificates_are_trusted_for_it_alone(
    serve: Serve, authority: Path, start_proxy: StartProxy
) -> None:
    """Also when it is saved while the proxy runs, and with what it wants to see."""
    own, other = serve(HOME), serve(HOME)
    headers = {"Authorization": "Bearer abcdefgh"}
    url = f"https://127.0.0.1:{own}"
    trusted = {"url": url, "caFile": str(authority), "headers": headers}
    also = {"url": f"https://127.0.0.1:{other}", "headers": headers}
    proxy = start_proxy(None)
    assert proxy.post("/api/config", config({"url": url}, also))[0] == 200
    words = "is signed by somebody whom this machine does not know"
    assert all(words in error for error in errors(proxy, 2))
    assert proxy.post("/api/config", config(trusted, also))[0] == 200
    proxy.await_health("0", "healthy")
    assert words in proxy.json("/api/health")["1"]["error"]
    assert proxy.stop() == 0
    proxy.start()
    proxy.url = proxy.await_url()
    proxy.await_health("0", "healthy")
    assert "abcdefgh" not in proxy.output


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_what_is_wrong_with_tls_is_told_in_words(
    serve: Serve, authority: Path, plain: int, start_proxy: StartProxy
) -> None:
    """And nothing is sent to a server that may be anybody."""
    old = serve(HOME, maximum_version=ssl.TLSVersion.TLSv1_1)
    ports = [serve(STRANGER), old, plain]
    backends = [
        {"url": f"https://127.0.0.1:{port}", "caFile": str(authority)} for port in ports
    ]
    proxy = start_proxy(None)
    assert proxy.post("/api/config", config(*backends))[0] == 200
    stranger, too_old, no_tls = errors(proxy, 3)
    assert "its certificate is signed by somebody whom this machine" in stranger
    assert "speaks no version of TLS that is safe" in too_old
    assert "does not speak TLS: write http:// for https://" in no_tls
    assert "Traceback" not in proxy.output


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "holds no certificate: it must be PEM"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "is broken"),
    ],
)
def test_a_file_without_certificates_is_not_saved(
    tmp_path: Path, start_proxy: StartProxy, content: bytes | None, told: str
) -> None:
    """The field is named; one that goes missing later is told as its server's fault."""
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    wanted = config({"url": "https://127.0.0.1:1", "caFile": str(path)})
    proxy = start_proxy(None)
    status, answer = proxy.post("/api/config", wanted)
    assert (status, answer["field"]) == (400, "backends[0].caFile")
    assert told in answer["error"]
    assert proxy.stop() == 0
    proxy.config.write_text(json.dumps(wanted))
    proxy.start()
    proxy.url = proxy.await_url()
    [error] = errors(proxy, 1)
    assert told in error
