"""The pure parts of the benchmarks: what they read, and what they conclude from it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.latency.probe import percentile, percentiles
from benchmarks.memory.__main__ import Sample, growth_bytes
from benchmarks.proxies.load import InvalidRun, Result, parse_wrk, wrk_command
from benchmarks.proxies.peers import Place, fill, proxy_options
from benchmarks.proxies.setting import choose
from benchmarks.shared.measure import TICK, allot, parse_cpu_seconds, parse_kilobytes
from benchmarks.shared.payloads import BOUNDARY, CONTENT_TYPE, all_payloads
from benchmarks.shared.report import (
    Case,
    Rounds,
    Spread,
    aligned,
    ratio,
    rounded,
    spread,
    summarize,
)
from benchmarks.shared.report import table as speed_table
from immich_ml_proxy.config import document as config_document

WRK = """Running 2s test @ http://127.0.0.1:8000/predict
  1 threads and 8 connections
Requests/sec:   1500.00
"""
LINE = {
    "requests": 3000,
    "duration_us": 2_000_000,
    "p50_us": 5300.0,
    "p99_us": 9100.0,
    "connect": 0,
    "read": 0,
    "write": 0,
    "status": 0,
    "timeout": 0,
}


def result(rate: float, cpu: float = 1.0) -> Result:
    return Result(int(rate), rate, 1.0, 2.0, cpu, 50_000_000)


def test_wrk_is_read_from_the_line_of_the_script() -> None:
    """Rates are per second and latencies in milliseconds."""
    found = parse_wrk(WRK + json.dumps(LINE) + "\n")
    assert found == Result(3000, 1500.0, 5.3, 9.1)


@pytest.mark.parametrize("name", ["connect", "read", "write", "status", "timeout"])
def test_a_run_with_an_error_is_invalid(name: str) -> None:
    """One failed request makes the run's numbers worthless, and the reason is told."""
    with pytest.raises(InvalidRun, match=f"1 {name} of 3000"):
        parse_wrk(WRK + json.dumps({**LINE, name: 1}))


def test_a_run_without_an_answer_is_invalid() -> None:
    """Nothing can be divided by no requests."""
    with pytest.raises(InvalidRun, match="no request was answered"):
        parse_wrk(json.dumps({**LINE, "requests": 0}))


def test_wrk_that_says_nothing_is_invalid() -> None:
    """What wrk printed instead is in the reason."""
    with pytest.raises(InvalidRun, match="unable to connect"):
        parse_wrk("unable to connect to 127.0.0.1")


def test_wrk_never_gets_more_threads_than_connections() -> None:
    """A single client sends the first body only."""
    bodies = [Path("a.body"), Path("b.body")]
    assert "--threads=1" in wrk_command(80, bodies, 1, 2)
    assert "--threads=2" in wrk_command(80, bodies, 8, 2)
    assert wrk_command(80, bodies, 8, 2)[-3:] == [CONTENT_TYPE, "a.body", "b.body"]


@pytest.mark.parametrize(
    ("available", "expected"),
    [
        ([0, 1], (0, 1, 1, 1)),
        ([2, 0, 1], (0, 1, 2, 2)),
        ([0, 1, 2, 3], (0, 1, 2, 3)),
        ([4, 5, 6, 7, 8, 9], (4, 5, 6, 9)),
    ],
)
def test_the_proxy_has_its_core_to_itself(
    available: list[int], expected: tuple[int, int, int, int]
) -> None:
    """Load and stubs share what is left, down to a single core."""
    cores = allot(available)
    assert (cores.proxy, cores.load, cores.stub_a, cores.stub_b) == expected


def test_one_core_is_not_enough() -> None:
    """On one core the numbers would be the scheduler's."""
    with pytest.raises(ValueError, match="at least 2 cores"):
        allot([0])


def test_cpu_time_is_user_and_system_whatever_the_command_is_called() -> None:
    """Parentheses and spaces in a command's name do not shift the fields."""
    line = "7 (a) b (c) S 1 7 7 0 -1 0 0 0 0 0 120 30 9 9 20 0 1 0 100 0 0"
    assert parse_cpu_seconds(line) == pytest.approx(150 * TICK)


def test_memory_is_read_in_bytes() -> None:
    """The kernel's kB are 1024 bytes."""
    status = "Name:\tproxy\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n"
    assert parse_kilobytes(status, "VmRSS") == 1024 * 1024
    with pytest.raises(ValueError, match="VmSwap"):
        parse_kilobytes(status, "VmSwap")


