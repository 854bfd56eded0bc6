"""What metrics and lines cost: ``python -m benchmarks.observing`` (``--help``).

Two processes of the same code differ by some percent in what a request costs, by where
their memory happens to lie; what is measured here is less. So it is one process, in
which metrics and the line of a request are switched off and on, a run each, in an order
shuffled anew; and several processes, one after the other.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from attrs import frozen

from benchmarks.proxies.load import await_healthy, run_wrk
from benchmarks.proxies.peers import Peer, Place, Running, proxy_options, run_peers
from benchmarks.proxies.setting import Setting, prepare
from benchmarks.shared.machine import description
from benchmarks.shared.measure import wait_until_idle
from benchmarks.shared.report import aligned, write_json

STARTS, ROUNDS = 5, 12
CLIENTS, SECONDS, SEED = 8, 2, 3004
SWITCHES = {"off": signal.SIGUSR1, "on": signal.SIGUSR2}
#: Seconds in which the process has heard its signal.
HEARD = 0.1


@frozen
class Round:
    """CPU milliseconds of a search, with metrics and lines and without."""

    on: float
    off: float

    @property
    def ratio(self) -> float:
        """How much dearer it is with them; 1: not at all."""
        return self.on / self.off


def _command(place: Place) -> Sequence[str]:
    module = "benchmarks.observing.switched"
    return [sys.executable, "-m", module, *proxy_options(place)]


PEER = Peer("switched", _command, reads_body=True)


def _round(setting: Setting, target: Running, chance: random.Random) -> Round:
    found = {}
    for state in chance.sample([*SWITCHES], len(SWITCHES)):
        for pid in target.pids():
            os.kill(pid, SWITCHES[state])
        time.sleep(HEARD)
        bodies, core = setting.bodies["text"], setting.cores.load
        result = run_wrk(target, bodies, CLIENTS, SECONDS, core)
        wait_until_idle(target.pids())
        found[state] = result.cpu_ms_per_request
    return Round(**found)


def measure(setting: Setting, starts: int, rounds: int) -> list[list[Round]]:
    """Return the rounds of each process."""
    chance = random.Random(SEED)
    found = []
    for number in range(starts):
        print(f"process {number + 1} of {starts}", file=sys.stderr, flush=True)
        home = setting.directory / f"start-{number}"
        home.mkdir()
        with run_peers([PEER], setting.cores, home) as targets:
            target = targets[PEER.name]
            await_healthy(target, setting.payloads["text"])
            _round(setting, target, chance)  # the first one warms up
            found.append([_round(setting, target, chance) for _ in range(rounds)])
    return found


def table(found: Sequence[Sequence[Round]]) -> str:
    """Return what was found, for people: medians of each process and of all rounds."""
    every = [one for rounds in found for one in rounds]
    cells = [["process", "CPU ms with", "without", "ratio"]]
    for name, rounds in [*enumerate(found, 1), ("all", every)]:
        ratio, on, off = (
            statistics.median(getattr(one, what) for one in rounds)
            for what in ("ratio", "on", "off")
        )
        cells.append([str(name), f"{on:.3f}", f"{off:.3f}", f"{ratio:.3f}"])
    return aligned(cells, left=1)


def main() -> int:
    """Run, print the table, write the results if asked to."""
    parser = argparse.ArgumentParser(description="What metrics and lines cost.")
    parser.add_argument("--quick", action="store_true", help="a smoke run")
    parser.add_argument("--output", type=Path, metavar="DIRECTORY")
    parser.set_defaults(only="immich-ml-proxy", peer=[], baseline=None)
    options = parser.parse_args()
    starts, rounds = (1, 2) if options.quick else (STARTS, ROUNDS)
    with prepare(options) as setting:
        found = measure(setting, starts, rounds)
    print(table(found))
    if options.output is not None:
        options.output.mkdir(parents=True, exist_ok=True)
        rows = [[[one.on, one.off] for one in rounds] for rounds in found]
        write_json(options.output / "observing.json", {**description(), "rounds": rows})
    return 0


if __name__ == "__main__":
    sys.exit(main())
