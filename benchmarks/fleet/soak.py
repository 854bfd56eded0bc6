"""
The soak of an unlike fleet.

The real proxy over eight kinds of simulated ML server, under mixed requests of twelve
clients that check every answer; then the memory that invented names of models take.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from attrs import frozen

from benchmarks.shared.measure import resident_bytes
from benchmarks.shared.report import aligned
from tests.demo_requests import CLIP, FACES, OCR, VISUAL
from tests.end_to_end.asks import Ask, Tally, mixed, search
from tests.end_to_end.fleet import Fleet
from tests.end_to_end.processes import Process
from tests.pictures import jpeg

REQUESTS = 1500
CLIENTS = 12
NAMES = 20_000
DIFFERENT = 60
"""Pictures that differ."""

LARGE = {"modelName": "ViT-L-14__openai"}
SERVERS: dict[str, str | dict[str, Any]] = {
    "gpu": {"kind": "v3", "seconds": 0.005, "places": 4},
    "nas": {"kind": "v2", "seconds": 0.01, "places": 2},
    "old": {"kind": "list", "seconds": 0.01},
    "kepler": {"kind": "kepler", "seconds": 0.005},
    "fallback": {"kind": "fallback"},
    "odd": "other-model",
    "gate": {"faults": [{"what": 503, "every": 7, "html": True}]},
    "busy": {"kind": "busy", "seconds": 0.005},
}
"""A fleet of which no two are alike."""

EACH = 80
"""Requests to a pair of servers: searches, pictures, faces and OCR, as many of each."""

_GATEWAY = {"what": 502, "at": "predict", "html": True}
_LOGIN = {"what": 401, "at": "predict"}
KINDS: dict[str, str | dict[str, Any]] = {
    "v2": "v2",
    "v3": "v3",
    "list": "list",
    "kepler (400)": "kepler",
    "fallback (501)": "fallback",
    "other-model": "other-model",
    "no-text": "no-text",
    "hailo (no faces)": "hailo",
    "nginx (413)": {"max_body": 2_000},
    "busy (429)": "busy",
    "gateway (502)": {"faults": [_GATEWAY]},
    "login (401)": {"faults": [_LOGIN]},
    "login-page (200)": "login-page",
    "immich (404)": "immich",
    "error (500)": "error",
    "flaky (cut)": "flaky",
    "OCR: lengths": {"broken": {"ocr": "lengths"}},
    "clip: NaN": {"broken": {"clip": "nan"}},
}
"""Each beside one of Immich's own."""

# What is asked, and how often in a hundred.
_SHARES: Sequence[tuple[int, Callable[[int, bytes], Ask]]] = (
    (20, lambda number, _: search(number)),
    (10, lambda number, _: search(number, {"clip": {"textual": LARGE}})),
    (20, lambda _, picture: Ask(VISUAL, picture)),
    (8, lambda _, picture: Ask({"clip": {"visual": LARGE}}, picture)),
    (16, lambda _, picture: Ask(FACES, picture)),
    (16, lambda _, picture: Ask(OCR, picture)),
    (6, lambda _, picture: Ask(VISUAL | FACES | OCR, picture)),
    (4, lambda number, _: Ask(VISUAL, b"no picture %d" % number)),
)


@frozen
class Soaked:
    """
    What a soak has shown.

    :ivar tally: what became of the requests.
    :ivar seconds: that they took.
    :ivar told: what the proxy tells of each server.
    :ivar came: predicts that came to each.
    :ivar extra_tries: more of them than there were groups.
    """

    tally: Tally
    seconds: float
    told: dict[str, Any]
    came: dict[str, int]
    extra_tries: int


def asks(count: int) -> list[Ask]:
    """Return so many mixed requests, always the same ones."""
    random = Random(9)
    pictures = [jpeg(seed, 96, 64) for seed in range(DIFFERENT)]
    weights = [weight for weight, _ in _SHARES]
    makers = [make for _, make in _SHARES]
    return [
        make(number, random.choice(pictures))
        for number, make in enumerate(random.choices(makers, weights, k=count))
    ]


def soak(fleet: Fleet, count: int, clients: int = CLIENTS) -> Soaked:
    """Have clients send ``count`` mixed requests to all kinds of server."""
    fleet.play(SERVERS)
    sent = asks(count)
    began = time.monotonic()
    tally = fleet.ask_all(sent, clients)
    seconds = time.monotonic() - began
    # Whoever got an answer is told of one server a group.
    groups = sum(len(got.backends) for got in tally.right) + len(tally.refused)
    return Soaked(
        tally,
        seconds,
        {name: fleet.told(name) for name in SERVERS},
        {name: fleet.predicts(name) for name in SERVERS},
        fleet.extra_tries(groups),
    )


def table(found: Soaked) -> str:
    """Return what became of each server's part, for people."""
    rows = [["server", "asked", "served", "refused", "failed", "ejections"]]
    for name, told in found.told.items():
        came, served, failed = found.came[name], told["served"], told["failed"]
        refused = came - served - failed
        numbers = (came, served, refused, failed, told["ejections"])
        rows.append([name, *map(str, numbers)])
    cannot = [
        f"{name} cannot: {', '.join(told['cannot'])}"
        for name, told in found.told.items()
        if told["cannot"]
    ]
    return "\n".join([aligned(rows), "", *cannot])


def pair(fleet: Fleet, kind: str) -> list[str]:
    """Ask a server of this kind and one of Immich's own; return a row of a table."""
    fleet.play({"odd": KINDS[kind], "nas": "v2"})
    tally = fleet.ask_all(mixed(EACH))
    told = fleet.told("odd")
    numbers = (
        len(tally.lost),
        len(tally.wrong),
        fleet.extra_tries(EACH),
        told["served"],
        told["ejections"],
    )
    health = fleet.proxy.json("/api/health")["odd"]
    words = [health["status"], health["error"], health.get("note", "")]
    return [kind, *map(str, numbers), "; ".join(filter(None, words))]


def pairs(fleet: Fleet) -> str:
    """Return a table of what the proxy makes of each kind of server."""
    heads = ["kind", "lost", "wrong", "extra tries", "served", "ejections", "told"]
    return aligned([heads, *(pair(fleet, kind) for kind in KINDS)])


def names(fleet: Fleet, count: int, clients: int = 4) -> int:
    """
    Have ``count`` invented models asked for, which one server refuses, one serves.

    :return: bytes of memory that the proxy has more than before.
    """
    fleet.play({"kepler": "kepler", "any": {"kind": "hailo", "full_at": 0}})
    fleet.ask_all([search(number) for number in range(200)], clients)
    before = resident_bytes([fleet.proxy.pid])
    for first in range(0, count, 1000):
        fleet.send_all([_invented(first + number) for number in range(1000)], clients)
    return resident_bytes([fleet.proxy.pid]) - before


def _invented(number: int) -> Ask:
    # Every tenth is long.
    name = f"invented-{number}" + "x" * (10_000 if number % 10 == 0 else 0)
    return search(number, {"clip": {"textual": CLIP | {"modelName": name}}})


@contextmanager
def running() -> Iterator[Fleet]:
    """Run a proxy and its servers while the context lasts."""
    started: list[Process] = []
    with tempfile.TemporaryDirectory(prefix="ml-proxy-fleet-") as folder:
        try:
            yield Fleet(Path(folder), started)
        finally:
            for process in started:
                process.kill()
