"""The speed benchmark: ``python -m benchmarks.speed`` (``--help`` lists its options).

Every round loads each proxy once with each payload and number of clients. What is
compared runs one after the other, in an order shuffled anew, and a baseline right
before or after the proxy of today, so that a slow minute of the machine hits both.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Mapping, Sequence

from benchmarks.proxies.load import InvalidRun, Result, await_healthy, run_wrk
from benchmarks.proxies.peers import Running, all_peers, run_peers
from benchmarks.proxies.setting import (
    Setting,
    arguments,
    output_directory,
    prepare,
)
from benchmarks.shared.machine import description
from benchmarks.shared.measure import wait_until_idle
from benchmarks.shared.options import choose
from benchmarks.shared.report import write_json
from benchmarks.speed.plot import throughput
from benchmarks.speed.summary import Case, Row, as_json, cpu_table, summarize, table

CLIENTS = ("1", "8", "64")
SECONDS = {"text": 2, "300KB": 2, "4MB": 3}
SEED = 3004
OURS = "immich-ml-proxy"
COMPARED = ("nginx", "nginx-lua", "bare", "haproxy")


def _run(setting: Setting, target: Running, case: Case, seconds: int) -> Result | None:
    bodies = setting.bodies[case.payload]
    try:
        return run_wrk(target, bodies, case.connections, seconds, setting.cores.load)
    except InvalidRun as error:
        load = f"{case.payload}, {case.connections} clients"
        print(f"invalid: {case.proxy}, {load}: {error}", file=sys.stderr)
        return None
    finally:
        wait_until_idle(target.pids())


def _warm_up(setting: Setting, targets: Mapping[str, Running], quick: bool) -> None:
    """Check where each proxy sends what; then let it touch its memory once.

    Memory that a virtual machine never used is slow at the first touch, which would
    count against whoever happens to come first.
    """
    for target in targets.values():
        for payload in setting.payloads.values():
            await_healthy(target, payload)
        if not quick:
            _run(setting, target, Case("4MB", 64, target.name), 3)


def shuffled(
    cases: Sequence[Case], baseline: str | None, chance: random.Random
) -> list[Case]:
    """Return the cases in the order of a round: load by load, a pair side by side."""
    loads: dict[tuple[str, int], list[Case]] = {}
    for case in cases:
        loads.setdefault((case.payload, case.connections), []).append(case)
    order = []
    groups = list(loads.values())
    chance.shuffle(groups)
    for group in groups:
        chance.shuffle(group)
        pair = [each for each in group if each.proxy in (OURS, baseline)]
        for case in group:
            if case not in pair:
                order.append(case)
            elif case == pair[0]:
                order.extend(pair)
    return order


def measure(
    setting: Setting,
    cases: Sequence[Case],
    rounds: int,
    quick: bool,
    baseline: str | None = None,
) -> dict[Case, list[Result | None]]:
    """Run every case once a round and return what each round measured."""
    runs: dict[Case, list[Result | None]] = {case: [] for case in cases}
    chance = random.Random(SEED)
    with run_peers(setting.peers, setting.cores, setting.directory) as targets:
        _warm_up(setting, targets, quick)
        for number in range(rounds):
            print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
            for case in shuffled(cases, baseline, chance):
                seconds = 1 if quick else SECONDS[case.payload]
                result = _run(setting, targets[case.proxy], case, seconds)
                runs[case].append(result)
    return runs


def _document(rows: Sequence[Row], rounds: int) -> dict[str, object]:
    return {
        **description(),
        "settings": {"rounds": rounds, "secondsPerRun": SECONDS, "seed": SEED},
        "speed": as_json(rows),
    }


def _parser() -> argparse.ArgumentParser:
    parser = arguments("Compare the proxies' speed, one core each, interleaved.")
    parser.add_argument("--payloads", help="comma-separated: " + ", ".join(SECONDS))
    parser.add_argument("--clients", help="comma-separated: " + ", ".join(CLIENTS))
    parser.add_argument("--rounds", type=int, help="default: 5, or 1 if --quick")
    return parser


def main() -> int:
    """Run, print the table, write the results; 1 if a run was invalid."""
    options = _parser().parse_args()
    rounds = options.rounds or (1 if options.quick else 5)
    payloads = choose(options.payloads, list(SECONDS), "--payloads")
    clients = [int(text) for text in choose(options.clients, CLIENTS, "--clients")]
    with prepare(options) as setting:
        names = [*(peer.name for peer in setting.peers), "direct"]
        cases = [
            Case(payload, count, name)
            for payload in payloads
            for count in clients
            for name in names
        ]
        runs = measure(setting, cases, rounds, options.quick, options.baseline)
    known = [*all_peers(), "direct"]
    given = [name for name in names if name not in known]
    compared = [*(name for name in COMPARED if name in names), *given]
    rows = summarize(runs, compared)
    print(table(rows, compared))
    if OURS in names:
        print(f"\nCPU time of a request through {OURS}, and as a share of others':\n")
        print(cpu_table(rows, OURS, compared))
    print(
        f"\nRounds: {rounds}; medians (smallest-largest). One core per proxy. A ratio"
        "\nabove 1 means faster than that peer, compared round by round. Peak memory"
        "\nincludes what earlier loads left resident. direct: the stub; klein, no"
        "\nproxy either: the least that twisted.web and Klein take to answer."
    )
    directory = output_directory(options)
    if directory is not None:
        write_json(directory / "results.json", _document(rows, rounds))
        throughput(rows, directory / "throughput.svg")
    return 1 if any(result is None for each in runs.values() for result in each) else 0


if __name__ == "__main__":
    sys.exit(main())
