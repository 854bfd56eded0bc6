"""``python -m benchmarks.fleet``; ``--help`` lists its options."""

from __future__ import annotations

import argparse
import sys

from benchmarks.fleet.soak import (
    CLIENTS,
    NAMES,
    REQUESTS,
    names,
    pairs,
    running,
    soak,
    table,
)


def main() -> int:
    """Run both, print what they show; 1 if anything was lost, wrong, or too large."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument(
        "--kinds", action="store_true", help="only each kind beside one of Immich's own"
    )
    parser.add_argument("--names", type=int, default=NAMES, help="0: leave them out")
    options = parser.parse_args()
    with running() as fleet:
        if options.kinds:
            print(pairs(fleet))
            return 0
        found = soak(fleet, options.requests, options.clients)
        print(table(found))
        tally = found.tally
        print(
            f"\n{options.requests} requests, {options.clients} clients, "
            f"{found.seconds:.1f} s: {len(tally.right)} right, {len(tally.lost)} lost, "
            f"{len(tally.wrong)} wrong, {len(tally.refused)} that nobody could serve; "
            f"{found.extra_tries} extra tries"
        )
        for ask, got in (tally.lost + tally.wrong)[:5]:
            print(f"{[*ask.entries]}: {got.status} {got.body[:300]!r}")
        grown = names(fleet, options.names) if options.names else 0
        print(f"{options.names} invented models: {grown / 1e6:+.1f} MB resident")
    return 1 if tally.lost or tally.wrong or grown > 30e6 else 0


if __name__ == "__main__":
    sys.exit(main())
