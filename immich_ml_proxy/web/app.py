"""The Klein app put together: every audience's routes, and how errors are answered."""

from __future__ import annotations

from typing import Any, Protocol

from klein import Klein
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.iweb import IRequest
from werkzeug.exceptions import HTTPException

from immich_ml_proxy.errors import ProxyError
from immich_ml_proxy.web.answers import json_answer, text_answer, write_error
from immich_ml_proxy.web.gate import Gate, GatedResource
from immich_ml_proxy.web.resource import Handlers

_log = Logger()


class Endpoints(Protocol):
    """What one audience sees."""

    def add_to(self, app: Klein) -> None:
        """Add the routes to ``app``."""


def make_app(gate: Gate, *audiences: Endpoints) -> GatedResource:
    """Return the resource of an app with the routes of all behind a gate."""
    app = Klein()
    for audience in audiences:
        audience.add_to(app)
    handle: Any
    for kind, handle in _HANDLERS:
        app.handle_errors(kind)(handle)
    return GatedResource(gate, app, _HANDLERS, ("/predict", "/ping"))


def _our_error(request: IRequest, failure: Failure) -> bytes:
    error: Any = failure.value
    return write_error(request, error)


def _bug(request: Any, failure: Failure) -> bytes:
    """Answer what we did not think of; others are served all the same."""
    trace_id = request.trace_id
    _log.failure(
        "{trace_id}: a bug of the proxy ended {method} {path}",
        failure,
        trace_id=trace_id,
        method=request.method.decode("latin-1"),
        path=request.path.decode("latin-1"),
    )
    told = f"the proxy has a bug; what is known of it stands in its log, at {trace_id}"
    return json_answer(request, {"error": told}, 500)


def _http_error(request: Any, failure: Failure) -> bytes:
    """An unknown path or a wrong method; JSON for programs, text for people."""
    error: Any = failure.value
    for name, value in error.get_headers({}):
        if name.lower() in ("allow", "location"):
            request.setHeader(name.encode(), value.encode("latin-1", "replace"))
    status = error.code or 500
    told = f"{status} {error.name}"
    if status == 405:
        told += f": use {', '.join(sorted(error.valid_methods or ()))}"
    if request.path.startswith(b"/api/") or request.path == b"/predict":
        return json_answer(request, {"error": told}, status)
    return text_answer(request, told.encode() + b"\n", status)


_HANDLERS: Handlers = (
    (ProxyError, _our_error),
    (HTTPException, _http_error),
    (Exception, _bug),
)
