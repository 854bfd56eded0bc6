"""Kinds, durations and events, as people are told them."""

from __future__ import annotations

import pytest

from immich_ml_proxy.balancer.demand import Demand
from immich_ml_proxy.config.words import key_in_words
from immich_ml_proxy.observe.durations import in_words
from immich_ml_proxy.observe.events import KEPT, LONGEST, Events
from immich_ml_proxy.observe.kinds import IMAGES, KEYS, KINDS, kind_of
from tests.balancer.demands import IMAGE, PICTURE, ROUTE, image, needing, search


@pytest.mark.parametrize(
    ("demand", "kind"),
    [
        (search(), "search"),
        (image(), "clip"),
        (image(task="facial-recognition"), "faces"),
        (image(task="ocr"), "ocr"),
        (image(task="captions"), "other"),
        (
            Demand(ROUTE, IMAGE, ("clip", "ocr"), False, needing("clip"), PICTURE),
            "other",
        ),
    ],
)
def test_kinds_of_work(demand: Demand, kind: str) -> None:
    """Immich asks for four; all else, and several at once, is other work."""
    assert kind_of(demand) == kind
    assert kind in KINDS
    assert (kind in IMAGES) is (kind != "search")


def test_routing_keys_in_words() -> None:
    """As people call the work; what nobody has a word for is called by its key."""
    assert [key_in_words(key) for key in KEYS.values()] == [
        "searches",
        "pictures",
        "faces",
        "text in pictures",
    ]
    assert key_in_words("clip") == "searches and pictures"
    assert key_in_words("visual") == "pictures"
    assert key_in_words("captions") == "captions"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "0 s"),
        (119, "119 s"),
        (180, "3 min"),
        (7200, "2 h"),
        (7500, "2 h 5 min"),
        (86_400 * 3, "3 days"),
    ],
)
def test_durations(seconds: float, words: str) -> None:
    """As exact as one wants to know."""
    assert in_words(seconds) == words


def test_the_last_two_hundred_events_are_kept() -> None:
    """Each has a number of its own, and a sentence that is not too long."""
    events = Events()
    for number in range(KEPT + 5):
        events.add(float(number), "down", "x" * 500, "gpu")
    kept = list(events.after(0, 0.0))
    assert [one.id for one in kept] == list(range(6, KEPT + 6))
    assert {len(one.text) for one in kept} == {LONGEST}
    assert events.last_id == KEPT + 5
    assert [one.id for one in events.after(KEPT + 4, 0.0)] == [KEPT + 5]
    assert [one.id for one in events.after(0, 203.0)] == [204, 205]
