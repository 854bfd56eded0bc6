"""
Klein's resource, with a shorter way to what is asked for all day.

Klein has werkzeug prepare and match every request anew, which takes longer than all
that the proxy itself does for a search. Where a path without variables leads does not
change: here Klein's route map is asked once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from klein import Klein
from klein.resource import KleinResource
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from twisted.web.server import NOT_DONE_YET

from immich_ml_proxy.downstream.request import ProxyRequest

#: Which errors are answered how: the body, with all else set on the request.
Handlers = Sequence[tuple[type[Exception], Callable[[Any, Failure], Any]]]


class ShortWays(KleinResource):
    """
    :param app: the routes.
    :param handlers: the same that the app has.
    :param paths: those with a shorter way; they are answered with bytes.
    """

    def __init__(self, app: Klein, handlers: Handlers, paths: Collection[str]) -> None:
        super().__init__(app)
        self._handlers = handlers
        self._endpoints = {
            (method.encode(), rule.rule.encode()): rule.endpoint
            for rule in app.url_map.iter_rules()
            for method in rule.methods or ()
            if rule.rule in paths
        }

    def render(self, request: Any) -> Any:
        """Answer a request; see ``IResource``."""
        endpoint = self._endpoints.get((request.method, request.path))
        if endpoint is None:
            request.prepath, request.postpath = [], request.segments()
            return super().render(request)
        try:
            answer: Any = self._app.execute_endpoint(endpoint, request)
        except Exception:
            self._failed(Failure(), request)
        else:
            if isinstance(answer, Deferred):
                request.answering = answer
                answer.addCallbacks(_write, self._failed, (request,), {}, (request,))
            else:
                _write(answer, request)
        return NOT_DONE_YET

    def _failed(self, failure: Failure, request: ProxyRequest) -> None:
        if request.is_over:
            return  # since the client is gone
        for kind, handle in self._handlers:
            if failure.check(kind):
                _write(handle(request, failure), request)
                return
        request.processingFailed(failure)


def _write(answer: bytes, request: ProxyRequest) -> None:
    if not request.is_over:
        request.respond(answer)
