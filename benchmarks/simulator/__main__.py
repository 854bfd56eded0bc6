"""
How the scheduling scales with backends: ``python -m benchmarks.simulator``.

With ``--proxies 1,2,3``: what becomes of it where several proxies, which know nothing
of each other, stand before the same four servers.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Sequence

from benchmarks.simulator.simulation import Machine, Simulation, percentile


def main(arguments: Sequence[str]) -> int:
    """Print how the scheduling scales with the number of backends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--backends", default="2,10,50,200")
    parser.add_argument("--strategy", default="fastest")
    parser.add_argument("--proxies", metavar="NUMBERS", help="compare so many proxies")
    options = parser.parse_args(arguments)
    if options.proxies:
        compare(map(int, options.proxies.split(",")))
        return 0
    kinds = [Machine(0.02, 4), Machine(0.08, 2), Machine(0.2, 1), Machine(0.5, 1)]
    print("backends  requests  makespan/ideal  p50 ms  p99 ms  simulated requests/s")
    for number in map(int, options.backends.split(",")):
        servers = [kinds[n % len(kinds)] for n in range(number)]
        simulation = Simulation(servers, {"strategy": options.strategy})
        requests = min(options.requests, 5000 * number)
        began = time.perf_counter()
        done = simulation.run(requests, clients=4 * number)
        rate = requests / (time.perf_counter() - began)
        print(
            f"{number:8}  {requests:8,}  {done.makespan / done.ideal:14.3f}"
            f"  {1000 * percentile(done.latencies, 0.5):6.0f}"
            f"  {1000 * percentile(done.latencies, 0.99):6.0f}  {rate:20,.0f}",
            flush=True,
        )
    return 0


def compare(numbers: Iterable[int]) -> None:
    """Print what several proxies before the same servers make of an import."""
    servers = [Machine(0.1, 4)] * 4
    print(
        "proxies  limits               makespan/ideal  most at a server  p50 ms  p99 ms"
        "  searches' p99 ms"
    )
    for number in numbers:
        for told, backend, more in (
            ("4 in each", {"maxConcurrent": 4}, {}),
            ("4, proxyReplicas", {"maxConcurrent": 4}, {"proxyReplicas": number}),
            ("found by each", {}, {}),
        ):
            simulation = Simulation(servers, backend=backend, proxies=number, more=more)
            done = simulation.run(8000, clients=48, search_every=0.25)
            print(
                f"{number:7}  {told:19}  {done.makespan / done.ideal:14.3f}"
                f"  {max(done.peaks):16}  {1000 * percentile(done.latencies, 0.5):6.0f}"
                f"  {1000 * percentile(done.latencies, 0.99):6.0f}"
                f"  {1000 * percentile(done.searches, 0.99):16.0f}",
                flush=True,
            )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
