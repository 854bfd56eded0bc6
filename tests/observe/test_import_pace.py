"""The time left during a simulated import of 5,000 pictures."""

from __future__ import annotations

import random
from typing import Any

import pytest

from immich_ml_proxy.observe.time_left import Queue, Queues
from tests.balancer.demands import image
from tests.observe.watching import Waits, Watched

PICTURES = 5000
KINDS = {"clip": "clip", "faces": "facial-recognition", "ocr": "ocr"}


class Import:
    """
    Immich's three queues, worked on at paces that vary as real ones do.

    :param paces: images per second by kind, on the average.
    """

    def __init__(self, paces: dict[str, float], chance: random.Random) -> None:
        self.watched = Watched({"name": "gpu"}, {"name": "mac"})
        self.left = dict.fromkeys(paces, PICTURES)
        self.ended: dict[str, float] = {}
        self._paces = paces
        self._debt = dict.fromkeys(paces, 0.0)
        self._chance = chance

    def second(self) -> Any:
        """Let a second pass, and return what is told of the time left."""
        watched, chance = self.watched, self._chance
        for kind, pace in self._paces.items():
            self._debt[kind] += pace * chance.lognormvariate(0, 0.5) / 1.133
            count = min(int(self._debt[kind]), self.left[kind])
            self._debt[kind] -= int(self._debt[kind])
            self.left[kind] -= count
            watched.serve(chance.choice(["gpu", "mac"]), count, task=KINDS[kind])
            if not self.left[kind]:
                self.ended.setdefault(kind, watched.now)
        demands = [image(watched.route(), KINDS[kind]) for kind in self.left]
        watched.under_way = [
            Waits(demand, is_waiting=False)
            for demand, kind in zip(demands, self.left, strict=True)
            if self.left[kind]
        ] * 2
        watched.advance()
        # Immich is asked every ten seconds; that is what is known of it.
        if int(watched.now) % 10 == 0:
            by_kind = {kind: Queue(left) for kind, left in self.left.items()}
            self.queues = Queues(by_kind, watched.now)
        queues = getattr(self, "queues", Queues())
        return watched.ask(queues=queues)["left"]


@pytest.mark.parametrize(
    "paces",
    [
        {"clip": 12.0},
        {"clip": 9.4, "faces": 6.0, "ocr": 8.0},
        {"clip": 30.0, "ocr": 4.0},
    ],
)
def test_the_time_left_is_right_within_a_fifth(paces: dict[str, float]) -> None:
    """From a minute after the start on; the slowest kind counts."""
    run = Import(paces, random.Random(11))
    told: list[tuple[float, Any]] = []
    while any(run.left.values()):
        left = run.second()
        told.append((run.watched.moment.unix(run.watched.now), left))
    slowest = max(run.ended, key=lambda kind: run.ended[kind])
    end = run.watched.moment.unix(run.ended[slowest])
    looked = 0
    for now, left in told[60:]:
        # In the last minute there is little left to tell.
        if end - now < 60:
            break
        looked += 1
        assert left["slowest"] == slowest
        assert left["ends"] - now == pytest.approx(end - now, rel=0.20)
    assert looked > 60
