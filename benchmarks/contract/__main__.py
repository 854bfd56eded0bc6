"""What it costs to check an answer: ``python -m benchmarks.contract``.

Prints microseconds of CPU time an answer, the least of many rounds, at each level of
checking, and beside them what one decoding into raw values takes.
"""

from __future__ import annotations

import argparse
import json
import random
import struct
import sys
from collections.abc import Callable, Iterator
from math import sqrt
from time import process_time

from attrs import frozen

from immich_ml_proxy.protocol import merge, routing
from immich_ml_proxy.protocol.contract import (
    FULL,
    OFF,
    SHAPE,
    Checked,
    Level,
    check,
    due_of,
)
from immich_ml_proxy.protocol.routing import Tasks

LEVELS: tuple[Level, ...] = (FULL, SHAPE, OFF)
SIZE = {"imageHeight": 1440, "imageWidth": 2160}
#: Runs that are timed together.
RUNS = 100


@frozen
class Sample:
    """An answer, and what it was asked for."""

    name: str
    asked: Tasks
    body: bytes


def samples() -> Iterator[Sample]:
    """Yield the answers that Immich's requests get, the same ones at every call."""
    draw = random.Random(1)
    for count in (512, 1152):
        yield _sample(
            f"clip, {count} numbers", "clip", ["visual"], _embedding(draw, count)
        )
    numbers = json.loads(_embedding(draw, 512))
    yield _sample("clip, 512 numbers, an array", "clip", ["visual"], numbers)
    pair = ["detection", "recognition"]
    faces = [
        {
            "boundingBox": dict.fromkeys(("x1", "y1", "x2", "y2"), 517),
            "embedding": _embedding(draw, 512),
            "score": 0.8671875,
        }
        for _ in range(5)
    ]
    yield _sample("5 faces", "facial-recognition", pair, faces)
    texts = {
        "text": [f"a line of text {number}" for number in range(50)],
        "box": [_number(draw.random()) for _ in range(400)],
        "boxScore": [_number(draw.random()) for _ in range(50)],
        "textScore": [_number(draw.random()) for _ in range(50)],
    }
    yield _sample("50 texts", "ocr", pair, texts)


def _sample(name: str, task: str, types: list[str], value: object) -> Sample:
    entries = {task: {kind: {"modelName": "ViT-B-32__openai"} for kind in types}}
    body = json.dumps({task: value} | SIZE, separators=(",", ":"))
    return Sample(name, routing.read(json.dumps(entries).encode()), body.encode())


def _embedding(draw: random.Random, count: int) -> str:
    vector = [draw.gauss(0, 1) for _ in range(count)]
    length = sqrt(sum(number * number for number in vector))
    return json.dumps([_number(n / length) for n in vector], separators=(",", ":"))


def _number(value: float) -> float:
    """Return ``value`` with as few digits as tell its 32 bits: as the service does."""
    [rounded] = struct.unpack("f", struct.pack("f", value))
    for digits in range(6, 10):
        short = float(f"{rounded:.{digits}g}")
        if struct.pack("f", short) == struct.pack("f", rounded):
            return short
    return float(rounded)


def microseconds(run: Callable[[], object], rounds: int) -> float:
    """Return the CPU time that ``run`` takes, the least of ``rounds``."""
    best = float("inf")
    for _ in range(rounds):
        begun = process_time()
        for _ in range(RUNS):
            run()
        best = min(best, process_time() - begun)
    return best / RUNS * 1e6


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description="What it costs to check an answer.")
    parser.add_argument("--rounds", type=int, default=100, help="of 100 runs (100)")
    rounds = parser.parse_args().rounds
    print(f"{'us an answer':28}{'bytes':>8}{'raw':>8}", end="")
    print("".join(f"{level:>8}" for level in LEVELS))
    for sample in samples():
        raw = microseconds(lambda s=sample: merge.read(s.body), rounds)  # type: ignore[misc]
        print(f"{sample.name:28}{len(sample.body):8}{raw:8.1f}", end="")
        for level in LEVELS:
            print(f"{_checking(sample, level, rounds):8.1f}", end="")
        print(flush=True)


def _checking(sample: Sample, level: Level, rounds: int) -> float:
    due = due_of(sample.asked)

    def run() -> object:
        return check(due, True, sample.body, level)

    if not isinstance(run(), Checked):
        sys.exit(f"{sample.name}: {run()}")
    return microseconds(run, rounds)


if __name__ == "__main__":
    main()
