"""What a behaviour may be: its fields, their form in JSON, and the kinds by name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from attrs import evolve

from immich_ml_proxy.demo import KINDS, MODES, PLAIN, Behaviour, Fault
from immich_ml_proxy.demo.behaviour import as_json, changed
from immich_ml_proxy.demo.kinds import change


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_survives_its_way_through_json(kind: str) -> None:
    """What a test reads from a server it can give to another."""
    document = json.loads(json.dumps(as_json(KINDS[kind])))
    assert changed(PLAIN, document) == KINDS[kind]


def test_the_kinds_differ() -> None:
    """Two names for the same thing are only those of the service itself."""
    others = [kind for name, kind in KINDS.items() if name not in ("up", "v2")]
    assert all(kind != PLAIN for kind in others)
    assert all(others.count(kind) == 1 for kind in others)
    assert KINDS["up"] == KINDS["v2"] == PLAIN
    assert set(MODES) <= set(KINDS)


def test_a_change_leaves_the_other_fields() -> None:
    """A field that is not named stays what it was; one set to its default changes."""
    base = Behaviour(places=3, cannot=("ocr",), faults=(Fault(what=500),))
    assert changed(base, {}) == base
    assert changed(base, {"places": 1, "faults": []}) == Behaviour(cannot=("ocr",))
    fault = {"what": "hang", "tasks": ["ocr"]}
    [hanging] = changed(base, {"faults": [fault]}).faults
    assert hanging == Fault(what="hang", tasks=("ocr",))


def test_a_kind_is_changed_to_with_all_its_fields() -> None:
    """What was set before is gone, what stands beside it holds."""
    base = Behaviour(places=3, front="login")
    changed_ = change(base, {"kind": "v3", "seconds": {"ocr": 2}})
    assert changed_ == evolve(KINDS["v3"], seconds={"ocr": 2.0})


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ([], "JSON object"),
        ({"place": 1}, "unknown fields: place"),
        ({"places": 0}, "places"),
        ({"places": "2"}, "int"),
        ({"seconds": -1}, "seconds"),
        ({"seconds": {"ocr": -1}}, "seconds"),
        ({"dimensions": -1}, "dimensions"),
        ({"cosine": 1.1}, "cosine"),
        ({"refuse_with": 200}, "refuse_with"),
        ({"crash_with": 600}, "crash_with"),
        ({"front": "door"}, "door"),
        ({"embedding": "tuple"}, "tuple"),
        ({"broken": {"clip": "ugly"}}, "ugly"),
        ({"faults": [{"what": "explode"}]}, "explode"),
        ({"faults": [{"what": 200}]}, "what"),
        ({"faults": [{"what": 500, "when": 1}]}, "unknown fields: when"),
        ({"faults": [{"what": 500, "every": 0}]}, "every"),
        ({"faults": [{"what": 429, "retry_after": "date+x"}]}, "retry_after"),
        ({"kind": "v4"}, "no such kind: v4"),
        ({"kind": 4}, "no such kind: 4"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(document: Any, words: str) -> None:
    """A misspelt switch would make a test pass for nothing."""
    with pytest.raises(ValueError, match=words):
        change(PLAIN, document)


@pytest.mark.parametrize(
    "document",
    [
        {"cosine": 0.0, "refuse_with": 300, "crash_with": 599},
        {"seconds": 0, "dimensions": 0, "max_body": 0},
        {"faults": [{"what": 300}, {"what": 599, "retry_after": "date+0"}]},
    ],
)
def test_bounds_are_part_of_what_may_be(document: dict[str, Any]) -> None:
    """The least and the most are taken."""
    assert set(document) <= set(as_json(changed(PLAIN, document)))


def test_a_fault_strikes_each_nth_the_first_few_and_for_a_time() -> None:
    """All that is said of when must hold; without any it is each and always."""

    def struck(fault: Fault, age: float = 0.0) -> list[int]:
        return [number for number in range(1, 10) if fault.strikes(number, age)]

    assert struck(Fault(what=500)) == list(range(1, 10))
    assert struck(Fault(what=500, every=3)) == [3, 6, 9]
    assert struck(Fault(what=500, first=2)) == [1, 2]
    assert struck(Fault(what=500, every=3, first=2)) == [3, 6]
    passing = Fault(what=500, every=4, seconds=5)
    assert struck(passing, 4.9) == [4, 8]
    assert struck(passing, 5.0) == []


def test_a_fault_is_for_a_place_and_for_tasks() -> None:
    """What asks for several tasks meets the faults of each."""
    assert Fault(what=500).is_for("predict", ("ocr",))
    assert not Fault(what=500).is_for("ping")
    assert Fault(what=500, at="all").is_for("ping")
    assert Fault(what=500, at="all").is_for("")
    ocr = Fault(what=500, tasks=("ocr",))
    assert ocr.is_for("predict", ("clip", "ocr"))
    assert not ocr.is_for("predict", ("clip",))
    assert not ocr.is_for("predict")
