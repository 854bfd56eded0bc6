"""What Prometheus and Kubernetes ask: ``/metrics`` and ``/livez``."""

from __future__ import annotations

from collections.abc import Iterable

import attrs
from klein import Klein
from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from immich_ml_proxy.downstream.request import ProxyRequest
from immich_ml_proxy.web.answers import text_answer

#: Seconds that are spent on it at a stretch: searches come first.
STRETCH = 0.005


@attrs.define
class _Only(Collector):
    """A registry of one family, which is all that is rendered at a time."""

    family: Family

    def collect(self) -> Iterable[Family]:
        """Return it; see ``prometheus_client.registry.Collector``."""
        return (self.family,)


class MetricsEndpoints:
    """
    ``/metrics`` and ``/livez``.

    :param clock: source of time.
    :param collector: collects what is told; a family may come in parts, one after the
        other.
    """

    def __init__(self, clock: IReactorTime, collector: Collector) -> None:
        self._clock = clock
        # One of our own: what a library registers by itself is no business of ours.
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(collector)
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)

    def add_to(self, app: Klein) -> None:
        """Add the routes to ``app``."""
        app.route("/metrics", methods=["GET"])(self.metrics)
        app.route("/livez", methods=["GET"])(self.livez)

    async def metrics(self, request: ProxyRequest) -> bytes:
        """All numbers, in the text form that every Prometheus reads."""
        pieces: list[bytes] = []
        name, begun = "", self._clock.seconds()
        for family in self._registry.collect():
            text = generate_latest(_Only(family))
            if family.name == name:
                text = text.split(b"\n", 2)[2]  # what it is was told
            name = family.name
            pieces.append(text)
            if self._clock.seconds() - begun >= STRETCH:
                await deferLater(self._clock, 0)
                begun = self._clock.seconds()
        answer = text_answer(request, b"".join(pieces))
        request.setHeader(b"Content-Type", CONTENT_TYPE_PLAIN_0_0_4.encode("ascii"))
        return answer

    def livez(self, request: ProxyRequest) -> bytes:
        """The process serves; whether any work can be done is told by ``/ping``."""
        return text_answer(request, b"ok\n")
