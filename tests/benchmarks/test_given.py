"""Peers that the command line names, and how they are compared."""

from __future__ import annotations

import json
import random
import socket
from pathlib import Path

import pytest

from benchmarks.proxies.given import other_peer
from benchmarks.proxies.load import Result
from benchmarks.proxies.peers import Place
from benchmarks.shared.process import free_port
from benchmarks.shared.report import Spread
from benchmarks.speed.__main__ import OURS, shuffled
from benchmarks.speed.summary import Case, Rounds, cpu_table, summarize


def test_a_peer_is_told_where_everything_is(tmp_path: Path) -> None:
    """By its command, and by the file that the Go original reads where it runs."""
    peer = other_peer("go=env L=:@PORT@ A=@STUB_A@ '/a path/go' -x @STUB_B@", ["nginx"])
    place = Place(4000, tmp_path, 4001, 4002)
    assert list(peer.command(place)) == [
        *["env", "L=:4000", "A=4001", "/a path/go", "-x", "4002"]
    ]
    assert (peer.name, peer.port) == ("go", 0)
    config = json.loads((tmp_path / "config.json").read_text("utf-8"))
    assert config["taskRouting"] == {"clip": "a", "facial-recognition": "b"}
    assert [one["url"] for one in config["backends"]] == [
        "http://127.0.0.1:4001",
        "http://127.0.0.1:4002",
    ]


def test_a_peer_may_have_a_port_that_nobody_can_change(tmp_path: Path) -> None:
    """The Go original has."""
    peer = other_peer("original:3004=/path/immich_ml_proxy", [])
    assert (peer.name, peer.port) == ("original", 3004)
    assert list(peer.command(Place(3004, tmp_path, 1, 2))) == ["/path/immich_ml_proxy"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("go", "must be NAME=COMMAND"),
        ("=x @PORT@", "must be NAME=COMMAND"),
        ("go=", "must be NAME=COMMAND"),
        ("go:x=y", "must be NAME=COMMAND"),
        ("nginx=x @PORT@", "is one of nginx, direct already"),
        ("go=x", "must say where it listens"),
    ],
)
def test_a_peer_that_cannot_run_is_refused(text: str, why: str) -> None:
    """Before anything is started, with what would be right."""
    with pytest.raises(SystemExit, match=why):
        other_peer(text, ["nginx", "direct"])


def test_a_port_that_is_taken_ends_the_run() -> None:
    """Else somebody else's server would be measured."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit, match=f"port {port}: Address already in use"):
            free_port(port)
    assert free_port() != 0


def test_what_is_compared_runs_one_after_the_other() -> None:
    """All cases once; those of a load together, and a pair of today and before."""
    names = [OURS, "nginx", "haproxy", "old", "direct"]
    loads = [(payload, count) for payload in ("text", "4MB") for count in (1, 8)]
    cases = [Case(payload, count, name) for payload, count in loads for name in names]
    orders = [shuffled(cases, "old", random.Random(seed)) for seed in range(20)]
    for order in orders:
        assert sorted(map(str, order)) == sorted(map(str, cases))
        for number in range(0, len(order), len(names)):
            group = order[number : number + len(names)]
            assert len({(case.payload, case.connections) for case in group}) == 1
            at = [case.proxy for case in group]
            assert abs(at.index(OURS) - at.index("old")) == 1
    assert len({tuple(order) for order in orders}) > 10


def test_without_a_baseline_all_run_in_any_order() -> None:
    """There is no pair to keep together."""
    cases = [Case("text", 1, name) for name in (OURS, "nginx")]
    assert sorted(map(str, shuffled(cases, None, random.Random(1)))) == sorted(
        map(str, cases)
    )


def test_the_cost_of_a_request_is_compared_pair_by_pair() -> None:
    """As a share of the other's CPU time; without it there is no share."""

    def result(cpu: float) -> Result:
        return Result(100, 100.0, 1.0, 2.0, cpu, 50_000_000)

    runs: dict[Case, Rounds] = {
        Case("text", 8, OURS): [result(0.5), result(1.0), None],
        Case("text", 8, "old"): [result(1.0), result(4.0), result(1.0)],
        Case("text", 8, "direct"): [result(0.0), result(0.0), result(0.0)],
    }
    rows = summarize(runs, ["old", "direct", "nginx"])
    assert rows[0].cpu_ratio == {"old": Spread(0.375, 0.25, 0.5)}
    shown = cpu_table(rows, OURS, ["old", "direct"])
    assert "0.38 (0.25-0.50)" in shown
    assert len(shown.splitlines()) == 2
