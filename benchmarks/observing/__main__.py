"""What metrics and lines cost: ``python -m benchmarks.observing`` (``--help``).

Two processes of the same code differ by some percent in what a request costs, by where
their memory happens to lie; what is measured here is less. So it is one process, in
which metrics and the line of a request are switched off and on after each few hundred
answers; and several processes, one after the other.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from attrs import frozen

from benchmarks.observing.switched import BLOCK
from benchmarks.proxies.load import await_healthy, run_wrk
from benchmarks.proxies.peers import Peer, Place, proxy_options, run_peers
from benchmarks.proxies.setting import Setting, prepare
from benchmarks.shared.machine import description
from benchmarks.shared.report import aligned, write_json

STARTS, SECONDS, CLIENTS = 5, 12, 8
#: Blocks that are left out: the process warms up.
FIRST = 20
#: Seconds in which the report must have been written.
PATIENCE = 10.0


@frozen
class Blocks:
    """CPU microseconds of a search in each block, with metrics and lines or not."""

    on: Sequence[float]
    off: Sequence[float]

    @property
    def ratio(self) -> float:
        """How much dearer it is with them, the median of blocks side by side."""
        return statistics.median(a / b for a, b in zip(self.on, self.off, strict=False))


def _report(path: Path, pids: Sequence[int]) -> Blocks:
    for pid in pids:
        os.kill(pid, signal.SIGUSR1)
    deadline = time.monotonic() + PATIENCE
    while not path.exists():
        if time.monotonic() > deadline:
            raise RuntimeError(f"nothing was written to {path}")
        time.sleep(0.05)
    return blocks(path)


def blocks(report: Path) -> Blocks:
    """Return what a report says, without the first blocks."""
    found = json.loads(report.read_text("ascii"))
    return Blocks(*(found[state][FIRST // 2 :] for state in ("on", "off")))


def measure(setting: Setting, starts: int, seconds: int) -> list[Blocks]:
    """Return what each process found."""
    found = []
    for number in range(starts):
        print(f"process {number + 1} of {starts}", file=sys.stderr, flush=True)
        home = setting.directory / f"start-{number}"
        home.mkdir()
        report = home / "report"

        def command(place: Place, report: Path = report) -> Sequence[str]:
            module = ["-m", "benchmarks.observing.switched", str(report)]
            return [sys.executable, *module, *proxy_options(place)]

        peer = Peer("switched", command, reads_body=True)
        with run_peers([peer], setting.cores, home) as targets:
            target = targets[peer.name]
            await_healthy(target, setting.payloads["text"])
            bodies, core = setting.bodies["text"], setting.cores.load
            run_wrk(target, bodies, CLIENTS, seconds, core)
            found.append(_report(report, target.pids()))
    return found


def table(found: Sequence[Blocks]) -> str:
    """Return what was found, for people: medians of each process."""
    cells = [["process", "blocks", "CPU us with", "without", "ratio"]]
    for number, one in enumerate(found, 1):
        on, off = statistics.median(one.on), statistics.median(one.off)
        times = [f"{on:.1f}", f"{off:.1f}", f"{one.ratio:.3f}"]
        cells.append([str(number), str(len(one.on)), *times])
    ratio = statistics.median(one.ratio for one in found)
    return (
        f"{aligned(cells, left=1)}\n\nBlocks of {BLOCK}; the median ratio: {ratio:.3f}"
    )


def main() -> int:
    """Run, print the table, write the results if asked to."""
    parser = argparse.ArgumentParser(description="What metrics and lines cost.")
    parser.add_argument("--quick", action="store_true", help="a smoke run")
    parser.add_argument("--output", type=Path, metavar="DIRECTORY")
    parser.set_defaults(only="immich-ml-proxy", peer=[], baseline=None)
    options = parser.parse_args()
    starts, seconds = (1, 6) if options.quick else (STARTS, SECONDS)
    with prepare(options) as setting:
        found = measure(setting, starts, seconds)
    print(table(found))
    if options.output is not None:
        options.output.mkdir(parents=True, exist_ok=True)
        rows = [{"on": one.on, "off": one.off} for one in found]
        write_json(options.output / "observing.json", {**description(), "runs": rows})
    return 0


if __name__ == "__main__":
    sys.exit(main())
