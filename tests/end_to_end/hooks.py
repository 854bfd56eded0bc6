"""A server that only listens, and says what it is told to."""

from __future__ import annotations

import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import attrs

from tests.serving import serve_beside


@attrs.frozen
class Call:
    """
    A request; header names in lower case.

    :ivar at: when it came, by the clock that counts seconds.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float


class Hook:
    """
    The server.

    :ivar calls: what came, in its order.
    :ivar answer: status and body for who posts something; pings get their pong.
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.answer: tuple[int, bytes] = 200, b"{}"
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._kind())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        serve_beside(self._server)

    def stop(self) -> None:
        """Be gone."""
        self._server.shutdown()
        self._server.server_close()

    def to(self, path: str) -> list[Call]:
        """Return what came to a path."""
        return [one for one in self.calls if one.path == path]

    def _kind(self) -> type[BaseHTTPRequestHandler]:
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._take((200, b"pong"))

            def do_POST(self) -> None:
                self._take(hook.answer)

            def _take(self, answer: tuple[int, bytes]) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                body = self.rfile.read(int(headers.get("content-length", "0")))
                came = time.monotonic()
                hook.calls.append(Call(self.command, self.path, headers, body, came))
                self.send_response(answer[0])
                self.send_header("Content-Length", str(len(answer[1])))
                self.end_headers()
                self.wfile.write(answer[1])

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        return Handler
