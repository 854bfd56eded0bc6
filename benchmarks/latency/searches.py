"""How long a search takes while 64 clients send pictures: someone waits for it."""

from __future__ import annotations

import random
import sys
from collections.abc import Mapping, Sequence

from attrs import frozen

from benchmarks.latency.probe import Percentiles, percentiles, probing, search
from benchmarks.proxies.load import await_healthy, run_wrk
from benchmarks.proxies.peers import run_peers
from benchmarks.proxies.setting import Setting
from benchmarks.shared.measure import wait_until_idle
from benchmarks.shared.report import Spread, aligned, spread

CLIENTS = 64
PICTURES = "300KB"

Round = Mapping[str, Percentiles]
"""One round's times of searches by proxy."""


@frozen
class Search:
    """Milliseconds of a search under load, and less those of the stub itself."""

    proxy: str
    p50_ms: Spread
    p99_ms: Spread
    added_p99_ms: Spread


def summarize(rounds: Sequence[Round]) -> list[Search]:
    """Return a row for each proxy; what it adds is compared round by round."""
    return [
        Search(
            proxy,
            spread([each[proxy].p50_ms for each in rounds]),
            spread([each[proxy].p99_ms for each in rounds]),
            spread([each[proxy].p99_ms - each["direct"].p99_ms for each in rounds]),
        )
        for proxy in rounds[0]
    ]


def measure(setting: Setting, rounds: int, seconds: int) -> list[Search]:
    """Search through each proxy while it is loaded, in an order shuffled anew."""
    found = []
    shuffle = random.Random(2).shuffle
    bodies, core = setting.bodies[PICTURES], setting.cores.load
    request = search(setting.payloads["text"].bodies[0])
    with run_peers(setting.peers, setting.cores, setting.directory) as targets:
        for target in targets.values():
            await_healthy(target, setting.payloads["text"])
        for number in range(rounds):
            print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
            order = list(targets)
            shuffle(order)
            times = {}
            for name in order:
                with probing(targets[name], request) as seconds_taken:
                    run_wrk(targets[name], bodies, CLIENTS, seconds, core)
                times[name] = percentiles(seconds_taken)
                wait_until_idle(targets[name].pids())
            found.append({name: times[name] for name in targets})
    return summarize(found)


def table(rows: Sequence[Search]) -> str:
    """Return the rows as a table for people."""
    cells = [["proxy", "p50 ms", "p99 ms", "added p99 ms"]]
    for row in rows:
        shown = (row.p50_ms, row.p99_ms, row.added_p99_ms)
        cells.append([row.proxy, *(each.text(1) for each in shown)])
    return aligned(cells)
