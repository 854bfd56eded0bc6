"""The latency benchmark: ``python -m benchmarks.latency`` (``--help`` for options).

What a proxy adds for a single client, against the stub itself in the same round; what
it adds to a search while 64 others send pictures; and how long anything holds the
proxy's reactor under 64 uploads of 4 MB.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs
from attrs import asdict, frozen

from benchmarks.latency.probe import Percentiles, percentiles, probing
from benchmarks.latency.searches import measure as measure_searches
from benchmarks.latency.searches import table as searches_table
from benchmarks.proxies.load import InvalidRun, Result, await_healthy, run_wrk
from benchmarks.proxies.peers import Peer, Place, Running, proxy_options, run_peers
from benchmarks.proxies.setting import Setting, arguments, output_directory, prepare
from benchmarks.shared.machine import description
from benchmarks.shared.measure import wait_until_idle
from benchmarks.shared.report import Spread, aligned, rounded, spread, write_json

PAYLOADS = ("text", "300KB")
CLIENTS = 64
LIMIT_MS = 20.0
"""No single piece of work may hold the reactor for longer."""

Round = Mapping[tuple[str, str], Result]
"""One round's results by payload and proxy."""


@frozen
class Added:
    """What a proxy adds to the stub's own latency, in milliseconds."""

    payload: str
    proxy: str
    p50_ms: Spread
    p99_ms: Spread
    added_p50_ms: Spread
    added_p99_ms: Spread


@frozen
class Lag:
    """Under 64 x 4 MB: a cheap GET from outside; from inside, if it is ours."""

    proxy: str
    idle: Percentiles
    loaded: Percentiles
    call: Percentiles | None = None
    timer: Percentiles | None = None


def probed_peer(report: Path) -> Peer:
    """Return this proxy with a probe inside, which writes to ``report`` at its end."""

    def command(place: Place) -> list[str]:
        probed = [sys.executable, "-m", "benchmarks.latency.lag_probe", str(report)]
        return [*probed, *proxy_options(place)]

    return Peer("immich-ml-proxy-probed", command, reads_body=True)


def added(rounds: Sequence[Round]) -> list[Added]:
    """Return each proxy's latency less the stub's, compared round by round."""
    rows = []
    for payload, proxy in rounds[0]:
        ours = [each[payload, proxy] for each in rounds]
        stub = [each[payload, "direct"] for each in rounds]
        pairs = list(zip(ours, stub, strict=True))
        rows.append(
            Added(
                payload,
                proxy,
                spread([a.p50_ms for a in ours]),
                spread([a.p99_ms for a in ours]),
                spread([a.p50_ms - b.p50_ms for a, b in pairs]),
                spread([a.p99_ms - b.p99_ms for a, b in pairs]),
            )
        )
    return rows


def measure_added(setting: Setting, rounds: int, seconds: int) -> list[Added]:
    """Measure text and 300 KB with one client, interleaved."""
    results = []
    shuffle = random.Random(1).shuffle
    with run_peers(setting.peers, setting.cores, setting.directory) as targets:
        for target in targets.values():
            for payload in PAYLOADS:
                await_healthy(target, setting.payloads[payload])
        cases = [(payload, name) for payload in PAYLOADS for name in targets]
        for number in range(rounds):
            print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
            order = list(cases)
            shuffle(order)
            found = {}
            for payload, name in order:
                bodies, core = setting.bodies[payload], setting.cores.load
                found[payload, name] = run_wrk(targets[name], bodies, 1, seconds, core)
                wait_until_idle(targets[name].pids())
            results.append({case: found[case] for case in cases})
    return added(results)


def _loaded(setting: Setting, target: Running, seconds: int) -> Lag:
    with probing(target) as idle:
        time.sleep(1)
    with probing(target) as loaded:
        bodies, core = setting.bodies["4MB"], setting.cores.load
        run_wrk(target, bodies, CLIENTS, seconds, core)
    return Lag(target.name, percentiles(idle), percentiles(loaded))


