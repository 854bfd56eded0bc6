"""What Prometheus and Kubernetes ask: ``/metrics`` and ``/livez``."""

from __future__ import annotations

from klein import Klein
from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from immich_ml_proxy.downstream.request import ProxyRequest
from immich_ml_proxy.metrics.exposition import Collector
from immich_ml_proxy.web.answers import text_answer


class MetricsEndpoints:
    """
    ``/metrics`` and ``/livez``.

    :param collector: collects what is told.
    """

    def __init__(self, collector: Collector) -> None:
        # One of our own: what a library registers by itself is no business of ours.
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(collector)
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)

    def add_to(self, app: Klein) -> None:
        """Add the routes to ``app``."""
        app.route("/metrics", methods=["GET"])(self.metrics)
        app.route("/livez", methods=["GET"])(self.livez)

    def metrics(self, request: ProxyRequest) -> bytes:
        """All numbers, in the text form that every Prometheus reads."""
        answer = text_answer(request, generate_latest(self._registry))
        request.setHeader(b"Content-Type", CONTENT_TYPE_PLAIN_0_0_4.encode("ascii"))
        return answer

    def livez(self, request: ProxyRequest) -> bytes:
        """The process serves; whether any work can be done is told by ``/ping``."""
        return text_answer(request, b"ok\n")
