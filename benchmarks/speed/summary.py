"""What the rounds of the speed benchmark say: a row for each case, with ratios."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from attrs import asdict, frozen

from benchmarks.proxies.load import Result
from benchmarks.shared.report import Spread, aligned, rounded, spread

Rounds = Sequence[Result | None]
"""What each round measured, in order; None for an invalid run."""


def _rate(result: Result) -> float:
    return result.requests_per_second


def _cpu(result: Result) -> float:
    return result.cpu_ms_per_request


def ratio(
    ours: Rounds, theirs: Rounds, measure: Callable[[Result], float] = _rate
) -> Spread | None:
    """Return how many times their requests/s ours are, compared round by round.

    :param measure: what is compared, if not that; a pair with a 0 is left out.

    Both saw the same machine in the same round, so its moods cancel out. None if no
    round is valid for both.
    """
    pairs = zip(ours, theirs, strict=True)
    values = [
        measure(a) / measure(b)
        for a, b in pairs
        if a is not None and b is not None and measure(a) and measure(b)
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
    cpu_ratio: dict[str, Spread]
    """Likewise, of the CPU time of a request."""


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
        ratios, cpu_ratios = {}, {}
        for other in compared:
            theirs = runs.get(Case(case.payload, case.connections, other))
            if theirs is None:
                continue
            if (found := ratio(rounds, theirs)) is not None:
                ratios[other] = found
            if (found := ratio(rounds, theirs, _cpu)) is not None:
                cpu_ratios[other] = found
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
                cpu_ratio=cpu_ratios,
            )
        )
    return rows


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


def cpu_table(rows: Sequence[Row], proxy: str, compared: Sequence[str]) -> str:
    """Return what a request costs through ``proxy``, as a share of others' cost."""
    cells = [["payload", "clients", "CPU ms/request", *(f"/ {n}" for n in compared)]]
    for row in rows:
        if row.proxy == proxy and row.cpu_ms_per_request is not None:
            shares = [row.cpu_ratio.get(name) for name in compared]
            cells.append(
                [
                    row.payload,
                    str(row.connections),
                    row.cpu_ms_per_request.text(3),
                    *("-" if each is None else each.text(2) for each in shares),
                ]
            )
    return aligned(cells, left=2)


def as_json(rows: Sequence[Row]) -> object:
    """Return the rows as JSON values, their numbers rounded to what they can mean."""
    return rounded([asdict(row) for row in rows])
