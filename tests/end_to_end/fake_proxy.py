"""The pages before a proxy that says whatever a test wants it to say."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from immich_ml_proxy.web.pages import static_folder
from tests.serving import serve_beside

_PAGES = {
    "/": "overview/overview.html",
    "/config": "config/config.html",
    "/debug": "debug/debug.html",
    "/help": "help/help.html",
}
_TYPES = {
    "css": "text/css",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript",
    "svg": "image/svg+xml",
}
_POLICY = "default-src 'self'; frame-ancestors 'none'; form-action 'self'"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # a page asks for many files at once


#: Where the one before has listened.
_address = ("127.0.0.1", 0)


def _listen(kind: type[BaseHTTPRequestHandler]) -> _Server:
    """Listen where the one before did, of which a browser has kept files; if free."""
    global _address
    try:
        server = _Server(_address, kind)
    except OSError:
        server = _Server(("127.0.0.1", 0), kind)
    _address = ("127.0.0.1", server.server_port)
    return server


class FakeProxy:
    """
    A proxy that says what it is told to.

    :ivar answers: JSON by path, the query left out; of a function, what it returns for
        the body that was posted. An answer ``(status, value)`` has a status of its own.
    :ivar version: the ``ETag`` of all JSON.
    :ivar served: by the beginning of a path, a function that is given the method, the
        path with its query and the body, and returns an answer as above, or bytes.
    :ivar asked: paths with their queries, and bodies, in the order they came.
    """

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.version = ""
        self.served: dict[str, Callable[[str, str, Any], Any]] = {}
        self.asked: list[tuple[str, Any]] = []
        self._server = _listen(self._kind())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        serve_beside(self._server)

    def stop(self) -> None:
        """Be gone."""
        self._server.shutdown()
        self._server.server_close()

    def posted(self, path: str) -> list[Any]:
        """Return the bodies that were posted to a path."""
        return [
            body for asked, body in self.asked if asked == path and body is not None
        ]

    def _kind(self) -> type[BaseHTTPRequestHandler]:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                fake._answer(self, None)

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                fake._answer(self, json.loads(self.rfile.read(length)))

            def do_DELETE(self) -> None:
                fake._answer(self, None)

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        return Handler

    def _answer_to(self, path: str) -> Callable[[str, str, Any], Any] | None:
        if (known := path.partition("?")[0]) in self.answers:
            answer = self.answers[known]
            return lambda _method, _path, body: (
                answer(body) if callable(answer) else answer
            )
        found = (begin for begin in self.served if path.startswith(begin))
        return next((self.served[begin] for begin in found), None)

    def _answer(self, request: BaseHTTPRequestHandler, body: Any) -> None:
        path = request.path.partition("?")[0]
        name = _PAGES.get(path) or path.removeprefix("/static/")
        file = static_folder() / name
        answer = self._answer_to(request.path)
        if answer is not None:
            self.asked.append((request.path, body))
            value = answer(request.command, request.path, body)
            status, value = value if isinstance(value, tuple) else (200, value)
            if isinstance(value, bytes):
                content, kind = value, _kind_of(value)
            else:
                content, kind = json.dumps(value).encode(), "application/json"
        elif name != path and file.is_file():
            status, content = 200, file.read_bytes()
            kind = _TYPES.get(file.suffix[1:], "text/plain")
        else:
            status, content, kind = (
                404,
                b'{"error": "404 Not Found"}',
                "application/json",
            )
        request.send_response(status)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(content)))
        if self.version and kind == "application/json":
            request.send_header("ETag", f'"{self.version}"')
        request.send_header("Content-Security-Policy", _POLICY)
        kept = path.startswith("/static/")  # a page has fifty files, all much the same
        request.send_header("Cache-Control", "max-age=3600" if kept else "no-store")
        request.end_headers()
        request.wfile.write(content)


def _kind_of(content: bytes) -> str:
    return "image/jpeg" if content.startswith(b"\xff\xd8") else "text/plain"


def machine(name: str, **more: Any) -> dict[str, Any]:
    """Return what the overview says of a machine that is well and has little to do."""
    return {
        "name": name,
        "url": f"http://{name}.local:3003",
        "state": "up",
        "since": time.time() - 7200,
        "why": "",
        "by": None,
        "until": None,
        "resting": False,
        "canWake": False,
        "woken": None,
        "inFlight": 1,
        "limit": 4,
        "limitFound": True,
        "alone": 0,
        "perMinute": {"clip": 100, "search": 4},
        "rate": {"image": 1.7, "search": 0.1},
        "share": 0.33,
        "search": {"p50": 41, "p95": 77},
        "image": {"p50": 190, "p95": 260},
        "errors": None,
        "beats": "u" * 60,
        "cannot": [],
        "notes": [],
        **more,
    }


def route(key: str, *machines: str, **more: Any) -> dict[str, Any]:
    """Return what the overview says of a route that serves."""
    return {
        "key": key,
        "machines": list(machines),
        "fallback": [],
        "down": False,
        "holds": False,
        "arrived": {"image": 1.0, "search": 0.1},
        "to": {name: {"image": 1.0} for name in machines},
        "maxWaiting": 1000,
        "waiting": [],
        **more,
    }


def overview(
    *machines: dict[str, Any], routes: list[dict[str, Any]] | None = None, **more: Any
) -> dict[str, Any]:
    """Return what the overview says, as a first answer."""
    now = time.time()
    until = int(now)
    names = [one["name"] for one in machines]
    return {
        "full": True,
        "cursor": f"c-{now}",
        "now": now,
        "proxy": {"version": "1.0", "started": now - 86400, "config": 1},
        "recording": False,
        "configError": None,
        "demo": None,
        "immich": {"firstCall": now - 80000},
        "machines": list(machines),
        "routes": [route("default", *names)] if routes is None else routes,
        "plot": {
            "range": "15m",
            "step": 1,
            "from": until - 900,
            "until": until,
            "images": {
                one["name"]: [int(2 + (i // 60 + n) % 3) for i in range(900)]
                for n, one in enumerate(machines)
                if one["rate"]
            },
            "searchP95": [70 + i % 40 if i % 20 == 0 else 0 for i in range(900)],
        },
        "events": [],
        "left": {
            "source": "counts",
            "asked": None,
            "error": None,
            "kinds": {},
            "slowest": None,
            "ends": None,
        },
        "advice": [],
        **more,
    }


def live(make: Callable[[], dict[str, Any]]) -> Callable[[Any], dict[str, Any]]:
    """Return an answer that is made anew each time, with the times of then."""
    return lambda _body: make()
