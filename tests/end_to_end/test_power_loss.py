"""A host that loses its power with work in hand: no packet comes from it any more."""

from __future__ import annotations

import ctypes
import socket
import struct
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.end_to_end.processes import PATIENCE, config_for
from tests.end_to_end.test_import import StartProxy, StartServer
from tests.end_to_end.test_reliability import ask
from tests.serving import serve_beside

#: Linux: a filter of the packets of a socket. This one lets none through, so that the
#: other end never hears that any has arrived.
SO_ATTACH_FILTER = 26
DROP_ALL = struct.pack("HBBI", 0x06, 0, 0, 0)


class Busy(BaseHTTPRequestHandler):
    """Answers its pings, and is at work for ever."""

    protocol_version = "HTTP/1.1"
    server: FarHost

    def do_GET(self) -> None:
        """Answer a ping."""
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"pong")

    def do_POST(self) -> None:
        """Work."""
        self.server.is_at_work.set()
        self.server.is_over.wait()
        self.close_connection = True

    def log_message(self, *told: Any) -> None:
        """Say nothing."""


class FarHost(ThreadingHTTPServer):
    """
    A host with one server.

    :ivar is_at_work: it has a request.
    :ivar is_over: the test is.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Busy)
        self.is_at_work = threading.Event()
        self.is_over = threading.Event()
        self._sockets = [self.socket]

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_port}"

    def get_request(self) -> Any:
        """Take a connection."""
        taken = super().get_request()
        self._sockets.append(taken[0])
        return taken

    def lose_power(self) -> None:
        """Have no packet arrive any more, at any of its sockets."""
        code = ctypes.create_string_buffer(DROP_ALL)
        program = struct.pack("HL", 1, ctypes.addressof(code))
        for each in self._sockets:
            if each.fileno() >= 0:
                each.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)

    def shutdown_request(self, request: Any) -> None:
        """Nothing more is said: not that a connection ends, either."""
        if not self.is_at_work.is_set() or self.is_over.is_set():
            super().shutdown_request(request)


@pytest.fixture
def far_host() -> Iterator[FarHost]:
    """A host that can lose its power."""
    host = FarHost()
    serve_beside(host)
    yield host
    host.is_over.set()
    host.shutdown()
    host.server_close()


def test_its_work_goes_to_another_server(
    far_host: FarHost, start_server: StartServer, start_proxy: StartProxy
) -> None:
    """Within two intervals of pings; and its name is not asked for more."""
    config = config_for(start_server("near"), pingTimeout=0.5)
    config["backends"].insert(0, {"name": "far", "url": far_host.url})
    config["defaultBackend"] = {"backends": ["far", "near"], "strategy": "in_order"}
    proxy = start_proxy(config)
    thread, answers = ask(proxy)
    assert far_host.is_at_work.wait(PATIENCE)
    far_host.lose_power()
    cut = time.monotonic()
    thread.join()
    assert time.monotonic() - cut < PATIENCE
    assert answers[0][0] == 200
    assert proxy.json("/api/health")["far"]["status"] == "unhealthy"
