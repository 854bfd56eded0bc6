"""What a scrape costs: ``python -m benchmarks.scrape`` (``--help`` for options).

Every kind of work has been served by every machine, on every route, and failed in five
ways: hardly any proxy at work comes to so many series. What counts for requests beside
it is the longest part, for nothing goes on meanwhile; for Prometheus, the whole.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import msgspec
from attrs import frozen
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector as Base

from benchmarks.shared.machine import description
from benchmarks.shared.report import aligned, write_json
from immich_ml_proxy.balancer.leg import CANCELLED, FAILED, REFUSED, SERVED
from immich_ml_proxy.balancer.outcome import Kind
from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.balancer.scheduler import Scheduler
from immich_ml_proxy.config import document
from immich_ml_proxy.metrics.counters import Counters
from immich_ml_proxy.metrics.exposition import Collector
from immich_ml_proxy.metrics.reading import Beside, Reading
from immich_ml_proxy.metrics.traffic import Traffic
from immich_ml_proxy.observe.buckets import LAG, Buckets
from immich_ml_proxy.observe.kinds import KINDS
from immich_ml_proxy.observe.tally import Tally

ROUNDS = 20
TROUBLE = (Kind.LOST, Kind.LATE, Kind.FAILED, Kind.BUSY)


@frozen
class Cost:
    """A scrape: CPU seconds in all and of its longest stretch, lines and bytes."""

    machines: int
    seconds: float
    longest: float
    lines: int
    bytes: int


@frozen
class _Only(Base):
    family: Family

    def collect(self) -> tuple[Family]:
        return (self.family,)


def registry(machines: int, routes: int) -> CollectorRegistry:
    """Return the numbers of a proxy where everything has happened."""
    names = [f"machine-{number}" for number in range(machines)]
    keys = ["ocr", "clip", "facial-recognition", "clip/textual"][: routes - 1]
    config = {
        "defaultBackend": names,
        "backends": [{"name": name, "url": f"http://{name}:3003"} for name in names],
        "taskRouting": dict.fromkeys(keys, names),
        "maxBackends": max(machines, 64),
    }
    tally = Tally()
    counters = Counters(tally)
    pool = Pool(document.parse(msgspec.json.encode(config)), lambda *_: None)
    for server in pool:
        for kind in KINDS:
            for outcome in (*(one.value for one in TROUBLE), CANCELLED):
                counters.attempts[server, kind, outcome] += 1
            for route in pool.config.all_routes:
                tally.served[server, route.key, kind] = _some()
                for end in (SERVED, REFUSED):
                    counters.requests[route.key, kind, server, end] = _some()
                counters.requests[route.key, kind, None, FAILED] = _some()
    reading = Reading(
        *(pool, Scheduler(pool), counters, Traffic(), Buckets(LAG)),
        *(lambda: Beside(1, 2, False), ("1", "2", "3"), tuple),
    )
    found = CollectorRegistry(auto_describe=False)
    found.register(Collector(reading, lambda: 0.0))
    return found


def _some() -> Buckets:
    buckets = Buckets()
    for seconds in (0.003, 0.03, 0.3, 3.0, 30.0):
        buckets.add(seconds)
    return buckets


def measure(machines: int, routes: int) -> Cost:
    """Return the cheapest of several scrapes: other load only makes one dearer."""
    made, best = registry(machines, routes), None
    for _ in range(ROUNDS):
        seconds, longest, pieces = 0.0, 0.0, []
        begun = time.process_time()
        for family in made.collect():
            pieces.append(generate_latest(_Only(family)))
            now = time.process_time()
            longest, seconds = max(longest, now - begun), seconds + now - begun
            begun = now
        text = b"".join(pieces)
        cost = Cost(machines, seconds, longest, text.count(b"\n"), len(text))
        if best is None or cost.seconds < best.seconds:
            best = cost
    assert best is not None
    return best


def main() -> int:
    """Measure, print the table, write the results; 1 if 64 machines take too long."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--machines", type=int, nargs="+", default=[1, 8, 64])
    parser.add_argument("--routes", type=int, default=5, help="1 to 5 (default: 5)")
    parser.add_argument("--output", type=Path, metavar="FILE", help="results as JSON")
    options = parser.parse_args()
    costs = [measure(machines, options.routes) for machines in options.machines]
    cells = [["machines", "CPU ms", "longest part, ms", "lines", "KB"]]
    for one in costs:
        times = (f"{one.seconds * 1000:.1f}", f"{one.longest * 1000:.1f}")
        cells.append(
            [str(one.machines), *times, f"{one.lines:,}", f"{one.bytes / 1000:,.0f}"]
        )
    print(aligned(cells, left=0))
    if options.output is not None:
        found = {str(one.machines): round(one.seconds * 1000, 1) for one in costs}
        write_json(options.output, {**description(), "scrapeMs": found})
    return 1 if any(one.machines <= 64 and one.seconds > 0.1 for one in costs) else 0


if __name__ == "__main__":
    sys.exit(main())
