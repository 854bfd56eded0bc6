"""Puts what was read into the families of prometheus_client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector as Base

from immich_ml_proxy.metrics.catalog import COUNTER, HISTOGRAM, Metric
from immich_ml_proxy.metrics.reading import Reading, Values
from immich_ml_proxy.observe.buckets import Buckets

#: Values of a part of a family; a histogram is as much work as twenty others.
PART, PART_OF_HISTOGRAMS = 400, 20


class Collector(Base):
    """
    :param reading: reads all values.
    :param clock: returns the seconds of the clock.
    """

    def __init__(self, reading: Reading, clock: Callable[[], float]) -> None:
        self._reading = reading
        self._clock = clock

    def collect(self) -> Iterator[Family]:
        """
        Return all families; see ``prometheus_client.registry.Collector``.

        A large one comes in parts, so that other things can be done between them.
        """
        for metric, values in self._reading.read(self._clock()):
            size = PART_OF_HISTOGRAMS if metric.kind == HISTOGRAM else PART
            left = iter(values)
            yield _family(metric, islice(left, size))
            while part := list(islice(left, size)):
                yield _family(metric, part)


def _family(metric: Metric, values: Values) -> Family:
    made: Any
    kinds: Any = {COUNTER: CounterMetricFamily, HISTOGRAM: HistogramMetricFamily}
    made = kinds.get(metric.kind, GaugeMetricFamily)(
        metric.family, metric.text, labels=metric.labels
    )
    for labels, value in values:
        if isinstance(value, Buckets):
            made.add_metric(labels, value.buckets(), value.sum)
        else:
            made.add_metric(labels, value)
    family: Family = made
    return family