def test_a_spread_is_the_median_and_the_range() -> None:
    """An odd value out moves the range, not the median."""
    assert spread([3.0, 1.0, 90.0]) == Spread(3.0, 1.0, 90.0)
    assert Spread(1234.5, 1000.0, 2000.0).text() == "1,234 (1,000-2,000)"
    assert spread([2.0]).text(2) == "2.00"


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
    shown = speed_table([ours, nginx], ["nginx", "haproxy"])
    assert "ours [1 invalid]  20 (10-30)" in shown
    assert len(shown.splitlines()) == 3


def test_no_cpu_time_is_claimed_where_none_was_measured() -> None:
    """The stub without a proxy has no process of a proxy."""
    (row,) = summarize({Case("text", 1, "direct"): [result(5.0, cpu=0.0)]}, [])
    assert row.cpu_ms_per_request is None


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    """Names stand left, numbers right."""
    assert aligned([["a", "b"], ["name", "1,000"]]) == "a         b\nname  1,000"


def test_json_numbers_keep_four_digits() -> None:
    """More would be noise in a file that is compared with the next one."""
    value = {"a": [1234.56, 0.0123456, 3], "b": "x"}
    assert rounded(value) == {"a": [1235.0, 0.01235, 3], "b": "x"}


def test_percentiles_are_values_that_occurred() -> None:
    """The smallest value that the share does not exceed; milliseconds in the end."""
    values = [float(number) for number in range(100, 0, -1)]
    assert percentile(values, 0.5) == 50.0
    assert percentile(values, 0.99) == 99.0
    assert percentile([7.0], 0.99) == 7.0
    found = percentiles([0.001, 0.002, 0.1])
    assert (found.count, found.p50_ms, found.max_ms) == (3, 2.0, 100.0)


def test_growth_is_the_second_half_of_the_soak_less_the_first() -> None:
    """What warms up in the beginning is no growth."""
    levels = [(0, 40), (100, 70), (200, 65), (300, 71), (400, 69)]
    samples = [Sample(0.0, requests, size) for requests, size in levels]
    assert growth_bytes(samples) == 1
    assert growth_bytes(samples[:1]) is None


def test_names_are_chosen_in_the_order_offered() -> None:
    """An unknown name ends the run and says what there is."""
    assert choose("b, a", ["a", "b", "c"], "--only") == ["a", "b"]
    assert choose(None, ["a", "b"], "--only") == ["a", "b"]
    with pytest.raises(SystemExit, match="--only: x is not one of a, b"):
        choose("x", ["a", "b"], "--only")


def test_bodies_are_what_immich_sends() -> None:
    """Entries first, an octet-stream called blob, the closing boundary at the end."""
    payloads = all_payloads()
    assert list(payloads) == ["text", "300KB", "4MB"]
    search, faces = payloads["300KB"].bodies
    start = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="entries"\r\n\r\n{{'
    image = b'name="image"; filename="blob"\r\nContent-Type: application/octet-stream'
    for body in (search, faces):
        assert body.startswith(start.encode())
        assert image in body
        assert body.endswith(f"\r\n--{BOUNDARY}--\r\n".encode())
        assert 300 * 1024 < len(body) < 300 * 1024 + 1000
    assert b'{"facial-recognition":' in faces


@pytest.mark.parametrize("template", ["stub.conf", "nginx.conf", "haproxy.cfg"])
def test_no_place_in_a_template_stays_empty(template: str) -> None:
    """A name that nobody fills in would stand in the peer's configuration."""
    values = dict.fromkeys(
        ("PORT", "PROBE", "ROUTE", "NAME", "DELAY", "USER", "DIR", "MODULES"), "x"
    )
    text = fill(template, {**values, "STUB_A": 1, "STUB_B": 2})
    assert "@" not in text


def test_our_configuration_is_valid(tmp_path: Path) -> None:
    """The proxy measured routes clip to stub a and faces to stub b."""
    options = proxy_options(Place(3004, tmp_path, 3001, 3002))
    assert options[1] == "tcp:3004:interface=127.0.0.1"
    parsed = config_document.parse(Path(options[3]).read_bytes())
    assert [backend.url for backend in parsed.backends] == [
        "http://127.0.0.1:3001",
        "http://127.0.0.1:3002",
    ]
