"""Faces and texts in answers."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from immich_ml_proxy.protocol.contract import FULL, SHAPE, Level, Violation
from immich_ml_proxy.protocol.embedding import Unfit
from immich_ml_proxy.protocol.outputs import FORMS
from tests.demo_requests import FACES, OCR
from tests.protocol.answers import accepted, checked, embedding, face, reason, texts

STRICT: tuple[Level, ...] = (FULL, SHAPE)
BOX = {"x1": 1, "y1": 2.5, "x2": -3, "y2": 0}


def faces(*found: Any) -> dict[str, Any]:
    """Return an answer with these faces."""
    return {"facial-recognition": list(found)}


def without(name: str) -> dict[str, Any]:
    """Return a box that lacks a corner."""
    return {key: value for key, value in BOX.items() if key != name}


@pytest.mark.parametrize("level", STRICT)
@pytest.mark.parametrize("types", [["recognition"], ["detection", "recognition"]])
@pytest.mark.parametrize("count", [0, 1, 5])
def test_any_number_of_faces_is_right(
    types: list[str], count: int, level: Level
) -> None:
    """None, too: most pictures have none."""
    entries = {"facial-recognition": {kind: {"modelName": "b"} for kind in types}}
    passed = accepted(entries, faces(*[face()] * count), False, level)
    has_numbers = count and level == FULL
    expected = {("facial-recognition", "b"): 512} if has_numbers else {}
    assert passed.dimensions == expected


@pytest.mark.parametrize("level", STRICT)
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"boundingBox": ...}, "`[1]` has no `boundingBox`"),
        ({"embedding": ...}, "`[1]` has no `embedding`"),
        ({"score": ...}, "`[1]` has no `score`"),
        ({"score": None}, "`[1].score` must be a number, not null"),
        ({"score": "0.9"}, "`[1].score` must be a number, not a text"),
        ({"score": True}, "`[1].score` must be a number, not true or false"),
        (
            {"boundingBox": [1, 2, 3, 4]},
            "`[1].boundingBox` must be an object, not a list",
        ),
        (
            {"boundingBox": BOX | {"x2": "3"}},
            "`[1].boundingBox.x2` must be a number, not a text",
        ),
        *(
            (
                {"boundingBox": without(name)},
                f"`[1].boundingBox` has no `{name}`",
            )
            for name in BOX
        ),
    ],
)
def test_a_face_has_a_box_an_embedding_and_a_score(
    wrong: dict[str, Any], words: str, level: Level
) -> None:
    """What is wrong is told with its place."""
    violation = checked(FACES, faces(face(), face(**wrong)), False, level)
    told = f"answers `facial-recognition` in another form: {words}"
    assert violation == Violation("facial-recognition", told)


@pytest.mark.parametrize("level", STRICT)
@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "null"),
        ({}, "an object"),
        ("[]", "a text"),
        (0, "a number"),
        (True, "true or false"),
    ],
)
def test_faces_are_a_list(value: Any, kind: str, level: Level) -> None:
    """Not even an empty object is no faces."""
    told = reason(FACES, {"facial-recognition": value}, False, level)
    assert told == (
        f"answers `facial-recognition` in another form: it must be a list, not {kind}"
    )


@pytest.mark.parametrize("level", STRICT)
@pytest.mark.parametrize("value", [None, 1, "face", []])
def test_a_face_is_an_object(value: Any, level: Level) -> None:
    """Nothing else has a box."""
    told = reason(FACES, faces(face(), value), False, level)
    assert "`[1]` must be an object, not " in told


@pytest.mark.parametrize("level", STRICT)
def test_a_face_may_have_more(level: Level) -> None:
    """A newer server may say more of it."""
    box = BOX | {"z": None}
    accepted(FACES, faces(face(boundingBox=box, landmarks=[[1, 2]])), False, level)


def test_all_faces_have_as_many_numbers() -> None:
    """They come from one model; ``shape`` does not see it."""
    answer = faces(face(), face(embedding=embedding(128)), face())
    told = reason(FACES, answer, False)
    assert told == (
        "answers `facial-recognition` with embeddings of 128 and of 512 numbers"
    )
    accepted(FACES, answer, False, SHAPE)


def test_of_many_numbers_three_are_told() -> None:
    """A reason stays short."""
    found = [face(embedding=embedding(count)) for count in range(9, 0, -1)]
    assert reason(FACES, faces(*found), False) == (
        "answers `facial-recognition` with embeddings of 1, of 2 and of 3 numbers"
    )


@pytest.mark.parametrize("level", STRICT)
@pytest.mark.parametrize("types", [["recognition"], ["recognition", "detection"]])
@pytest.mark.parametrize("count", [0, 1, 50])
def test_any_number_of_texts_is_right(
    types: list[str], count: int, level: Level
) -> None:
    """None, too: most pictures have none."""
    entries = {"ocr": {kind: {"modelName": "x"} for kind in types}}
    assert accepted(entries, {"ocr": texts(count)}, False, level).dimensions == {}


@pytest.mark.parametrize("level", STRICT)
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"box": [0.5] * 16}, "with 3 texts but 16 `box` numbers"),
        ({"box": [0.5] * 25}, "with 3 texts but 25 `box` numbers"),
        ({"box": []}, "with 3 texts but 0 `box` numbers"),
        ({"boxScore": [1.0] * 2}, "with 3 texts but 2 `boxScore` numbers"),
        ({"textScore": [1.0] * 4}, "with 3 texts but 4 `textScore` numbers"),
        ({"text": []}, "with 0 texts but 3 `boxScore` numbers"),
        ({"text": ["a"] * 2}, "with 2 texts but 3 `boxScore` numbers"),
        *(
            ({name: ...}, f"in another form: it has no `{name}`")
            for name in ("text", "box", "boxScore", "textScore")
        ),
        (
            {"text": [1, 2, 3]},
            "in another form: `text[0]` must be a text, not a number",
        ),
        ({"text": "abc"}, "in another form: `text` must be a list, not a text"),
        (
            {"box": [[0.5] * 8] * 3},
            "in another form: `box[0]` must be a number, not a list",
        ),
        (
            {"textScore": [1, None, 1]},
            "in another form: `textScore[1]` must be a number, not null",
        ),
        (
            {"boxScore": [1, 1, "1"]},
            "in another form: `boxScore[2]` must be a number, not a text",
        ),
    ],
)
def test_every_text_has_four_corners_and_two_scores(
    changes: dict[str, Any], words: str, level: Level
) -> None:
    """What was found is told."""
    violation = checked(OCR, {"ocr": texts(3, **changes)}, False, level)
    assert violation == Violation("ocr", f"answers `ocr` {words}")


@pytest.mark.parametrize("level", STRICT)
@pytest.mark.parametrize(
    ("value", "kind"), [(None, "null"), ([], "a list"), ("", "a text"), (1, "a number")]
)
def test_texts_are_an_object(value: Any, kind: str, level: Level) -> None:
    """Not even an empty list is no texts."""
    told = reason(OCR, {"ocr": value}, False, level)
    words = f"in another form: it must be an object, not {kind}"
    assert told == f"answers `ocr` {words}"


@pytest.mark.parametrize("level", STRICT)
def test_texts_may_come_with_more(level: Level) -> None:
    """A newer server may say more of them."""
    accepted(OCR, {"ocr": texts(2) | {"language": ["en", None]}}, False, level)


@pytest.mark.parametrize(
    ("task", "form"),
    [("facial-recognition", '[{{"more":{}}}]'), ("ocr", '{{"more":{}}}')],
)
def test_what_is_nested_too_deeply_is_told(task: str, form: str) -> None:
    """As any other form is; Python 3.13 reads thousands of levels, others fewer."""
    value = msgspec.Raw(form.format("[" * 100_000 + "]" * 100_000).encode())
    with pytest.raises(Unfit, match="in another form: it is nested too deep"):
        FORMS[task].read(value, True)


@pytest.mark.parametrize("level", STRICT)
def test_the_first_task_that_fails_is_told(level: Level) -> None:
    """In the order in which they were asked."""
    answer = {"ocr": None, "facial-recognition": None}
    for entries, task in ((OCR | FACES, "ocr"), (FACES | OCR, "facial-recognition")):
        violation = checked(entries, answer, False, level)
        assert isinstance(violation, Violation)
        assert violation.task == task
