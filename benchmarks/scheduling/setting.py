"""What the scenarios of the scheduling benchmark have in common: sizes and rows."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

from benchmarks.scheduling.client import Load
from benchmarks.scheduling.peers import Peer, Running, proxy
from benchmarks.scheduling.server import Simulated, Spec, servers
from benchmarks.shared.report import aligned

Number = float | int | str


@frozen
class Row:
    """
    What one proxy did in one scenario.

    :ivar numbers: by the head of their column.
    :ivar goal: what it should reach, in words; empty if it has no goal.
    :ivar met: whether it did.
    """

    proxy: str
    numbers: Mapping[str, Number]
    goal: str = ""
    met: bool = True


@frozen
class Setting:
    """
    Where and how long a scenario runs.

    :ivar proxy_core: the core of the proxy under test.
    :ivar cores: what the servers share with the client.
    :ivar quick: a smoke run, too short to mean much.
    """

    directory: Path
    quick: bool
    proxy_core: int
    cores: Sequence[int]

    def size(self, whole: int, quick: int) -> int:
        """Return one of two numbers."""
        return quick if self.quick else whole

    @contextmanager
    def run(
        self, peer: Peer, specs: Mapping[str, Spec]
    ) -> Iterator[tuple[Running, dict[str, Simulated]]]:
        """Run fresh servers and a proxy over them while the context lasts."""
        print(f"  {peer.name}", file=sys.stderr, flush=True)
        with (
            servers(specs, self.cores, self.directory) as started,
            proxy(peer, started, self.proxy_core, self.directory) as running,
        ):
            yield running, started


def setting(directory: Path, quick: bool) -> Setting:
    """
    Share out the cores; the client, this process, leaves the proxy's alone.

    Raises SystemExit on a machine with fewer than two cores.
    """
    *others, last = sorted(os.sched_getaffinity(0))
    if not others:
        raise SystemExit("the benchmark needs at least 2 cores")
    os.sched_setaffinity(0, others)
    return Setting(directory, quick, last, others)


def failures(load: Load) -> dict[str, Number]:
    """Return the columns that tell of failed requests."""
    return {"requests": len(load.done), "failed": load.failed, "how": load.errors}


def text(number: Number | None) -> str:
    """Return a cell: four digits of a float are what it can mean."""
    if number is None:
        return ""
    if isinstance(number, float):
        return f"{number:.3f}" if number < 10 else f"{number:,.1f}"
    return str(number)


def table(rows: Sequence[Row]) -> str:
    """Return the rows of one scenario as a table for people."""
    heads = list(dict.fromkeys(head for row in rows for head in row.numbers))
    cells = [["proxy", *heads, "goal", ""]]
    for row in rows:
        numbers = [text(row.numbers.get(head)) for head in heads]
        met = ("met" if row.met else "MISSED") if row.goal else ""
        cells.append([row.proxy, *numbers, row.goal, met])
    return aligned(cells)
