"""Reports: medians, spreads and ratios of runs, as a table and as JSON values."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import asdict, frozen

from benchmarks.proxies.load import Result

Rounds = Sequence[Result | None]
"""What each round measured, in order; None for an invalid run."""


@frozen
class Spread:
    """A median with the smallest and largest value beside it."""

    median: float
    low: float
    high: float

    def text(self, digits: int = 0) -> str:
        """Return it as ``median (low-high)``, a single value as itself."""
        median, low, high = (
            f"{value:,.{digits}f}" for value in (self.median, self.low, self.high)
        )
        return median if low == high else f"{median} ({low}-{high})"


def spread(values: Sequence[float]) -> Spread:
    """Return the median and the range of ``values``, of which there is at least one."""
    return Spread(statistics.median(values), min(values), max(values))


def ratio(ours: Rounds, theirs: Rounds) -> Spread | None:
    """Return how many times their requests/s ours are, compared round by round.

    Both saw the same machine in the same round, so its moods cancel out. None if no
    round is valid for both.
    """
    pairs = zip(ours, theirs, strict=True)
    values = [
        a.requests_per_second / b.requests_per_second
        for a, b in pairs
        if a is not None and b is not None
    ]
    return spread(values) if values else None


@frozen
class Row:
    """One proxy under one load, over all rounds. CPU is None if not measured."""

    payload: str
    connections: int
    proxy: str
    requests_per_second: Spread
    p50_ms: Spread
    p99_ms: Spread
    cpu_ms_per_request: Spread | None
    peak_bytes: int
    invalid: int
    ratio: dict[str, Spread]
    """The ratio of requests/s to each of the peers that were asked for."""


@frozen
class Case:
    """What one series of runs measures."""

    payload: str
    connections: int
    proxy: str


def summarize(runs: Mapping[Case, Rounds], compared: Sequence[str]) -> list[Row]:
    """Return a row for each case with a valid round, in the order of ``runs``.

    :param compared: names of the proxies to give ratios to, as far as they ran.
    """
    rows = []
    for case, rounds in runs.items():
        valid = [result for result in rounds if result is not None]
        if not valid:
            continue
        ratios = {}
        for other in compared:
            theirs = runs.get(Case(case.payload, case.connections, other))
            if theirs is not None and (found := ratio(rounds, theirs)) is not None:
                ratios[other] = found
        cpu = [r.cpu_ms_per_request for r in valid if r.cpu_ms_per_request]
        rows.append(
            Row(
                payload=case.payload,
                connections=case.connections,
                proxy=case.proxy,
                requests_per_second=spread([r.requests_per_second for r in valid]),
                p50_ms=spread([r.p50_ms for r in valid]),
                p99_ms=spread([r.p99_ms for r in valid]),
                cpu_ms_per_request=spread(cpu) if cpu else None,
                peak_bytes=max(r.peak_bytes for r in valid),
                invalid=len(rounds) - len(valid),
                ratio=ratios,
            )
        )
    return rows


def aligned(rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """Return rows of cells as lines with columns as wide as their widest cell.

    :param left: how many columns, from the left, are aligned to the left.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if number < left else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def table(rows: Sequence[Row], compared: Sequence[str]) -> str:
    """Return the rows as a table for people; spreads are smallest to largest."""
    head = ["payload", "clients", "proxy", "requests/s", "p50 ms", "p99 ms"]
    head += ["CPU ms/request", "peak MB", *(f"/ {name}" for name in compared)]
    cells = [head]
    for row in rows:
        cpu, shown = row.cpu_ms_per_request, ["-", "-"]
        if cpu is not None:
            shown = [cpu.text(3), f"{row.peak_bytes / 1e6:,.0f}"]
        ratios = [row.ratio.get(name) for name in compared]
        cells.append(
            [
                row.payload,
                str(row.connections),
                row.proxy + (f" [{row.invalid} invalid]" if row.invalid else ""),
                row.requests_per_second.text(),
                row.p50_ms.text(2),
                row.p99_ms.text(2),
                *shown,
                *("-" if each is None else f"{each.median:.2f}" for each in ratios),
            ]
        )
    return aligned(cells, left=3)


def as_json(rows: Sequence[Row]) -> object:
    """Return the rows as JSON values, their numbers rounded to what they can mean."""
    return rounded([asdict(row) for row in rows])


def rounded(value: object) -> object:
    """Return a JSON value with its floats cut to four significant digits."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return value


def write_json(path: Path, document: object) -> None:
    """Write ``document`` to ``path`` in a form that reads and compares well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
