"""What a scrape tells, as values by name and labels."""

from __future__ import annotations

from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from immich_ml_proxy.metrics.catalog import PREFIX
from tests.memory_proxy import Proxy


class Scraped:
    """
    A scrape.

    :ivar text: as it came.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.samples = [
            sample
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        ]

    def all(self, name: str) -> dict[tuple[str, ...], float]:
        """Return the values of a metric by those of its labels, in their order."""
        return {
            tuple(value for _, value in sorted(sample.labels.items())): sample.value
            for sample in self.samples
            if sample.name == PREFIX + name
        }

    def one(self, name: str, **labels: str) -> float:
        """Return the one value with these labels; other labels may be there."""
        [found] = [
            sample.value
            for sample in self.samples
            if sample.name == PREFIX + name
            and labels.items() <= {**sample.labels}.items()
        ]
        return float(found)


def scrape(proxy: Proxy, **headers: str) -> Scraped:
    """Return what a proxy tells now."""
    answer: Any = proxy.get("/metrics", **headers)
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return Scraped(answer.body.decode())
