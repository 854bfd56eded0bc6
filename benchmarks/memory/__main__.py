"""The memory benchmark: ``python -m benchmarks.memory`` (``--help`` for options)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from attrs import asdict

from benchmarks.memory.scenarios import Outcome, growth_bytes, measure
from benchmarks.proxies.setting import arguments, output_directory, prepare
from benchmarks.shared.machine import description
from benchmarks.shared.report import aligned, rounded, write_json


def table(outcomes: Sequence[Outcome]) -> str:
    """Return the outcomes as a table for people, in MB of resident memory."""
    cells = [["scenario", "proxy", "start", "peak", "after each burst", "growth"]]
    for outcome in outcomes:
        after = " ".join(f"{value / 1e6:.0f}" for value in outcome.after_bytes)
        growth = growth_bytes(outcome.samples)
        cells.append(
            [
                outcome.scenario,
                outcome.proxy + (" [invalid]" if outcome.error else ""),
                f"{outcome.start_bytes / 1e6:.0f}",
                f"{outcome.peak_bytes / 1e6:.0f}",
                after,
                "-" if growth is None else f"{growth / 1e6:+.1f}",
            ]
        )
    return aligned(cells, left=2)


def _parser() -> argparse.ArgumentParser:
    parser = arguments("Measure the proxies' memory under 64 uploads and in a soak.")
    parser.add_argument(
        "--requests", type=int, help="of the soak (default: 20000; 2000 if --quick)"
    )
    return parser


def main() -> int:
    """Run, print the table, write the results; 1 if a load failed."""
    options = _parser().parse_args()
    requests = options.requests or (2000 if options.quick else 20000)
    with prepare(options) as setting:
        outcomes = measure(setting, options.quick, requests)
    print(table(outcomes))
    print("\nMB resident; growth: the highest of the soak's halves, second less first.")
    for outcome in outcomes:
        if outcome.error:
            print(f"invalid: {outcome.proxy}, {outcome.scenario}: {outcome.error}")
    directory = output_directory(options)
    if directory is not None:
        found = [rounded(asdict(outcome)) for outcome in outcomes]
        write_json(directory / "memory.json", {**description(), "memory": found})
    return 1 if any(outcome.error for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
