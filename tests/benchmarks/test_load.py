"""What wrk prints, and what is concluded from it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.proxies.load import InvalidRun, Result, parse_wrk, wrk_command
from benchmarks.shared.payloads import CONTENT_TYPE

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
