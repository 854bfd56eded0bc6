"""Several answers made one."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.core import merge, routing
from immich_ml_proxy.core.config import Route
from immich_ml_proxy.core.routing import Group


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


def test_two_objects_for_one_task_are_one() -> None:
    """The parts of a task that went separate ways come together again."""
    asked: dict[str, Any] = {"t": {"a": {}, "b": {}}}
    answer = merged(
        asked, ({"t": {"a": {}}}, {"t": {"x": 1}}), ({"t": {"b": {}}}, {"t": {"y": 2}})
    )
    assert json.loads(answer) == {"t": {"x": 1, "y": 2}}


@pytest.mark.parametrize(
    ("one", "two"), [("[1]", "[2]"), ([1], {"x": 1}), ({"x": 1}, {"x": 2}), (None, {})]
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


def test_keys_that_nobody_asked_for_are_kept() -> None:
    """A newer server may say more."""
    answer = merged(
        {"clip": {"visual": {}}},
        ({"clip": {"visual": {}}}, {"clip": 1, "extra": 2, **SIZE}),
    )
    assert list(json.loads(answer)) == ["clip", "extra", *SIZE]


def test_embeddings_are_passed_on_as_they_are() -> None:
    """No number is parsed, so none can change."""
    raw = b'{"clip":  [0.10000000000000000001, 1e400], "imageHeight":1}'
    tasks = tasks_of({"clip": {"visual": {}}})
    group = Group(Route("default", ("gpu",)), tasks)
    answer = merge.merge(tasks, [(group, merge.read(raw) or {})])
    assert b"[0.10000000000000000001, 1e400]" in answer


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b"3", b'"x"', b"{", b'{"a":', b"<html>", b'{"\xff":1}'],
)
def test_what_is_no_object_is_no_answer(body: bytes) -> None:
    """Such a backend has failed."""
    assert merge.read(body) is None


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
