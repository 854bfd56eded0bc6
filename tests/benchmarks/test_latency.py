"""How latencies are put into numbers."""

from __future__ import annotations

from benchmarks.latency.probe import percentile, percentiles


def test_percentiles_are_values_that_occurred() -> None:
    """The smallest value that the share does not exceed; milliseconds in the end."""
    values = [float(number) for number in range(100, 0, -1)]
    assert percentile(values, 0.5) == 50.0
    assert percentile(values, 0.99) == 99.0
    assert percentile([7.0], 0.99) == 7.0
    found = percentiles([0.001, 0.002, 0.1])
    assert (found.count, found.p50_ms, found.max_ms) == (3, 2.0, 100.0)
