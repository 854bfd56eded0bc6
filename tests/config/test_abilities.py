"""What an owner says that a backend can do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config.model import Backend, StatedAbilities
from immich_ml_proxy.errors import ConfigError
from tests.config.documents import backend, top

VIT = "ViT-B-32__openai"


def stated(value: Any) -> StatedAbilities | None:
    """Return the abilities of a backend that has these in its configuration."""
    return parsed(value).abilities


def parsed(value: Any) -> Backend:
    """Return a backend that has these abilities in its configuration."""
    document = json.dumps(backend(abilities=value)).encode()
    [one] = config_document.parse(document).backends
    return one


def allowed(value: Any, task: str, model: str | None = VIT) -> bool:
    """Whether a backend with these abilities may be asked."""
    abilities = stated(value)
    assert abilities is not None
    return abilities.allows(task, model)


def test_nothing_is_stated_by_default() -> None:
    """What a backend can do is then found out."""
    document = json.dumps(backend()).encode()
    assert config_document.parse(document).backends[0].abilities is None
    assert stated(None) is None


@pytest.mark.parametrize("task", ["clip", "facial-recognition", "ocr", "new"])
@pytest.mark.parametrize("model", [VIT, None, ""])
def test_what_is_left_out_allows_all(task: str, model: str | None) -> None:
    """Both fields are optional."""
    assert allowed({}, task, model)
    assert allowed({"tasks": None}, task, model)
    assert allowed({"models": {}}, task, model)


@pytest.mark.parametrize("written", ["facial-recognition", "facial_recognition"])
@pytest.mark.parametrize("asked", ["facial-recognition", "facial_recognition"])
def test_a_task_has_two_spellings(written: str, asked: str) -> None:
    """As in a route, for the tasks and for their models."""
    only = {"tasks": [written], "models": {written: ["buffalo_l"]}}
    assert allowed(only, asked, "buffalo_l")
    assert not allowed(only, asked, "antelopev2")
    assert not allowed(only, "clip")


def test_models_are_those_of_their_task() -> None:
    """A task without any of its own has all; without tasks, the others are allowed."""
    abilities = {"tasks": ["clip", "ocr"], "models": {"clip": [VIT, "RN50__openai"]}}
    assert allowed(abilities, "clip", "RN50__openai")
    assert not allowed(abilities, "clip", "ViT-L-14__openai")
    assert allowed(abilities, "ocr", "PP-OCRv5_mobile")
    assert not allowed(abilities, "facial-recognition", "buffalo_l")
    assert allowed({"models": {"clip": [VIT]}}, "facial-recognition", "buffalo_l")
    assert not allowed({"models": {"clip": [VIT]}}, "clip", "RN50__openai")


def test_a_request_without_a_model_is_decided_by_its_task() -> None:
    """No server can be told to lack what is not named."""
    abilities = {"tasks": ["clip"], "models": {"clip": [VIT]}}
    assert allowed(abilities, "clip", None)
    assert not allowed(abilities, "ocr", None)


@pytest.mark.parametrize("written", [VIT, f"immich-app/{VIT}"])
@pytest.mark.parametrize("asked", [VIT, f"immich-app/{VIT}", f"me/{VIT}"])
def test_a_models_owner_is_ignored(written: str, asked: str) -> None:
    """As the ML servers do."""
    assert allowed({"models": {"clip": [written]}}, "clip", asked)
    assert not allowed({"models": {"clip": [written]}}, "clip", f"{asked}-quickgelu")


BAD: list[tuple[Any, str, str]] = [
    ("clip", "", "an object"),
    (["clip"], "", "an object"),
    (True, "", "an object"),
    ({"task": ["clip"]}, ".task", "no such field"),
    ({"tasks": "clip"}, ".tasks", "a list"),
    ({"tasks": {"clip": True}}, ".tasks", "a list"),
    ({"tasks": ["clip", 3]}, ".tasks[1]", "a text"),
    ({"tasks": []}, ".tasks", "names no task"),
    ({"tasks": [""]}, ".tasks[0]", "must be a task"),
    ({"tasks": [" "]}, ".tasks[0]", "must be a task"),
    ({"tasks": ["ocr", "clip/visual"]}, ".tasks[1]", "must be a task"),
    ({"tasks": ["ocr", "ocr"]}, ".tasks[1]", "names 'ocr' twice"),
    ({"tasks": ["a_b", "a-b"]}, ".tasks[1]", "names 'a-b' twice"),
    ({"models": None}, ".models", "an object"),
    ({"models": [VIT]}, ".models", "an object"),
    ({"models": {"clip": VIT}}, ".models.clip", "a list"),
    ({"models": {"clip": None}}, ".models.clip", "a list"),
    ({"models": {"clip": []}}, ".models.clip", "names no model"),
    ({"models": {"clip": [VIT, 32]}}, ".models.clip[1]", "a text"),
    ({"models": {"clip": [""]}}, ".models.clip[0]", "1 to 200 characters"),
    ({"models": {"clip": ["owner/"]}}, ".models.clip[0]", "must be a model"),
    ({"models": {"clip": ["x" * 201]}}, ".models.clip[0]", "1 to 200 characters"),
    ({"models": {"clip": [VIT, f"me/{VIT}"]}}, ".models.clip[1]", "twice"),
    ({"models": {"clip/visual": [VIT]}}, '.models["clip/visual"]', "must be a task"),
    ({"models": {"": [VIT]}}, '.models[""]', "must be a task"),
    ({"models": {"a_b": ["x"], "a-b": ["x"]}}, ".models.a-b", "twice"),
    ({"tasks": ["ocr"], "models": {"clip": [VIT]}}, ".models.clip", "not among"),
]


@pytest.mark.parametrize(("value", "field", "reason"), BAD)
def test_rubbish_is_refused_by_name(value: Any, field: str, reason: str) -> None:
    """So is what would allow nothing whatever: that is a disabled backend."""
    with pytest.raises(ConfigError) as refused:
        stated(value)
    assert refused.value.field == f"backends[0].abilities{field}"
    assert reason in refused.value.reason


NAMES = st.text(max_size=5)


@given(
    st.none()
    | st.fixed_dictionaries(
        {},
        optional={
            "tasks": st.none() | st.lists(NAMES, max_size=3),
            "models": st.dictionaries(NAMES, st.lists(NAMES, max_size=3), max_size=3),
        },
    )
)
def test_what_is_written_is_kept_and_all_of_it_is_allowed(value: Any) -> None:
    """Whatever is taken, ``GET /api/config`` shows as it was written."""
    document = backend(abilities=value)
    try:
        good = config_document.parse(json.dumps(document).encode())
    except ConfigError as refused:
        assert refused.field.startswith("backends[0].abilities.")
        return
    assert json.loads(good.document)["backends"] == document["backends"]
    models = (value or {}).get("models", {})
    for task in (value or {}).get("tasks") or models:
        for model in models.get(task, [None]):
            assert allowed(value, task, model)


@pytest.mark.parametrize("closely", ["full", "shape", "off"])
def test_answers_are_checked_as_closely_as_is_said(closely: str) -> None:
    """In full, where nothing is said."""
    document = json.dumps(top(checkAnswers=closely)).encode()
    assert config_document.parse(document).check_answers == closely
    document = json.dumps(top()).encode()
    assert config_document.parse(document).check_answers == "full"
