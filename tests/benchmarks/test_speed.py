"""What the rounds of the speed benchmark say."""

from __future__ import annotations

from benchmarks.proxies.load import Result
from benchmarks.shared.report import Spread
from benchmarks.speed.summary import Case, Rounds, ratio, summarize, table


def result(rate: float, cpu: float = 1.0) -> Result:
    return Result(int(rate), rate, 1.0, 2.0, cpu, 50_000_000)


def test_a_ratio_compares_round_by_round() -> None:
    """A slow machine slows both of a round, and the ratio stays."""
    ours = [result(100.0), result(10.0), result(50.0)]
    theirs = [result(200.0), result(20.0), result(100.0)]
    assert ratio(ours, theirs) == Spread(0.5, 0.5, 0.5)


def test_a_ratio_leaves_invalid_rounds_out() -> None:
    """A round counts if both of it are valid; without one there is no ratio."""
    assert ratio([result(10.0), None], [result(5.0), result(1.0)]) == Spread(2, 2, 2)
    assert ratio([None], [result(5.0)]) is None


def test_the_summary_counts_invalid_runs_and_keeps_the_rest() -> None:
    """The table shows that a run failed, and no ratio to a peer that did not run."""
    runs: dict[Case, Rounds] = {
        Case("text", 8, "ours"): [result(10.0), None, result(30.0)],
        Case("text", 8, "nginx"): [result(20.0), result(20.0), result(60.0)],
        Case("text", 8, "broken"): [None, None, None],
    }
    ours, nginx = summarize(runs, ["nginx", "haproxy"])
    assert ours.requests_per_second == Spread(20.0, 10.0, 30.0)
    assert ours.invalid == 1
    assert ours.ratio == {"nginx": Spread(0.5, 0.5, 0.5)}
    assert nginx.ratio["nginx"].median == 1.0
    shown = table([ours, nginx], ["nginx", "haproxy"])
    assert "ours [1 invalid]  20 (10-30)" in shown
    assert len(shown.splitlines()) == 3


def test_no_cpu_time_is_claimed_where_none_was_measured() -> None:
    """The stub without a proxy has no process of a proxy."""
    (row,) = summarize({Case("text", 1, "direct"): [result(5.0, cpu=0.0)]}, [])
    assert row.cpu_ms_per_request is None
