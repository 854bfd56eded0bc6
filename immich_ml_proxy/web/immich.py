"""What Immich sees: an ML server."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from klein import Klein
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from immich_ml_proxy.balancer.health_checker import HealthChecker
from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.downstream.request import ProxyRequest
from immich_ml_proxy.errors import ProxyError
from immich_ml_proxy.predictor import Prediction
from immich_ml_proxy.web.accept import wants_json
from immich_ml_proxy.web.answers import json_answer, text_answer
from immich_ml_proxy.web.pages import Pages


class ImmichEndpoints:
    """
    ``/``, ``/ping`` and ``/predict``.

    :param clock: source of time.
    :param pool: the backends.
    :param checker: pings them for ``/ping``.
    :param pages: the page behind ``/``.
    :param heard: told of every call that an ML server gets.
    """

    def __init__(
        self,
        clock: IReactorTime,
        pool: Pool,
        checker: HealthChecker,
        pages: Pages,
        heard: Callable[[ProxyRequest], object],
    ) -> None:
        self._clock = clock
        self._heard = heard
        self._pool = pool
        self._checker = checker
        self._pages = pages

    def add_to(self, app: Klein) -> None:
        """Add the routes to ``app``."""
        app.route("/predict", methods=["POST"])(self.predict)
        app.route("/ping", methods=["GET"])(self.ping)
        app.route("/", methods=["GET"])(self.root)

    def root(self, request: ProxyRequest) -> Any:
        """A page; for programs that ask for JSON, what an ML server answers."""
        request.setHeader(b"Vary", b"Accept")
        if wants_json(request.requestHeaders.getRawHeaders(b"accept", ())):
            return json_answer(request, {"message": "Immich ML"})
        return self._pages.overview(request)

    async def ping(self, request: ProxyRequest) -> bytes:
        """
        ``pong``, or 503 with what is down, after checking afresh.

        A route that holds its work is no reason for 503: Immich would send nothing. One
        whose machines are all put aside on purpose holds none.
        """
        self._heard(request)
        await self._checker.check(request.trace_id, request.via)
        if self._pool.config.default is None:
            return text_answer(request, b"no machine is configured", 503)
        down = self._pool.down(self._clock.seconds())
        failing = [
            route.key
            for route in down
            if not route.hold_seconds or self._pool.is_closed(route)
        ]
        if failing:
            told = f"no machine is up for: {', '.join(failing)}"
            return text_answer(request, told.encode(), 503)
        if down:
            told = f"pong, holding work for: {', '.join(route.key for route in down)}"
            return text_answer(request, told.encode())
        return text_answer(request, b"pong")

    def predict(self, request: ProxyRequest) -> Deferred[bytes]:
        """Answer as the ML servers do, and say which of them it was."""
        self._heard(request)
        # A Deferred and not a coroutine: on this path it is measurably cheaper.
        predicting: Deferred[Prediction] = request.predict()
        return predicting.addCallbacks(
            _answer, _refusal, callbackArgs=(request,), errbackArgs=(request,)
        )


def _answer(prediction: Prediction, request: ProxyRequest) -> bytes:
    if prediction.status != 200:
        request.setResponseCode(prediction.status)
    headers = request.responseHeaders
    timing = prediction.waited * 1000, prediction.took * 1000
    headers.put(
        {
            b"Content-Type": [prediction.content_type],
            b"Content-Length": [b"%d" % len(prediction.body)],
            b"Server-Timing": [b"wait;dur=%.1f, backend;dur=%.1f" % timing],
        }
    )
    _tell_who(request, prediction.backends)
    return prediction.body


def _refusal(failure: Failure, request: ProxyRequest) -> Failure:
    error = failure.value
    _tell_who(request, error.backends if isinstance(error, ProxyError) else ())
    return failure


def _tell_who(request: ProxyRequest, backends: tuple[str, ...]) -> None:
    if backends:
        headers = request.responseHeaders
        headers.setRawHeaders(b"X-Immich-ML-Backend", [_names(backends)])


@lru_cache(maxsize=256)
def _names(backends: tuple[str, ...]) -> bytes:
    return ", ".join(map(_unambiguous, backends)).encode("utf-8")


def _unambiguous(name: str) -> str:
    """Return a backend's name as it can stand in a list with commas."""
    if "," in name or "%" in name:
        return name.replace("%", "%25").replace(",", "%2C")
    return name
