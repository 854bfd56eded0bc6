"""Answers that no ML server means: an answer or a reason, and nothing else."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.protocol.contract import (
    FULL,
    MAX_ANSWER_BYTES,
    OFF,
    SHAPE,
    Checked,
    Level,
    Violation,
    check,
    due_of,
)
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
LEVELS: tuple[Level, ...] = (FULL, SHAPE, OFF)
ALL: dict[str, Any] = VISUAL | FACES | OCR
ANSWER: dict[str, Any] = {
    "clip": embedding(4),
    "facial-recognition": [face(embedding=embedding(4))],
    "ocr": texts(1),
    **SIZE,
}


@pytest.mark.parametrize("level", STRICT)
@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "answers nothing"),
        (b" \r\n", "answers nothing"),
        (b"\xef\xbb\xbf{}", "answers a byte order mark before its JSON"),
        (b"[]", "answers an array, not an object"),
        (b"\n [1", "answers an array, not an object"),
        (b"null", "answers null, not an object"),
        (b"true", "answers true, not an object"),
        (b"-3", "answers a number, not an object"),
        (b'"pong"', "answers a string, not an object"),
        (b"\xff\xfe{\0}\0", "answers what is not UTF-8"),
        (b'{"clip":"\xed\xa0\x80"}', "answers what is not UTF-8"),
        (b'{"clip":"\xc3', "answers what is not UTF-8"),
        (b"[" * 200_000, "answers an array, not an object"),
        (b'{"a":' * 200_000, "answers JSON that is nested too deeply"),
        (b'{"a":' + b"[" * 200_000, "answers JSON that is nested too deeply"),
        (b'{"clip":NaN}', "answers what is not JSON; "),
        (b'{"clip":-Infinity}', "answers what is not JSON; "),
        (b'{"clip":"\\ud800"}', "answers what is not JSON; "),
        (b'{"clip":"a\nb"}', "answers what is not JSON; "),
        (b'{"clip":"[1]"', "answers what is not JSON; "),
        (b'{"clip":"[1]"}}', "answers what is not JSON; "),
        (b'{"clip":"[1]"}{}', "answers what is not JSON; "),
        (b"{'clip':'[1]'}", "answers what is not JSON; "),
        (b"\x1f\x8b\x08\x00\x00", "answers what is not UTF-8"),
    ],
    ids=lambda value: value[:20] if isinstance(value, bytes) else None,
)
def test_what_is_no_json_object_is_no_answer(
    body: bytes, words: str, level: Level
) -> None:
    """All that was asked has failed; what came is told."""
    violation = checked(ALL, body, level=level)
    assert isinstance(violation, Violation)
    assert violation.task is None
    assert violation.reason.startswith(words)


def test_what_is_not_json_is_shown() -> None:
    """As much as tells a person what it is, in a line that can be printed."""
    page = b"\r\nBad\t gateway\0 \x1b[31mtoday\xc2\xa0\xc3\xa9 " + b"x" * 10_000
    told = reason(VISUAL, page)
    shown = "Bad gateway [31mtoday é " + "x" * 36 + "…"
    assert told.startswith("answers what is not JSON; ")
    assert told.endswith(f"; it begins with `{shown}`")
    assert told.isprintable()


@pytest.mark.parametrize("level", STRICT)
@pytest.mark.parametrize(
    "body",
    [
        b"x" * 100_000_000,
        b"[" * 100_000_000,
        b'{"clip":"[' + b"0," * 50_000_000 + b'0]"}',
        b"\xff" * 100_000_000,
    ],
    ids=["letters", "brackets", "numbers", "bytes"],
)
def test_100_mb_are_no_answer(body: bytes, level: Level) -> None:
    """They are not even looked at."""
    tracemalloc.start()
    try:
        told = reason(VISUAL, body, level=level)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert told == f"answers {len(body)} bytes, more than any answer has"
    assert peak < 1_000_000


def test_a_large_answer_is_one() -> None:
    """A picture of a crowd, every face with many digits."""
    crowd = [face(embedding=json.dumps([1 / (n + 3) for n in range(512)]))] * 1000
    body = json.dumps({"facial-recognition": crowd} | SIZE).encode()
    assert MAX_ANSWER_BYTES / 2 < len(body) < MAX_ANSWER_BYTES
    accepted(FACES, body)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    "place",
    [
        '{{"clip":{0}}}',
        '{{"clip":"{0}"}}',
        '{{"clip":"[1]","x":{0}}}',
        '{{"clip":"[1]","facial-recognition":[{{"embedding":{0}}}]}}',
        '{{"clip":"[1]","facial-recognition":[{{"x":{0}}}]}}',
        '{{"clip":"[1]","facial-recognition":{0}}}',
        '{{"clip":"[1]","facial-recognition":[],"ocr":{0}}}',
        '{{"clip":"[1]","facial-recognition":[],"ocr":{{"x":{0}}}}}',
    ],
)
def test_no_depth_is_too_much(place: str, level: Level) -> None:
    """However deeply anything is nested: a reason, or an answer that says more."""
    # Where the depth of the stack ends depends on who calls.
    for depth in (5, 100, *range(900, 1010), 5000):
        for opening, closing in ("[]", ('{"a":', "}")):
            nested = opening * depth + "1" + closing * depth
            if '"{0}"' in place:
                nested = nested.replace('"', '\\"')
            body = place.format(nested).encode()
            assert isinstance(checked(ALL, body, level=level), Checked | Violation)


def test_a_face_may_be_normalised_at_any_depth() -> None:
    """What else it has is not looked into, however deep it is."""
    for depth in range(900, 1010):
        more = "[" * depth + "]" * depth
        one = json.dumps(face(embedding=[1.0], more=0))
        one = one.replace('"more": 0', f'"more": {more}')
        body = f'{{"facial-recognition":[{one}]}}'
        answered = checked(FACES, body.encode(), has_image=False)
        if isinstance(answered, Checked):
            assert answered.normalised == 1
            assert more.encode() in answered.body


def test_what_is_asked_may_be_nested_at_any_depth() -> None:
    """It is what clients send; where it is too much, no model is told."""
    body = json.dumps({"clip": embedding(4)}).encode()
    for depth in (5, *range(900, 1010)):
        options = b"[" * depth + b"]" * depth
        entry = msgspec.Raw(b'{"modelName":"x","options":%b}' % options)
        passed = check(due_of({"clip": {"textual": entry}}), False, body)
        assert isinstance(passed, Checked)
        assert passed.dimensions in ({}, {("clip", "x"): 4})
        assert passed.dimensions or depth > 5


@given(st.binary(max_size=200), st.sampled_from(LEVELS), st.booleans())
def test_any_bytes_are_an_answer_or_none(
    body: bytes, level: Level, has_image: bool
) -> None:
    """Nothing is raised, whatever a server says."""
    for entries in (VISUAL, FACES, OCR, ALL, {}):
        assert isinstance(
            check(due_of(asked(entries)), has_image, body, level), Checked | Violation
        )


PIECES = st.sampled_from(
    [
        *(json.dumps(one).encode() for one in ("clip", "facial-recognition", "ocr")),
        *(json.dumps(one).encode() for one in (*face(), *texts(0), *SIZE)),
        *(bytes([one]) for one in b'[]{},:"\\ \n\0\x7f\xff\xc3\xa9'),
        b'"[0.5]"',
        b"[0.5]",
        b"1",
        b"-1e999",
        b"NaN",
        b"null",
        b"true",
        b"\\u",
        b"\\ud800",
        b"\\u0000",
        b'{"x1":1,"y1":1,"x2":1,"y2":1}',
    ]
)


@given(st.lists(PIECES, max_size=40), st.sampled_from(LEVELS), st.booleans())
def test_any_pieces_of_answers_are_an_answer_or_none(
    pieces: list[bytes], level: Level, braces: bool
) -> None:
    """Nor is anything raised for what looks like an answer for a while."""
    body = b"".join(pieces)
    if braces:
        body = b'{"clip":' + body + b"}"
    for entries in (TEXTUAL, FACES, OCR, ALL):
        assert isinstance(
            check(due_of(asked(entries)), False, body, level), Checked | Violation
        )


@given(st.data(), st.sampled_from(LEVELS))
def test_damaged_answers_are_an_answer_or_none(
    data: st.DataObject, level: Level
) -> None:
    """With bytes changed, taken out or put in; what passes is JSON for everybody."""
    body = bytearray(json.dumps(ANSWER, ensure_ascii=False).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(body)))
        end = data.draw(st.integers(start, min(len(body), start + 3)))
        body[start:end] = data.draw(st.binary(max_size=3))
    answered = checked(ALL, bytes(body), level=level)
    if isinstance(answered, Violation):
        assert answered.reason.startswith("answers ")
        assert answered.reason.isprintable()
    elif level != OFF:
        assert isinstance(json.loads(answered.body), dict)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["[1]", "[0]", "[NaN]"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from([*face(), *texts(0), "x1", "y1", "x2", "y2"]), inner
        )
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(list(ANSWER)), JSON), st.sampled_from(LEVELS))
def test_any_values_are_an_answer_or_none(values: dict[str, Any], level: Level) -> None:
    """Nothing is raised for members of another form."""
    for whole in (values, ANSWER | values):
        assert isinstance(checked(ALL, whole, level=level), Checked | Violation)
