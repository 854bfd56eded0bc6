"""Embeddings in answers."""

from __future__ import annotations

import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.protocol.contract import FULL, SHAPE, Level
from immich_ml_proxy.protocol.embedding import MAX_EMBEDDING_BYTES
from tests.demo_requests import FACES, TEXTUAL
from tests.protocol.answers import accepted, array, embedding, face, reason

STRICT: tuple[Level, ...] = (FULL, SHAPE)
MODEL = "ViT-B-32__openai"


def clip(value: Any) -> dict[str, Any]:
    """Return an answer to a search."""
    return {"clip": value}


@pytest.mark.parametrize("count", [1, 2, 512, 640, 768, 1024, 1152, 1536])
def test_any_number_of_numbers_fits_and_is_told(count: int) -> None:
    """Which is right depends on the model."""
    passed = accepted(TEXTUAL, clip(embedding(count)), has_image=False)
    assert passed.dimensions == {("clip", MODEL): count}


@pytest.mark.parametrize("level", STRICT)
@pytest.mark.parametrize(
    "text",
    [
        "[1]",
        "[-0.5, 1e-7,2E+3 ,0]",
        " [1,\n2,\t3] \r\n",
        "[0,0,0,5e-324]",
        "[" + "9" * 300 + "]",
    ],
)
def test_numbers_may_be_written_in_any_way(text: str, level: Level) -> None:
    """With spaces, as integers, with exponents; what came is passed on."""
    body = json.dumps(clip(text)).encode()
    assert accepted(TEXTUAL, body, has_image=False, level=level).body is body


def test_an_escaped_array_is_one() -> None:
    """A string is what it means, not how it is written."""
    body = b'{"clip":"\\u005b1,\\n2]"}'
    for level in STRICT:
        assert accepted(TEXTUAL, body, has_image=False, level=level).body is body
    assert accepted(TEXTUAL, body, has_image=False).dimensions == {("clip", MODEL): 2}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("[]", "without numbers"),
        ("[0]", "of zeros only"),
        ("[0, -0.0, 0e5]", "of zeros only"),
        ("[1,NaN]", "that has `NaN` for a number"),
        ("[-Infinity,1]", "that has `Infinity` for a number"),
        ("[1,null]", "that has `null` for a number"),
        (
            "[1,1e999]",
            "that is no array of numbers: `[1]` is a number that is too large",
        ),
        (
            '[1,"2"]',
            "that is no array of numbers: `[1]` must be a number, not a text",
        ),
        (
            "[true]",
            "that is no array of numbers: `[0]` must be a number, not true or false",
        ),
        (
            "[[1,2]]",
            "that is no array of numbers: `[0]` must be a number, not a list",
        ),
        ("[1,2", "that is no array of numbers: it is not JSON"),
        ("[1]]", "that is no array of numbers: it is not JSON"),
    ],
)
def test_what_holds_no_numbers_is_no_embedding(value: str, words: str) -> None:
    """As half a model, or one that ran out of its number format, answers; ``shape``
    does not see it."""
    told = f"answers `clip` with an embedding {words}"
    assert reason(TEXTUAL, clip(value), has_image=False).startswith(told)
    accepted(TEXTUAL, clip(value), has_image=False, level=SHAPE)
    told = f"answers `facial-recognition` with an embedding {words}"
    answer = {"facial-recognition": [face(), face(embedding=value)]}
    assert reason(FACES, answer, has_image=False).startswith(told)
    accepted(FACES, answer, has_image=False, level=SHAPE)


@pytest.mark.parametrize(
    "value", ["", "abc", "{}", "1", '"[1]"', "null", " ", "\ufeff[1]"]
)
def test_a_string_that_holds_no_array_is_no_embedding(value: str) -> None:
    """As every level sees."""
    words = "with a string for an embedding that holds no array"
    for entries, answer in (
        (TEXTUAL, clip(value)),
        (FACES, {"facial-recognition": [face(embedding=value)]}),
    ):
        [task] = entries
        for level in STRICT:
            told = reason(entries, answer, has_image=False, level=level)
            assert told == f"answers `{task}` {words}"


@pytest.mark.parametrize("level", STRICT)
@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "null"),
        (1.5, "a number"),
        (-1, "a number"),
        (True, "true"),
        (False, "false"),
        ({"0": 1}, "an object"),
    ],
)
def test_what_is_neither_string_nor_array_is_no_embedding(
    value: Any, kind: str, level: Level
) -> None:
    """It is told as what it is."""
    told = reason(TEXTUAL, clip(value), has_image=False, level=level)
    assert told == f"answers `clip` with {kind} for an embedding"
    answer = {"facial-recognition": [face(embedding=value)]}
    told = reason(FACES, answer, has_image=False, level=level)
    assert told == f"answers `facial-recognition` with {kind} for an embedding"


