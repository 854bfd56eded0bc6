"""
The scheduling benchmark: ``python -m benchmarks.scheduling`` (``--help``: options).

The real proxy, nginx and HAProxy, one after the other, over the same simulated ML
servers, under a client that checks every answer.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from attrs import asdict

from benchmarks.scheduling import failures, pools
from benchmarks.scheduling.plot import draw
from benchmarks.scheduling.setting import Row, Setting, setting, table
from benchmarks.shared.machine import description
from benchmarks.shared.options import choose
from benchmarks.shared.process import CHECKOUT
from benchmarks.shared.report import rounded, write_json

DOCUMENTS = CHECKOUT / "docs" / "scheduling"

SCENARIOS: Mapping[str, Callable[[Setting], list[Row]]] = {
    "mixed": pools.mixed,
    "long": pools.long,
    "three": pools.three,
    "equal": pools.equal,
    "search": pools.search,
    "limits": pools.limits,
    "adaptive": pools.adaptive,
    "outage": failures.outage,
    "kill": failures.kill,
    "hang": failures.hang,
    "error": failures.error,
}


def measure(names: Sequence[str], place: Setting) -> dict[str, list[Row]]:
    """Run the scenarios and print the table of each as soon as it is there."""
    found = {}
    for name in names:
        scenario = SCENARIOS[name]
        print(f"{name} ...", file=sys.stderr, flush=True)
        began = time.monotonic()
        found[name] = scenario(place)
        print(f"{name}: {scenario.__doc__}\n\n{table(found[name])}\n", flush=True)
        took = time.monotonic() - began
        print(f"{name} took {took:.0f} s", file=sys.stderr, flush=True)
    return found


def _document(found: Mapping[str, Sequence[Row]]) -> dict[str, object]:
    return {
        **description(),
        "scenarios": {
            name: rounded([asdict(row) for row in rows]) for name, rows in found.items()
        },
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    names = ", ".join(SCENARIOS)
    parser.add_argument("--only", metavar="SCENARIOS", help=f"comma-separated: {names}")
    parser.add_argument(
        "--quick", action="store_true", help="a smoke run, too short to mean much"
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="DIRECTORY",
        help="write the results there (default: docs/scheduling; nowhere if --quick "
        "or --only)",
    )
    return parser


def main() -> int:
    """Run, print the tables, write the results; 1 if a goal was missed."""
    options = _parser().parse_args()
    names = choose(options.only, list(SCENARIOS), "--only")
    missing = [each for each in ("nginx", "haproxy") if shutil.which(each) is None]
    if missing:
        raise SystemExit(f"missing: {', '.join(missing)}; run benchmarks/install")
    # Ended from outside, the run still stops what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="ml-proxy-bench-") as directory:
        found = measure(names, setting(Path(directory), options.quick))
    output = options.output
    if output is None and not (options.quick or options.only):
        output = DOCUMENTS
    if output is not None:
        write_json(output / "results.json", _document(found))
        draw(found, output)
    return 0 if all(row.met for rows in found.values() for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