def measure_lag(setting: Setting, seconds: int) -> list[Lag]:
    """Load each proxy with 64 x 4 MB; ours with a probe inside as well."""
    lags = []
    for peer in setting.peers:
        print(f"{peer.name}: {CLIENTS} x 4 MB", file=sys.stderr, flush=True)
        with run_peers([peer], setting.cores, setting.directory) as targets:
            await_healthy(targets[peer.name], setting.payloads["4MB"])
            lags.append(_loaded(setting, targets[peer.name], seconds))
    if any(lag.proxy == "immich-ml-proxy" for lag in lags):
        lags.append(_measure_inside(setting, seconds))
    return lags


def _measure_inside(setting: Setting, seconds: int) -> Lag:
    report = setting.directory / "lag.json"
    peer = probed_peer(report)
    with run_peers([peer], setting.cores, setting.directory) as targets:
        target = targets[peer.name]
        await_healthy(target, setting.payloads["4MB"])
        os.kill(target.pids()[0], signal.SIGUSR1)  # what it measures begins here
        lag = _loaded(setting, target, seconds)
    inside = json.loads(report.read_text("utf-8"))
    return attrs.evolve(
        lag,
        call=Percentiles(**inside["call"]),
        timer=Percentiles(**inside["timer"]),
    )


def added_table(rows: Sequence[Added]) -> str:
    """Return what each proxy adds as a table for people."""
    cells = [["payload", "proxy", "p50 ms", "p99 ms", "added p50 ms", "added p99 ms"]]
    for row in rows:
        shown = [row.p50_ms, row.p99_ms, row.added_p50_ms, row.added_p99_ms]
        cells.append([row.payload, row.proxy, *(each.text(2) for each in shown)])
    return aligned(cells, left=2)


def lag_table(lags: Sequence[Lag]) -> str:
    """Return the probes' percentiles as a table for people."""
    cells = [["proxy", "probe", "count", "p50 ms", "p99 ms", "longest ms"]]
    for lag in lags:
        for what, found in (
            ("GET, idle", lag.idle),
            ("GET, loaded", lag.loaded),
            ("single call", lag.call),
            ("timer of 2 ms, late by", lag.timer),
        ):
            if found is not None:
                numbers = [found.p50_ms, found.p99_ms, found.max_ms]
                shown = [f"{number:,.2f}" for number in numbers]
                cells.append([lag.proxy, what, f"{found.count:,}", *shown])
    return aligned(cells, left=2)


def main() -> int:
    """Run, print the tables, write the results; 1 if a call held the reactor."""
    options = arguments(__doc__.splitlines()[0]).parse_args()
    rounds, seconds = (1, 1) if options.quick else (7, 2)
    try:
        with prepare(options) as setting:
            rows = measure_added(setting, rounds, seconds)
            searches = measure_searches(setting, rounds, 2 if options.quick else 5)
            lags = measure_lag(setting, 2 if options.quick else 8)
    except InvalidRun as error:
        raise SystemExit(f"invalid: {error}") from error
    print(f"One client, {rounds} rounds, medians (smallest-largest):\n")
    print(added_table(rows))
    print(f"\nA search under {CLIENTS} x 300 KB, {rounds} rounds:\n")
    print(searches_table(searches))
    print(f"\nUnder {CLIENTS} uploads of 4 MB at once:\n")
    print(lag_table(lags))
    directory = output_directory(options)
    if directory is not None:
        document = {
            **description(),
            "added": rounded([asdict(row) for row in rows]),
            "searches": rounded([asdict(row) for row in searches]),
            "lag": rounded([asdict(lag) for lag in lags]),
        }
        write_json(directory / "latency.json", document)
    held = [lag.call.max_ms for lag in lags if lag.call is not None]
    for longest in held:
        verdict = "within" if longest <= LIMIT_MS else "over"
        print(f"\nThe longest call took {longest:.1f} ms: {verdict} {LIMIT_MS:.0f} ms.")
    return 1 if any(longest > LIMIT_MS for longest in held) else 0


if __name__ == "__main__":
    sys.exit(main())