@pytest.mark.parametrize("level", STRICT)
def test_an_array_becomes_the_string_that_immich_takes(level: Level) -> None:
    """Its numbers stay as they are written, and so does every other value."""
    body = (
        b'{ "before":{"a" : [1, 2]}, "clip": [1.00,-2E-3 ,\n 1e-45], '
        b'"imageHeight":1440.0,"imageWidth":2160 }'
    )
    passed = accepted(TEXTUAL, body, level=level)
    assert passed.body == (
        b'{"before":{"a" : [1, 2]},"clip":"[1.00,-2E-3 ,\\n 1e-45]",'
        b'"imageHeight":1440.0,"imageWidth":2160}'
    )
    assert passed.normalised == 1
    assert bytes(passed.members["clip"]) == b'"[1.00,-2E-3 ,\\n 1e-45]"'
    expected = {("clip", MODEL): 3} if level == FULL else {}
    assert passed.dimensions == expected


@pytest.mark.parametrize("level", STRICT)
def test_arrays_in_faces_become_strings(level: Level) -> None:
    """Each of them is counted; the faces that have strings stay as they are."""
    faces = [
        face(embedding=array(4), more={"x": [1]}),
        face(embedding=embedding(4)),
        face(embedding=array(4), score=1),
    ]
    passed = accepted(FACES, {"facial-recognition": faces, "x": 1}, False, level)
    assert passed.normalised == 2
    answer = json.loads(passed.body)
    assert [json.loads(one["embedding"]) for one in answer["facial-recognition"]] == [
        array(4)
    ] * 3
    for before, after in zip(faces, answer["facial-recognition"], strict=True):
        assert list(before) == list(after)
        assert before | {"embedding": 0} == after | {"embedding": 0}
    assert answer["x"] == 1


@pytest.mark.parametrize("level", STRICT)
def test_every_array_in_an_answer_is_counted(level: Level) -> None:
    """Whatever task it is of."""
    answer = {
        "clip": array(4),
        "facial-recognition": [face(embedding=array(4)), face(embedding=array(4))],
    }
    passed = accepted(TEXTUAL | FACES, answer, False, level)
    assert passed.normalised == 3
    assert json.loads(passed.body) == {
        "clip": json.dumps(array(4)),
        "facial-recognition": [face(embedding=json.dumps(array(4)))] * 2,
    }


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([], "without numbers"),
        ([0, 0], "of zeros only"),
        ([None], "that has `null` for a number"),
        (
            ["1"],
            "that is no array of numbers: `[0]` must be a number, not a text",
        ),
    ],
)
def test_an_array_without_numbers_is_no_embedding(value: Any, words: str) -> None:
    """It is held to what a string is held to."""
    told = f"answers `clip` with an embedding {words}"
    assert reason(TEXTUAL, clip(value), has_image=False) == told
    accepted(TEXTUAL, clip(value), has_image=False, level=SHAPE)


@pytest.mark.parametrize("level", STRICT)
@pytest.mark.parametrize("wrap", [embedding, array])
def test_what_is_far_too_long_is_no_embedding(wrap: Any, level: Level) -> None:
    """Nobody decodes it."""
    answer = clip(wrap(MAX_EMBEDDING_BYTES // 2))
    told = reason(TEXTUAL, answer, has_image=False, level=level)
    assert told.startswith("answers `clip` with an embedding of ")
    assert told.endswith(" bytes")


NUMBERS = st.lists(
    st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**20), 10**20)
)


@given(NUMBERS, st.booleans())
def test_numbers_fit_unless_all_are_zero(numbers: list[float], as_array: bool) -> None:
    """As a string or as an array: the same is passed on."""
    value = numbers if as_array else json.dumps(numbers)
    if not any(numbers):
        assert "embedding" in reason(TEXTUAL, clip(value), has_image=False)
        return
    passed = accepted(TEXTUAL, clip(value), has_image=False)
    assert json.loads(json.loads(passed.body)["clip"]) == numbers
    assert passed.dimensions == {("clip", MODEL): len(numbers)}
    assert passed.normalised == as_array


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists))
def test_nothing_but_finite_numbers_passes(value: Any) -> None:
    """Whatever else the string holds."""
    text = json.dumps(value)
    is_embedding = (
        isinstance(value, list)
        and all(isinstance(one, float) and math.isfinite(one) for one in value)
        and any(value)
    )
    if is_embedding:
        accepted(TEXTUAL, clip(text), has_image=False)
    else:
        reason(TEXTUAL, clip(text), has_image=False)


def test_numbers_are_never_written_anew() -> None:
    """Digits that no float holds are passed on."""
    body = b'{"clip":[0.10000000000000000001,12345678901234567890.5]}'
    passed = accepted(TEXTUAL, body, has_image=False)
    assert msgspec.json.decode(passed.body) == {
        "clip": "[0.10000000000000000001,12345678901234567890.5]"
    }
