"""JSON as people look at it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.records.folding import MOST_DEPTH, Room, folded

ROOM = Room(characters=100, items=10, values=200)

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: (
        st.lists(inner, max_size=30) | st.dictionaries(st.text(), inner, max_size=30)
    ),
    max_leaves=60,
)


def fold(value: object) -> Any:
    """Return a value, folded."""
    return folded(json.dumps(value).encode(), ROOM)


@pytest.mark.parametrize("numbers", [[0.5] * 512, list(range(11))])
def test_an_array_of_numbers_is_told_by_its_beginning(numbers: list[float]) -> None:
    """Also when a string holds it, as embeddings are."""
    due = {"numbers": len(numbers), "first": numbers[:5]}
    assert fold({"a": numbers}) == {"a": due}
    if len(numbers) > 50:
        assert fold({"a": json.dumps(numbers)}) == {"a": due}


@pytest.mark.parametrize(
    "value",
    [
        [1, 2, 3],
        [1] * 9 + ["x"],
        "[a, b, c]",
        "[" + "x, " * 30 + "]",
        "[1, 2, 3, 4, x" + " " * 60 + "]",
        {"a": {"b": [None, True, 1.5]}},
    ],
)
def test_what_is_short_is_told_as_it_is(value: object) -> None:
    """And what only looks like numbers."""
    assert fold(value) == value


def test_what_is_left_out_is_counted() -> None:
    """Of texts, lists and objects."""
    assert fold("x" * 500) == {"characters": 500, "first": "x" * 99 + "…"}
    assert fold(["x"] * 15) == ["x"] * 10 + [{"more": 5}]
    many = {str(number): "x" for number in range(15)}
    assert fold(many) == {**{str(n): "x" for n in range(10)}, "…": 5}


def test_what_is_deep_is_left_out() -> None:
    """Nobody looks there."""
    value: Any = 1
    for _ in range(50):
        value = [value]
    told = fold(value)
    for _ in range(MOST_DEPTH):
        [told] = told
    assert told == "…"


def test_secrets_are_masked() -> None:
    """By their names, and in addresses."""
    value = {"apiKey": {"a": "hunter2"}, "url": "http://me:hunter2@host/?token=hunter2"}
    assert "hunter2" not in json.dumps(fold(value))


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"\xff",
        b"[" * 100_000,
        b"[" + b"{}," * 30_000 + b"1]",
        b"1," * 200_000,
    ],
)
def test_what_cannot_be_read_is_told_apart(text: bytes) -> None:
    """No JSON, or too much of it."""
    with pytest.raises(ValueError, match=r"."):
        folded(text, ROOM)


@given(JSON)
def test_whatever_it_is_it_becomes_small(value: object) -> None:
    """Not more values than there is room for, and each of them short."""
    text = json.dumps(fold(value))
    assert len(text) < 200 * 1000
