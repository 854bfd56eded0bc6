"""Several answers made one."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.config.model import Route
from immich_ml_proxy.protocol import merge, routing
from immich_ml_proxy.protocol.routing import Group


def tasks_of(entries: Any) -> routing.Tasks:
    """Return what is asked for."""
    return routing.read(json.dumps(entries).encode())


def merged(asked: Any, *answers: tuple[Any, Any]) -> bytes:
    """Return the one answer; ``answers`` are what was asked and what was answered."""
    return merge.merge(
        tasks_of(asked),
        [
            (
                Group(Route("default", ("gpu",)), tasks_of(entries)),
                merge.read(json.dumps(answer).encode()) or {},
            )
            for entries, answer in answers
        ],
    )


SIZE = {"imageHeight": 1440, "imageWidth": 2160}


def test_tasks_stand_in_the_order_of_the_request_and_the_size_last() -> None:
    """As an ML server would have answered, whoever was first."""
    asked: dict[str, Any] = {
        "ocr": {"a": {}},
        "clip": {"visual": {}},
        "faces": {"b": {}},
    }
    answer = merged(
        asked,
        ({"clip": {"visual": {}}}, {"clip": "[1]", **SIZE}),
        ({"faces": {"b": {}}}, {"faces": [], **SIZE}),
        ({"ocr": {"a": {}}}, {"ocr": {}, **SIZE}),
    )
    assert json.loads(answer) == {"ocr": {}, "clip": "[1]", "faces": [], **SIZE}
    assert list(json.loads(answer)) == ["ocr", "clip", "faces", *SIZE]


@pytest.mark.parametrize("last", [{"imageWidth": 1}, {"imageHeight": 1}, SIZE, {}])
@pytest.mark.parametrize("first", [{}, {"imageHeight": 7}, {"imageWidth": 7}])
def test_the_size_is_told_by_whoever_knows_it(
    first: dict[str, int], last: dict[str, int]
) -> None:
    """A search knows of none; the height stands before the width, the first counts."""
    asked: dict[str, Any] = {"a": {"x": {}}, "b": {"x": {}}}
    answer = merged(
        asked,
        ({"a": {"x": {}}}, {**first, "a": 1}),
        ({"b": {"x": {}}}, {**last, "b": 2}),
    )
    size = {**last, **first}
    assert json.loads(answer) == {"a": 1, "b": 2, **size}
    assert list(json.loads(answer)) == ["a", "b", *sorted(size)]


def test_a_task_that_nobody_answered_is_left_out() -> None:
    """It is for the client to judge what that means."""
    asked: dict[str, Any] = {"a": {"x": {}}, "b": {"x": {}}, "c": {"x": {}}}
    answer = merged(asked, ({"a": {"x": {}}, "b": {"x": {}}}, {"b": 1}))
    assert json.loads(answer) == {"b": 1}


def test_what_one_of_two_groups_answered_of_a_task_is_its_answer() -> None:
    """Not told apart by type: there is only one."""
    asked: dict[str, Any] = {"t": {"a": {}, "b": {}}}
    answer = merged(
        asked, ({"t": {"a": {}}}, {"t": [1]}), ({"t": {"b": {}}}, {"other": 2})
    )
    assert json.loads(answer) == {"t": [1], "other": 2}


def test_two_objects_for_one_task_are_one() -> None:
    """The parts of a task that went separate ways come together again."""
    asked: dict[str, Any] = {"t": {"a": {}, "b": {}}}
    answer = merged(
        asked, ({"t": {"a": {}}}, {"t": {"x": 1}}), ({"t": {"b": {}}}, {"t": {"y": 2}})
    )
    assert json.loads(answer) == {"t": {"x": 1, "y": 2}}


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("[1]", "[2]"),
        ([1], {"x": 1}),
        ({"x": 1}, [1]),
        ({"x": 1}, {"x": 2}),
        ({"x": 1}, {"x": 1}),
        (None, {}),
        (1, 1),
    ],
)
def test_what_cannot_be_one_is_told_apart_by_type(one: Any, two: Any) -> None:
    """Nothing is dropped."""
    asked: dict[str, Any] = {"clip": {"textual": {}, "visual": {}}}
    answer = merged(
        asked,
        ({"clip": {"textual": {}}}, {"clip": one}),
        ({"clip": {"visual": {}}}, {"clip": two}),
    )
    assert json.loads(answer) == {"clip": {"textual": one, "visual": two}}


def test_types_that_went_together_are_told_apart_together() -> None:
    """From those that went another way; in the order of the groups."""
    pair: dict[str, Any] = {"detection": {}, "recognition": {}}
    answer = merged(
        {"t": {"a": {}, **pair, "b": {}}},
        ({"t": {"a": {}}}, {"t": 1}),
        ({"t": pair}, {"t": 2}),
        ({"t": {"b": {}}}, {"t": {}}),
    )
    assert list(json.loads(answer)["t"].items()) == [
        ("a", 1),
        ("detection+recognition", 2),
        ("b", {}),
    ]


def test_values_inside_of_objects_that_are_merged_stay_as_they_are() -> None:
    """Embeddings may lie one level down."""
    tasks = tasks_of({"t": {"a": {}, "b": {}}})
    route = Route("default", ("gpu",))
    raws = {
        "a": b'{"t": {"x":  [1.00, 1e400]}}',
        "b": b'{"t":{"y" : 9007199254740993}}',
    }
    answers = [
        (Group(route, tasks_of({"t": {kind: {}}})), merge.read(raw) or {})
        for kind, raw in raws.items()
    ]
    expected = b'{"t":{"x":[1.00, 1e400],"y":9007199254740993}}'
    assert merge.merge(tasks, answers) == expected


def test_keys_that_nobody_asked_for_are_kept() -> None:
    """A newer server may say more."""
    answer = merged(
        {"clip": {"visual": {}}},
        ({"clip": {"visual": {}}}, {"clip": 1, "extra": 2, **SIZE}),
    )
    assert list(json.loads(answer)) == ["clip", "extra", *SIZE]
    answer = merged(
        {"b": {"x": {}}, "a": {"x": {}}},
        ({"a": {"x": {}}}, {"new": 1, "a": 2, "both": 3}),
        ({"b": {"x": {}}}, {"both": 4, "b": 5, "newer": 6}),
    )
    assert list(json.loads(answer).items()) == [
        ("b", 5),
        ("a", 2),
        ("new", 1),
        ("both", 3),
        ("newer", 6),
    ]


def test_embeddings_are_passed_on_as_they_are() -> None:
    """No number is parsed, so none can change."""
    raw = b'{"clip":  [0.10000000000000000001, 1e400], "imageHeight":1}'
    tasks = tasks_of({"clip": {"visual": {}}})
    group = Group(Route("default", ("gpu",)), tasks)
    answer = merge.merge(tasks, [(group, merge.read(raw) or {})])
    assert b"[0.10000000000000000001, 1e400]" in answer


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"3",
        b'"x"',
        b"{",
        b'{"a":',
        b'{"a":1} x',
        b'{"a":1,}',
        b'{"a":NaN}',
        b"{1:2}",
        b"<html>",
        b"Internal Server Error",
        b'{"\xff":1}',
        b'{"a":' + b"[" * 100_000,
    ],
)
def test_what_is_no_object_is_no_answer(body: bytes) -> None:
    """Such a backend has failed."""
    assert merge.read(body) is None


@pytest.mark.parametrize("body", [b"{}", b' {"a": 1}\n', b'{"a":{"b":[]}}'])
def test_what_is_an_object_is_an_answer(body: bytes) -> None:
    """An empty one, too."""
    answer = merge.read(body)
    assert answer is not None
    assert msgspec.json.decode(msgspec.json.encode(answer)) == json.loads(body)


@given(st.binary(max_size=60))
def test_any_bytes_are_an_answer_or_none(body: bytes) -> None:
    """Nothing is raised, whatever a backend says."""
    answer = merge.read(body)
    assert answer is None or isinstance(json.loads(body), dict)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from("abcd"), JSON, min_size=1))
def test_one_task_a_group_loses_nothing(answers: dict[str, Any]) -> None:
    """Every value arrives under its task, in the order asked."""
    asked: dict[str, Any] = {task: {"type": {}} for task in answers}
    answer = merged(
        asked, *(({task: {"type": {}}}, {task: answers[task]}) for task in answers)
    )
    assert msgspec.json.decode(answer) == answers
    assert list(json.loads(answer)) == list(answers)


@given(st.data(), st.integers(1, 4))
def test_types_that_went_separate_ways_lose_nothing(
    data: st.DataObject, count: int
) -> None:
    """Whatever each of them answered is in the value of their task."""
    kinds = "abcd"[:count]
    values: list[Any] = [data.draw(JSON) for _ in kinds]
    answer = merged(
        {"t": {kind: {} for kind in kinds}},
        *(
            ({"t": {kind: {}}}, {"t": value})
            for kind, value in zip(kinds, values, strict=True)
        ),
    )
    [value] = json.loads(answer).values()
    keys = [key for one in values if isinstance(one, dict) for key in one]
    if count == 1:
        assert value == values[0]
    elif all(isinstance(one, dict) for one in values) and len(set(keys)) == len(keys):
        assert value == {key: one[key] for one in values for key in one}
    else:
        assert value == dict(zip(kinds, values, strict=True))
