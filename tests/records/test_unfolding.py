"""The numbers that were left out of an answer are found, or it is told why not."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.records.unfolding import MOST, numbers_at

ANSWER = json.dumps(
    {
        "clip": json.dumps([0.25] * 512),
        "facial-recognition": [{"embedding": [1, -2.5]}],
        "a/b~c": [7],
        "text": "dog",
        "many": [0] * (MOST + 1),
    }
).encode()


@pytest.mark.parametrize(
    ("pointer", "found"),
    [
        ("/clip", [0.25] * 512),
        ("/facial-recognition/0/embedding", [1.0, -2.5]),
        ("/a~1b~0c", [7.0]),
    ],
)
def test_numbers_are_found_in_an_array_or_in_a_string(
    pointer: str, found: list[float]
) -> None:
    """Embeddings come as a string that holds an array; names may have a slash."""
    assert numbers_at(ANSWER, pointer) == found


@pytest.mark.parametrize(
    ("pointer", "reason"),
    [
        ("", "no numbers"),
        ("/text", "no numbers"),
        ("/facial-recognition", "no numbers"),
        ("/facial-recognition/1", "no such place"),
        ("/facial-recognition/-1", "no such place"),
        ("/facial-recognition/٠", "no such place"),
        ("/facial-recognition/" + "9" * 400, "no such place"),
        ("/clip/0", "no such place"),
        ("/gone", "no such place"),
        ("/many", "more than"),
    ],
)
def test_what_is_no_place_of_numbers_is_told(pointer: str, reason: str) -> None:
    """In words, whatever was asked for."""
    with pytest.raises(LookupError, match=reason):
        numbers_at(ANSWER, pointer)


def test_an_answer_that_is_none_is_told() -> None:
    """It is no JSON, or has so much in it that to look at it takes too long."""
    with pytest.raises(LookupError, match="no JSON"):
        numbers_at(b"<html>", "/clip")
    with pytest.raises(LookupError, match="too much"):
        numbers_at(b"[" * 1_000_000, "/0")


@given(st.binary(max_size=60), st.text(max_size=20))
def test_nothing_else_comes_of_anything(answer: bytes, pointer: str) -> None:
    """Numbers, or a reason."""
    try:
        found = numbers_at(answer, pointer)
    except LookupError:
        return
    assert all(isinstance(one, float) for one in found)
