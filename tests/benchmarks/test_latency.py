"""How latencies are put into numbers."""

from __future__ import annotations

from benchmarks.latency.probe import Percentiles, percentile, percentiles
from benchmarks.latency.searches import summarize, table
from benchmarks.shared.report import Spread


def test_percentiles_are_values_that_occurred() -> None:
    """The smallest value that the share does not exceed; milliseconds in the end."""
    values = [float(number) for number in range(100, 0, -1)]
    assert percentile(values, 0.5) == 50.0
    assert percentile(values, 0.99) == 99.0
    assert percentile([7.0], 0.99) == 7.0
    found = percentiles([0.001, 0.002, 0.1])
    assert (found.count, found.p50_ms, found.max_ms) == (3, 2.0, 100.0)


def test_what_a_search_waits_for_is_compared_round_by_round() -> None:
    """A slow round is slow for the stub as well."""
    rounds = [
        {
            "ours": Percentiles(10, slow * 2, slow * 4, slow * 9),
            "direct": Percentiles(10, slow, slow * 3, slow * 5),
        }
        for slow in (1.0, 5.0, 2.0)
    ]
    ours, direct = summarize(rounds)
    assert (ours.proxy, ours.p50_ms) == ("ours", Spread(4.0, 2.0, 10.0))
    assert ours.added_p99_ms == Spread(2.0, 1.0, 5.0)
    assert direct.added_p99_ms == Spread(0.0, 0.0, 0.0)
    assert table([ours, direct]).splitlines()[1].split()[0] == "ours"
