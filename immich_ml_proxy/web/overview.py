"""What the overview sees, and the buttons on it that are about one machine."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs

import msgspec
from klein import Klein

from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.downstream.request import ProxyRequest
from immich_ml_proxy.errors import NoSuchBackend
from immich_ml_proxy.observe.overview import Beside, Overview
from immich_ml_proxy.observe.ticker import Timepiece
from immich_ml_proxy.power.wake_on_lan import Waker
from immich_ml_proxy.web.accept import takes_gzip
from immich_ml_proxy.web.answers import is_current, json_answer, json_text
from immich_ml_proxy.web.origin import read


class _Machine(msgspec.Struct, forbid_unknown_fields=True):
    machine: str


class OverviewEndpoints:
    """
    ``/api/overview`` and ``/api/wake``.

    :param timepiece: tells the moment.
    :param overview: puts the answer together.
    :param beside: returns what is told beside what was watched.
    :param pool: the backends.
    :param waker: wakes them.
    """

    def __init__(
        self,
        timepiece: Timepiece,
        overview: Overview,
        beside: Callable[[], Beside],
        pool: Pool,
        waker: Waker,
    ) -> None:
        self._timepiece = timepiece
        self._overview = overview
        self._beside = beside
        self._pool = pool
        self._waker = waker

    def add_to(self, app: Klein) -> None:
        """Add the routes to ``app``."""
        app.route("/api/overview", methods=["GET"])(self.overview)
        app.route("/api/wake", methods=["POST"])(self.wake)

    def overview(self, request: ProxyRequest) -> bytes:
        """All that the overview shows, or what is new since; see the README."""
        plot, since = _argument(request, "plot"), _argument(request, "since")
        answer = self._overview.answer(
            plot or "15m", since, self._timepiece.moment(), self._beside()
        )
        headers = request.requestHeaders
        packs = takes_gzip(headers.getRawHeaders(b"accept-encoding", ()))
        tag = f'"{answer.tag}{"/gzip" if packs else ""}"'.encode("ascii")
        request.setHeader(b"Vary", b"Accept-Encoding")
        if is_current(request, tag):
            request.setHeader(b"Cache-Control", b"no-cache")
            return b""
        body = json_text(request, answer.packed if packs else answer.body)
        if packs:
            request.setHeader(b"Content-Encoding", b"gzip")
        request.setHeader(b"Cache-Control", b"no-cache")
        return body

    def wake(self, request: ProxyRequest) -> bytes:
        """Send a machine a wake-up call."""
        wanted = read(request, _Machine, '{"machine": "gaming-pc"}')
        name = wanted.machine
        server = next((one for one in self._pool.machines if one.name == name), None)
        if server is None:
            raise NoSuchBackend(f"there is no machine named {name!r}")
        self._waker.wake(server)
        return json_answer(request, {"text": f"{name} was sent a wake-up call."})


def _argument(request: ProxyRequest, name: str) -> str | None:
    """Return the last value of a query parameter."""
    query = request.uri.partition(b"?")[2].decode("latin-1")
    values = parse_qs(query, errors="replace").get(name)
    return values[-1] if values else None
