"""How alike two answers are."""

from __future__ import annotations

import json
from math import isclose

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.records.boxes import Face, Seen, seen
from immich_ml_proxy.records.similarity import cosine, overlap, same_faces, vector

NUMBERS = st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=8)
SIDE = st.floats(-1e6, 1e6, allow_nan=False)


def face(x1: float, y1: float, x2: float, y2: float, numbers: object = (1,)) -> Face:
    """Return a face with a vector."""
    return Face(
        x1, y1, x2, y2, 0.5, msgspec.Raw(json.dumps(json.dumps(numbers)).encode())
    )


@pytest.mark.parametrize(
    ("one", "other", "due"),
    [
        ([1, 0], [1, 0], 1),
        ([1, 0], [5, 0], 1),
        ([1, 0], [0, 1], 0),
        ([1, 0], [-2, 0], -1),
        ([3, 4], [1, 0], 0.6),
        ([1, 0], [1, 0, 0], None),
        ([0, 0], [1, 0], None),
        ([], [], None),
        (None, [1], None),
        ([1e200, 1], [1e200, 1], None),
    ],
)
def test_the_cosine(
    one: list[float] | None, other: list[float] | None, due: float | None
) -> None:
    """1 for the same direction; none where there is nothing to compare."""
    found = cosine(one, other)
    assert found == due or (found and due and isclose(found, due))


@given(NUMBERS, NUMBERS)
def test_a_cosine_is_one_whatever_the_numbers(
    one: list[float], other: list[float]
) -> None:
    """Between -1 and 1, the same both ways, and 1 with itself."""
    found = cosine(one, other)
    assert found is None or -1 <= found <= 1
    back = cosine(other, one)
    assert (found is None) == (back is None)
    own = cosine(one, one)
    assert own is None or isclose(own, 1)


@pytest.mark.parametrize(
    ("text", "due"),
    [
        (b'"[1, 2.5]"', [1, 2.5]),
        (b"[1, 2.5]", [1, 2.5]),
        (b'"x"', None),
        (b"", None),
        (b"null", None),
        (b'"[1, null]"', None),
        (b'"' + b" " * 600_000 + b'[1]"', None),
    ],
)
def test_a_vector_is_a_string_or_an_array(text: bytes, due: list[float] | None) -> None:
    """As servers of different age answer it."""
    assert vector(text) == due


@given(st.tuples(*[SIDE] * 8))
def test_an_overlap_is_a_part(sides: tuple[float, ...]) -> None:
    """From 0 to 1, the same both ways."""
    one, other = face(*sides[:4]), face(*sides[4:])
    found = overlap(one, other)
    assert 0 <= found <= 1.000001
    assert isclose(found, overlap(other, one), abs_tol=1e-9)


def test_each_face_is_in_one_pair() -> None:
    """The best one; half in common is not enough."""
    before = Seen(faces=[face(0, 0, 10, 10, [1, 0]), face(50, 0, 60, 10)])
    now = Seen(
        faces=[face(1, 0, 11, 10), face(0, 0, 10, 9, [1, 1]), face(55, 0, 65, 10)]
    )
    [pair] = same_faces(before, now)
    assert isclose(pair.iou, 0.9)
    assert pair.cosine is not None and isclose(pair.cosine, 0.5**0.5)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"facial-recognition": 3, "ocr": []}',
        b'{"facial-recognition": [{"boundingBox": {"x1": "a"}}]}',
        b'{"ocr": {"text": ["a"], "box": [1, 2]}}',
        b'{"facial-recognition": [' + b"{}," * 9000 + b"{}]}",
    ],
)
def test_what_is_no_answer_has_no_boxes(answer: bytes) -> None:
    """Whatever a server says."""
    found = seen(answer, 10)
    assert (list(found.faces), list(found.texts)) == ([], [])


def test_boxes_are_read_as_far_as_they_are_wanted() -> None:
    """With what stands in them."""
    box = {"x1": 1, "y1": 2, "x2": 3, "y2": 4}
    text = {"text": ["a" * 200, "b"], "box": list(range(16)), "textScore": [0.5]}
    told = {
        "facial-recognition": [{"boundingBox": box, "score": 0.9}] * 3,
        "ocr": text,
        "imageWidth": 4,
        "imageHeight": 3,
        "clip": "[1]",
    }
    found = seen(json.dumps(told).encode(), 2)
    assert (found.width, found.height, bytes(found.clip)) == (4, 3, b'"[1]"')
    assert [one.told for one in found.faces] == [box | {"score": 0.9}] * 2
    assert [one["points"] for one in found.texts] == [
        list(range(8)),
        list(range(8, 16)),
    ]
    assert [one["score"] for one in found.texts] == [0.5, 0]
    assert found.texts[0]["text"] == "a" * 79 + "…"
