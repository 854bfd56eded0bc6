"""What a group needs, and what is kept of the names in it."""

from __future__ import annotations

import json

import msgspec
import pytest

from immich_ml_proxy.balancer.need import SHOWN, Need, needs_of, short
from immich_ml_proxy.protocol import routing
from tests.demo_requests import FACES, OCR, TEXTUAL, VISUAL


def needs(entries: object) -> tuple[Need, ...]:
    """Return what ``entries`` need."""
    return needs_of(routing.read(json.dumps(entries).encode()))


def need(entries: object) -> Need:
    """Return what one task needs."""
    [one] = needs(entries)
    return one


def named(model: object, task: str = "clip", kind: str = "visual") -> Need:
    """Return what a task with one type needs."""
    return need({task: {kind: {"modelName": model}}})


def test_a_task_has_one_need() -> None:
    """With its name, its models and its words."""
    one = need(VISUAL)
    assert (one.tasks, one.models) == (("clip",), ("ViT-B-32__openai",))
    assert one.label == "clip/visual (ViT-B-32__openai)"


@pytest.mark.parametrize(
    ("entries", "label"),
    [
        (TEXTUAL, "clip/textual (ViT-B-32__openai)"),
        (FACES, "facial-recognition (buffalo_l)"),
        (OCR, "ocr (PP-OCRv5_mobile)"),
        ({"clip": {}}, "clip"),
        ({"clip": {"visual": {}}}, "clip/visual"),
        ({"clip": {"visual": None}}, "clip/visual"),
        ({"clip": {"visual": {"modelName": ""}}}, "clip/visual"),
        (
            {"ocr": {"detection": {"modelName": "d"}, "recognition": {}}},
            "ocr (d)",
        ),
        (
            {"ocr": {"detection": {"modelName": "d"}, "recognition": {"modelName": 1}}},
            "ocr (d)",
        ),
        (
            {
                "ocr": {
                    "detection": {"modelName": "z"},
                    "recognition": {"modelName": "a"},
                }
            },
            "ocr (z, a)",
        ),
        ({}, ""),
    ],
)
def test_it_is_told_in_words(entries: object, label: str) -> None:
    """Types that depend on each other are the whole task; a model is told once."""
    assert needs(entries)[-1].label == label


def test_several_tasks_have_a_need_each_and_one_together() -> None:
    """It may be just that they come together which is refused; that one is last."""
    clip, ocr, both = needs(VISUAL | OCR)
    assert clip == need(VISUAL)
    assert ocr == need(OCR)
    assert both.tasks == ("clip", "ocr")
    assert both.models == ("PP-OCRv5_mobile", "ViT-B-32__openai")
    assert both.label == "clip/visual (ViT-B-32__openai) + ocr (PP-OCRv5_mobile)"
    assert len({one.digest for one in (clip, ocr, both)}) == 3
    assert len({one.model_digest for one in (clip, ocr, both)}) == 3


def test_nothing_asked_for_has_a_need_too() -> None:
    """So that every group has a last one."""
    assert [(one.tasks, one.models) for one in needs({})] == [((), ())]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (VISUAL, TEXTUAL),
        (VISUAL, {"clip": {"visual": {"modelName": "ViT-B-16__openai"}}}),
        (VISUAL, {"click": VISUAL["clip"]}),
        (VISUAL, {"clip": {"visual": {}}}),
        (VISUAL, {"clip": {}}),
        ({"a": {}}, {"b": {}}),
        (OCR, {"ocr": {"recognition": OCR["ocr"]["recognition"]}}),
        (OCR | VISUAL, OCR),
    ],
)
def test_task_types_and_models_make_the_difference(one: object, other: object) -> None:
    """A server may do the one and not the other."""
    assert needs(one)[-1].digest != needs(other)[-1].digest


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            {"facial_recognition": FACES["facial-recognition"]},
            FACES,
        ),
        (VISUAL, {"clip": {"visual": {"modelName": "ViT-B-32__openai", "o": [1]}}}),
        (
            OCR,
            {"ocr": dict(reversed(OCR["ocr"].items()))},
        ),
        (OCR | VISUAL, VISUAL | OCR),
        ({"clip": {"visual": 3}}, {"clip": {"visual": {"modelName": [1]}}}),
    ],
)
def test_what_says_the_same_needs_the_same(one: object, other: object) -> None:
    """Spelling, options and order make no difference."""
    first, second = needs(one)[-1], needs(other)[-1]
    assert first.digest == second.digest
    assert first.model_digest == second.model_digest
    assert set(first.tasks) == set(second.tasks)


def test_models_have_a_digest_of_their_own() -> None:
    """The same model for another type or task is no other model."""
    assert named("m").model_digest == named("m", "ocr", "textual").model_digest
    assert named("m").model_digest != named("n").model_digest
    assert len(named("m").digest) == len(named("m").model_digest) == 16


@pytest.mark.parametrize(
    "value", [b"[" * 100_000, b'{"modelName": "\xff"}', b"{", b"", b'"m"', b"null"]
)
def test_what_cannot_be_read_names_no_model(value: bytes) -> None:
    """The server will say what is wrong with it."""
    [one] = needs_of({"clip": {"visual": msgspec.Raw(value)}})
    assert (one.models, one.label) == ((), "clip/visual")


def test_long_names_are_cut_where_they_are_shown() -> None:
    """In the middle of nothing: an ellipsis tells it. They still differ."""
    assert SHOWN == 60
    assert short("x" * 60) == "x" * 60
    assert short("x" * 61) == "x" * 59 + "…"
    one, other = named("m" * 5000 + "a"), named("m" * 5000 + "b")
    assert one.label == other.label == f"clip/visual ({'m' * 59}…)"
    assert one.digest != other.digest
    assert named("m", "t" * 500).label == "t" * 59 + "… (m)"
