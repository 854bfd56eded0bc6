"""A scrape is bounded, and comes in parts that are small."""

from __future__ import annotations

from benchmarks.scrape.__main__ import measure, registry
from immich_ml_proxy.metrics.catalog import METRICS

#: Lines of a scrape with 64 machines and 5 routes where most has happened: 5 kinds of
#: work, of which each machine has a histogram of 18 lines, and a line for each of what
#: came of it. The benchmark tells how long one of so many takes.
MOST_LINES = 20_000
#: Samples of a part: between two of them other requests are served.
MOST_AT_ONCE = 400


def test_a_large_fleet_is_bounded() -> None:
    """What clients send makes no line more than with 64 machines and 5 routes."""
    cost = measure(64, 5)
    assert 10_000 < cost.lines < MOST_LINES


def test_parts_are_small_and_come_one_after_the_other() -> None:
    """A family that has others between its parts would be two to Prometheus."""
    families = [*registry(64, 5).collect()]
    assert max(len(one.samples) for one in families) <= MOST_AT_ONCE
    names = [one.name for one in families]
    order = list(dict.fromkeys(names))
    assert names == sorted(names, key=order.index)
    assert {one.family for one in METRICS} == set(order)


def test_no_series_is_told_twice() -> None:
    """Prometheus would take neither."""
    seen = [
        (sample.name, tuple(sorted(sample.labels.items())))
        for family in registry(8, 5).collect()
        for sample in family.samples
    ]
    assert len(seen) == len(set(seen))
