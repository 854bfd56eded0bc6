"""The setting of a run: what the command line chose, cores, a scratch directory."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

from benchmarks.proxies.given import HELP, baseline_peer, other_peer
from benchmarks.proxies.peers import Peer, all_peers, missing_programs
from benchmarks.shared.measure import Cores, allot
from benchmarks.shared.options import choose
from benchmarks.shared.payloads import Payload, all_payloads, write_bodies
from benchmarks.shared.process import CHECKOUT

DOCUMENTS = CHECKOUT / "docs" / "performance"


@frozen
class Setting:
    """What is run where. ``bodies`` are the files of each payload by its name."""

    cores: Cores
    directory: Path
    peers: tuple[Peer, ...]
    payloads: dict[str, Payload]
    bodies: dict[str, tuple[Path, ...]]


def arguments(description: str) -> argparse.ArgumentParser:
    """Return a parser with the options that every benchmark has."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        "--only", metavar="PROXIES", help="comma-separated: " + ", ".join(all_peers())
    )
    parser.add_argument(
        "--peer", action="append", default=[], metavar="NAME=COMMAND", help=HELP
    )
    parser.add_argument(
        "--baseline", metavar="COMMIT", help="run the proxy of that commit, too"
    )
    parser.add_argument(
        "--quick", action="store_true", help="a smoke run, too short to mean much"
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="DIRECTORY",
        help="write the results there (default: docs/performance; nowhere if --quick)",
    )
    return parser


def output_directory(options: argparse.Namespace) -> Path | None:
    """Return where results go, None for nowhere."""
    if options.output is not None or options.quick:
        output: Path | None = options.output
        return output
    return DOCUMENTS


@contextmanager
def prepare(options: argparse.Namespace) -> Iterator[Setting]:
    """Check the machine and give each process of the run its place.

    Raises SystemExit with what to do if something is missing.
    """
    peers = all_peers()
    names = choose(options.only, list(peers), "--only")
    for text in options.peer:
        other = other_peer(text, [*peers, "direct"])
        peers[other.name] = other
        names.append(other.name)
    if options.baseline is not None:
        peers[options.baseline] = baseline_peer(options.baseline)
        names.append(options.baseline)
    missing = missing_programs(names)
    if missing:
        raise SystemExit(f"missing: {', '.join(missing)}; run benchmarks/install")
    try:
        cores = allot(os.sched_getaffinity(0))
    except ValueError as error:
        raise SystemExit(str(error)) from error
    # Ended from outside, the run still stops what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # This process measures; the proxy's core is none of its business.
    os.sched_setaffinity(0, {cores.stub_b})
    payloads = all_payloads()
    with tempfile.TemporaryDirectory(prefix="ml-proxy-bench-") as name:
        directory = Path(name)
        yield Setting(
            cores=cores,
            directory=directory,
            peers=tuple(peers[each] for each in names),
            payloads=payloads,
            bodies={
                each: write_bodies(payload, directory)
                for each, payload in payloads.items()
            },
        )
