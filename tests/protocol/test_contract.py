"""What an answer as a whole owes for what was asked."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from immich_ml_proxy.config.model import Route
from immich_ml_proxy.protocol import merge
from immich_ml_proxy.protocol.contract import (
    FULL,
    OFF,
    SHAPE,
    Checked,
    Level,
    Violation,
    check,
    due_of,
)
from immich_ml_proxy.protocol.routing import Group
from tests.demo_requests import FACES, OCR, TEXTUAL, VISUAL
from tests.protocol.answers import (
    SIZE,
    accepted,
    asked,
    checked,
    embedding,
    face,
    reason,
    texts,
)

STRICT: tuple[Level, ...] = (FULL, SHAPE)

#: What is asked, and what answers it but for the size of the picture.
WHOLE = [
    (VISUAL, {"clip": embedding()}),
    (FACES, {"facial-recognition": [face(), face()]}),
    (OCR, {"ocr": texts(3)}),
    (FACES | OCR, {"facial-recognition": [], "ocr": texts(0)}),
    ({"pets": {"detection": {}}}, {"pets": 3}),
]


@pytest.mark.parametrize("level", STRICT)
@pytest.mark.parametrize(("entries", "answer"), WHOLE)
def test_what_fits_is_passed_on_as_it_is(
    entries: Any, answer: dict[str, Any], level: Level
) -> None:
    """Byte for byte, spaces and order too, with a member for every task."""
    body = json.dumps(answer | SIZE, indent=1).encode()
    passed = accepted(entries, body, level=level)
    assert passed.body is body
    assert passed.normalised == 0


@pytest.mark.parametrize("level", STRICT)
@pytest.mark.parametrize(("entries", "answer"), WHOLE)
def test_every_task_that_was_asked_has_its_member(
    entries: Any, answer: dict[str, Any], level: Level
) -> None:
    """Without it the answer is none, whatever else it has; the task is named."""
    for task in answer:
        rest = {name: value for name, value in answer.items() if name != task}
        violation = checked(entries, rest | SIZE | {"other": 1}, level=level)
        assert violation == Violation(task, f"answers no `{task}`")


@pytest.mark.parametrize("level", STRICT)
@pytest.mark.parametrize("missing", SIZE)
@pytest.mark.parametrize(("entries", "answer"), WHOLE)
def test_a_picture_has_a_size(
    entries: Any, answer: dict[str, Any], missing: str, level: Level
) -> None:
    """Without it Immich cannot place faces and texts; without a picture it has none."""
    lacking = answer | {name: 1 for name in SIZE if name != missing}
    violation = checked(entries, lacking, level=level)
    assert violation == Violation(None, f"answers no `{missing}`")
    accepted(entries, lacking, has_image=False, level=level)


@pytest.mark.parametrize("level", STRICT)
@pytest.mark.parametrize("name", SIZE)
@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("12", "a string"),
        (None, "null"),
        (True, "true"),
        (False, "false"),
        ([1], "an array"),
        ({}, "an object"),
    ],
)
def test_the_size_is_numbers(name: str, value: Any, kind: str, level: Level) -> None:
    """Anything else is told as what it is."""
    answer = {"clip": embedding()} | SIZE | {name: value}
    violation = checked(VISUAL, answer, level=level)
    assert violation == Violation(None, f"answers `{name}` as {kind}, not as a number")
    accepted(TEXTUAL, answer, has_image=False, level=level)


@pytest.mark.parametrize("number", [b"0", b"-1", b"14.5", b"1e3", b"9" * 400])
def test_any_number_is_a_size(number: bytes) -> None:
    """It is for the client to judge which."""
    body = b'{"pets":1,"imageHeight":%b,"imageWidth": %b}' % (number, number)
    assert accepted({"pets": {"x": {}}}, body).body is body


@pytest.mark.parametrize("level", STRICT)
@pytest.mark.parametrize(
    ("entries", "answer"),
    [
        ({}, {}),
        ({"clip": {}}, {}),
        ({"clip": {}, "ocr": {}}, {"clip": None}),
    ],
)
def test_a_task_without_types_is_owed_nothing(
    entries: Any, answer: Any, level: Level
) -> None:
    """Versions of the ML service differ in what they answer; the size is due."""
    accepted(entries, answer, has_image=False, level=level)
    accepted(entries, answer | SIZE, level=level)
    assert reason(entries, answer, level=level) == "answers no `imageHeight`"


@pytest.mark.parametrize("level", STRICT)
@pytest.mark.parametrize(
    "entries",
    [
        {"pets": {"recognition": {}, "detection": {}}},
        {"clip": {"audio": {}}},
        {"ocr": {"detection": {}}},
        {"facial-recognition": {"detection": {}}},
        {"facial_recognition": {"recognition": {}}},
        {"CLIP": {"visual": {}}},
    ],
)
@pytest.mark.parametrize("value", [None, 0, "", [], {}, [1], {"boxes": []}])
def test_unknown_tasks_and_types_are_only_looked_for(
    entries: Any, value: Any, level: Level
) -> None:
    """What they put out is not ours to know, nor what a detection alone does."""
    [task] = entries
    assert accepted(entries, {task: value} | SIZE, level=level).dimensions == {}
    assert reason(entries, SIZE, level=level) == f"answers no `{task}`"


@pytest.mark.parametrize("level", STRICT)
def test_members_that_nobody_asked_for_pass(level: Level) -> None:
    """A newer server may say more, and of any form."""
    answer = {"clip": embedding(), "ocr": 3, "new": [{}], "a": "[NaN]"}
    accepted(TEXTUAL, answer, has_image=False, level=level)


@pytest.mark.parametrize("level", STRICT)
@pytest.mark.parametrize("name", ["clip", "other", "imageWidth", "x" * 200, "a\n b"])
def test_two_members_of_one_name_are_no_answer(name: str, level: Level) -> None:
    """Which of them would count?"""
    members = dict.fromkeys(("clip", *SIZE, "more", name), 1)
    written = [f"{json.dumps(key)}: 1" for key in (*members, name)]
    violation = checked(VISUAL, ("{" + ",".join(written) + "}").encode(), level=level)
    shown = {"x" * 200: "x" * 100 + "…", "a\n b": "a b"}.get(name, name)
    assert violation == Violation(None, f"answers `{shown}` more than once")


def test_two_spellings_of_one_name_are_one_name() -> None:
    """Escapes make no other member of it."""
    assert reason(TEXTUAL, b'{"clip":"[1]","\\u0063lip":"[1]"}') == (
        "answers `clip` more than once"
    )


def test_numbers_are_told_by_task_and_model() -> None:
    """For whoever knows how many the model has."""
    entries = {
        "clip": {"textual": {"modelName": "a", "options": {"language": "en"}}},
        "facial-recognition": {
            "detection": {"modelName": "detector"},
            "recognition": {"modelName": "b"},
        },
        "ocr": OCR["ocr"],
    }
    answer = {
        "clip": embedding(768),
        "facial-recognition": [face(embedding=embedding(128))],
        "ocr": texts(1),
    }
    passed = accepted(entries, answer, has_image=False)
    assert passed.dimensions == {("clip", "a"): 768, ("facial-recognition", "b"): 128}
    assert accepted(entries, answer, has_image=False, level=SHAPE).dimensions == {}


@pytest.mark.parametrize(
    ("types", "model"),
    [
        ({"textual": {"modelName": "a"}, "visual": {"modelName": "a"}}, "a"),
        ({"textual": {"modelName": "a"}, "visual": {"modelName": "b"}}, None),
        ({"textual": {"modelName": "a"}, "visual": {}}, None),
        ({"visual": {"modelName": "a"}, "audio": {"modelName": "b"}}, "a"),
        ({"visual": {"modelName": 3}}, None),
        ({"visual": {}}, None),
        ({"visual": []}, None),
        ({"visual": 3}, None),
    ],
)
def test_numbers_of_nobody_knows_which_model_are_not_told(
    types: Any, model: str | None
) -> None:
    """They would be held against the wrong one; the answer fits all the same."""
    passed = accepted({"clip": types}, {"clip": embedding(3)}, has_image=False)
    assert passed.dimensions == ({} if model is None else {("clip", model): 3})


def test_a_name_that_is_no_utf_8_is_no_name() -> None:
    """Entries are raw values, too."""
    entries = {"clip": {"visual": msgspec.Raw(b'{"modelName":"\xff"}')}}
    body = json.dumps({"clip": embedding(3)} | SIZE).encode()
    passed = check(due_of(entries), True, body)
    assert isinstance(passed, Checked)
    assert passed.dimensions == {}


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b' {"clip": null}\n',
        b'{"clip":[1]}',
        b'{"clip":1,"clip":2}',
        b'{"clip":"\xff"}',
        b'{"a":"%b"}' % (b"x" * 17_000_000),
    ],
    ids=lambda body: body[:20],
)
def test_off_any_object_is_an_answer(body: bytes) -> None:
    """And is passed on as it is."""
    passed = accepted(FACES | VISUAL, body, level=OFF)
    assert passed.body is body
    assert passed.normalised == 0
    assert passed.dimensions == {}


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"<html>", b"{", b'{"a":1} x', b'{"\xff":1}']
)
def test_off_what_is_no_object_is_no_answer(body: bytes) -> None:
    """It could neither be merged nor be told to be JSON."""
    violation = checked(VISUAL, body, level=OFF)
    assert isinstance(violation, Violation)
    assert violation.task is None


@pytest.mark.parametrize("level", [FULL, SHAPE, OFF])
def test_the_members_are_what_merging_takes(level: Level) -> None:
    """So that no answer is decoded twice; what was normalised is so in them, too."""
    body = (
        b'{"clip":[1.0, -2e-3], "more" : {"x": 1e400 } ,"imageHeight":1,"imageWidth":2}'
    )
    passed = accepted(VISUAL, body, level=level)
    group = Group(Route("default", ("gpu",)), asked(VISUAL))
    merged = merge.merge(asked(VISUAL), [(group, passed.members)])
    clip = b"[1.0, -2e-3]" if level == OFF else b'"[1.0, -2e-3]"'
    assert merged == (
        b'{"clip":%b,"more":{"x": 1e400 },"imageHeight":1,"imageWidth":2}' % clip
    )
    assert merge.read(passed.body) == passed.members
