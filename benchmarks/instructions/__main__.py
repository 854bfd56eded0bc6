"""Instructions per request: ``python -m benchmarks.instructions`` (see ``--help``).

The proxy runs under callgrind, once for each count of requests; the difference is what
the requests cost, without the start. It takes two minutes a payload and is nearly the
same on a busy machine, so it shows what a step pays; it says nothing of the kernel's
work, of caches or of waiting: for these there is ``benchmarks.speed``.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from attrs import frozen

from benchmarks.instructions.callgrind import missing, stop_and_count, under_callgrind
from benchmarks.instructions.client import send
from benchmarks.proxies.baseline import OURS, Proxy, baseline
from benchmarks.proxies.peers import Place, proxy_command, run_stub
from benchmarks.shared.machine import description
from benchmarks.shared.options import choose
from benchmarks.shared.payloads import all_payloads
from benchmarks.shared.process import free_port, server
from benchmarks.shared.report import aligned, write_json

FEW, MANY = 200, 1700
STARTING = 180.0
NO_PINGS = {"healthCheckInterval": 3600}
"""A ping within the longer run would count as its requests' cost."""


@frozen
class Run:
    """One run under callgrind: which proxy, with how many requests of what."""

    proxy: str
    payload: str
    requests: int


@frozen
class Row:
    """What a request of ``payload`` costs, and as a share of the baseline's cost."""

    proxy: str
    payload: str
    per_request: float
    ratio: float | None


def summarize(counts: Mapping[Run, int], proxies: Sequence[str]) -> list[Row]:
    """Return a row for each payload and proxy; the last proxy is the baseline."""
    rows = []
    for payload in dict.fromkeys(run.payload for run in counts):
        cost = {}
        for proxy in proxies:
            few, many = (counts[Run(proxy, payload, n)] for n in (FEW, MANY))
            cost[proxy] = (many - few) / (MANY - FEW)
        for proxy in proxies:
            compared = len(proxies) > 1 and proxy != proxies[-1]
            ratio = cost[proxy] / cost[proxies[-1]] if compared else None
            rows.append(Row(proxy, payload, cost[proxy], ratio))
    return rows


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a table for people, in millions of instructions."""
    cells = [["payload", "proxy", "million instructions/request", "of the baseline"]]
    for row in rows:
        ratio = "-" if row.ratio is None else f"{row.ratio:.3f}"
        cells.append([row.payload, row.proxy, f"{row.per_request / 1e6:.3f}", ratio])
    return aligned(cells, left=2)


@frozen
class _Bench:
    """Where the runs take place. ``proxies`` by the names that the table has."""

    directory: Path
    stubs: tuple[int, int]
    proxies: Mapping[str, Proxy]

    def warm_up(self, name: str) -> None:
        """Start the proxy once without callgrind.

        Only a first start compiles modules and writes twistd's list of plugins.
        """
        self._serve(Run(name, "text", 2), None)

    def count(self, run: Run) -> int:
        """Return all instructions of one run."""
        place = self.directory / f"{run.proxy}-{run.payload}-{run.requests}"
        counted = self._serve(run, place / "callgrind.out")
        print(f"{run.proxy}: {run.requests} x {run.payload}", file=sys.stderr)
        return counted

    def _serve(self, run: Run, report: Path | None) -> int:
        directory = self.directory / f"{run.proxy}-{run.payload}-{run.requests}"
        directory.mkdir()
        proxy = self.proxies[run.proxy]
        place = Place(free_port(), directory, *self.stubs)
        command = proxy_command(place, proxy.python, NO_PINGS)
        if report is not None:
            command = under_callgrind(command, report)
        with server(
            run.proxy,
            command,
            port=place.port,
            core=None,
            directory=directory,
            environment={"PYTHONPATH": str(proxy.checkout), "PYTHONHASHSEED": "0"},
            patience=STARTING,
        ) as child:
            bodies = all_payloads()[run.payload].bodies
            send(place.port, bodies, run.requests)
            return 0 if report is None else stop_and_count(child, report)


def measure(
    proxies: Mapping[str, Proxy], payloads: Sequence[str], directory: Path
) -> dict[Run, int]:
    """Run every proxy with every payload, a run on each core at a time."""
    runs = [
        Run(proxy, payload, requests)
        for payload in payloads
        for requests in (FEW, MANY)
        for proxy in proxies
    ]
    cores = sorted(os.sched_getaffinity(0))
    with (
        run_stub("a", cores[-1], directory) as stub_a,
        run_stub("b", cores[-1], directory) as stub_b,
        ThreadPoolExecutor(len(cores)) as pool,
    ):
        bench = _Bench(directory, (stub_a.port, stub_b.port), proxies)
        for name in proxies:
            bench.warm_up(name)
        return dict(zip(runs, pool.map(bench.count, runs), strict=True))


def _parser() -> argparse.ArgumentParser:
    names = ", ".join(all_payloads())
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--payloads", help=f"comma-separated: {names}")
    parser.add_argument(
        "--baseline", metavar="COMMIT", help="measure the proxy of that commit, too"
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="write the results there, as JSON"
    )
    return parser


def main() -> int:
    """Run, print the table, and write the results if asked to."""
    options = _parser().parse_args()
    payloads = choose(options.payloads, list(all_payloads()), "--payloads")
    if (what := missing()) is not None:
        raise SystemExit(what)
    # Ended from outside, the run still stops what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    proxies = {"immich-ml-proxy": OURS}
    if options.baseline is not None:
        proxies[options.baseline] = baseline(options.baseline)
    with tempfile.TemporaryDirectory(prefix="ml-proxy-bench-") as name:
        rows = summarize(measure(proxies, payloads, Path(name)), list(proxies))
    print(table(rows))
    if options.output is not None:
        found: dict[str, dict[str, int]] = {}
        for row in rows:
            found.setdefault(row.payload, {})[row.proxy] = round(row.per_request)
        write_json(options.output, {**description(), "instructions": found})
    return 0


if __name__ == "__main__":
    sys.exit(main())
