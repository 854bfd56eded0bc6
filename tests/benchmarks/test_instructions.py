"""What is concluded from callgrind's counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.instructions.__main__ import FEW, MANY, Run, summarize, table
from benchmarks.instructions.callgrind import parse_total
from benchmarks.instructions.client import request_bytes
from benchmarks.proxies.baseline import baseline
from benchmarks.proxies.peers import Place, proxy_options

REPORT = "version: 1\nevents: Ir\nfn=(1) main\n1 5\n\ntotals: 2055693701\n"


def test_the_total_of_a_report_is_read() -> None:
    """All that the process executed, the start included."""
    assert parse_total(REPORT) == 2_055_693_701


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("version: 1\nevents: Ir\nfn=(1) main\n", "cut short"),
        (REPORT.replace("Ir", "Ir Dr"), "does not count instructions"),
        ("", "does not count"),
    ],
)
def test_a_report_that_counts_something_else_is_refused(text: str, why: str) -> None:
    """A run whose numbers mean nothing must not become a figure."""
    with pytest.raises(ValueError, match=why):
        parse_total(text)


def test_a_request_costs_the_difference_of_two_runs() -> None:
    """What the start costs, and how unlike the starts are, is not counted."""
    requests = MANY - FEW
    counts = {
        Run("ours", "text", FEW): 5_000,
        Run("ours", "text", MANY): 5_000 + requests * 50,
        Run("old", "text", FEW): 9_000,
        Run("old", "text", MANY): 9_000 + requests * 100,
    }
    ours, old = summarize(counts, ["ours", "old"])
    assert (ours.per_request, ours.ratio) == (50, 0.5)
    assert (old.per_request, old.ratio) == (100, None)
    assert "0.500" in table([ours, old])


def test_without_a_baseline_there_is_no_ratio() -> None:
    """Nothing is compared with itself."""
    counts = {Run("ours", "text", FEW): 0, Run("ours", "text", MANY): 300}
    (row,) = summarize(counts, ["ours"])
    assert row.ratio is None


def test_a_request_is_sent_as_immich_does() -> None:
    """Its head in one piece with its body, with the length of the body."""
    head, _, body = request_bytes(3003, b"form").partition(b"\r\n\r\n")
    assert head.startswith(b"POST /predict HTTP/1.1\r\nhost: 127.0.0.1:3003\r\n")
    assert head.endswith(b"content-length: 4") and body == b"form"


def test_settings_are_added_to_the_measured_configuration(tmp_path: Path) -> None:
    """No ping falls into a run whose instructions are counted."""
    place = Place(3004, tmp_path, 3001, 3002)
    options = proxy_options(place, {"healthCheckInterval": 3600})
    config = json.loads(Path(options[3]).read_text("utf-8"))
    assert config["healthCheckInterval"] == 3600 and config["defaultBackend"] == "a"


def test_an_unknown_baseline_is_told() -> None:
    """A commit that is not there ends the run at once, with what was looked for."""
    with pytest.raises(SystemExit, match="--baseline: git rev-parse"):
        baseline("0" * 39)
