"""Who can reach the proxy, and how they may ask."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.pretending import PRETENDING
from tests.end_to_end.processes import PATIENCE, Process, Proxy, config_for
from tests.end_to_end.test_failures import BOUNDARY, SEARCH, form
from tests.end_to_end.test_import import StartServer

Start = Callable[..., Proxy]


@pytest.fixture
def start(tmp_path: Path, processes: list[Process], start_server: StartServer) -> Start:
    """Starts the command with a server behind it."""

    def start(listen: str) -> Proxy:
        config = config_for(start_server("ml"))
        (tmp_path / "config.json").write_text(json.dumps(config))
        command = [*PRETENDING, "immich-ml-proxy", f"--listen={listen}"]
        proxy = Proxy(tmp_path, command=command)
        processes.append(proxy)
        return proxy

    return start


def answer_at(host: str, proxy: Proxy, request: bytes) -> bytes | None:
    """Return the answer to a request at an address; ``None`` when it is refused."""
    port = int(proxy.url.rpartition(":")[2])
    try:
        connection = socket.create_connection((host, port), PATIENCE)
    except ConnectionRefusedError:
        return None
    with connection:
        connection.sendall(request)
        got = b""
        while block := connection.recv(65536):
            got += block
    return got


PING = b"GET /ping HTTP/1.1\r\nHost: proxy\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize(
    ("listen", "told", "v4", "v6"),
    [
        ("tcp:0", "localhost", True, True),
        ("tcp:0:interface=127.0.0.1", "127.0.0.1", True, False),
        (r"tcp:0:interface=\:\:1", "[::1]", False, True),
    ],
)
def test_a_port_is_for_everybody_unless_an_address_is_named(
    start: Start, listen: str, told: str, v4: bool, v6: bool
) -> None:
    """``localhost`` is ::1 on one machine and 127.0.0.1 on the next."""
    proxy = start(listen)
    assert proxy.url.startswith(f"http://{told}:")
    proxy.await_health("ml", "healthy")
    for host, reached in (("127.0.0.1", v4), ("::1", v6)):
        answer = answer_at(host, proxy, PING)
        assert (answer is not None and answer.endswith(b"pong")) == reached


def test_without_ipv6_there_is_ipv4(start: Start, tmp_path: Path) -> None:
    """Some homes have switched it off in the kernel."""
    (tmp_path / "no-ipv6").touch()
    proxy = start("tcp:0")
    proxy.await_health("ml", "healthy")
    assert (answer_at("127.0.0.1", proxy, PING) or b"").endswith(b"pong")
    assert answer_at("::1", proxy, PING) is None


@pytest.mark.parametrize(
    "target", ["/predict/", "http://proxy:3004/predict", "http://proxy:3004/predict/"]
)
def test_a_request_may_name_the_proxy(start: Start, target: str) -> None:
    """As clients do that take it for a proxy to the rest of the world."""
    proxy = start("tcp:0:interface=127.0.0.1")
    proxy.await_health("ml", "healthy")
    body = form(SEARCH, text="a dog")
    head = (
        f"POST {target} HTTP/1.1\r\nHost: proxy:3004\r\nConnection: close\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    answer = answer_at("127.0.0.1", proxy, head.encode() + body)
    assert answer is not None
    assert answer.startswith(b"HTTP/1.1 200 ")
    ping = PING.replace(b"/ping", target.replace("predict", "ping").encode())
    assert (answer_at("127.0.0.1", proxy, ping) or b"").endswith(b"pong")


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        ("", True),
        ("Accept: */*\r\n", True),
        ("Accept: text/html,application/json;q=0.9\r\n", True),
        ("Accept: application/json\r\n", False),
        ("Accept: text/html;q=0\r\nAccept: application/json\r\n", False),
    ],
)
def test_its_address_is_a_page(start: Start, accept: str, page: bool) -> None:
    """To curl as to browsers; programs that ask for JSON see an ML server."""
    proxy = start("tcp:0:interface=127.0.0.1")
    head = f"GET / HTTP/1.1\r\nHost: proxy\r\n{accept}Connection: close\r\n\r\n"
    answer = answer_at("127.0.0.1", proxy, head.encode()) or b""
    if page:
        assert answer.endswith(b"</html>\n")
    else:
        assert answer.endswith(b'\r\n\r\n{"message":"Immich ML"}')
