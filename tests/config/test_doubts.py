"""What may be saved and was hardly meant is told, at its place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config.doubts import KEYS, doubts, mended_at
from tests.config.documents import backend, routed


def told(document: dict[str, Any], *own_ports: int) -> list[tuple[str, str]]:
    """Return what is doubtful, with its places."""
    config = config_document.parse(json.dumps(document).encode())
    return [(one.path, one.text) for one in doubts(config, own_ports)]


@pytest.mark.parametrize("key", [*KEYS, "facial_recognition"])
def test_what_immich_asks_for_is_no_doubt(key: str) -> None:
    """In any spelling."""
    assert told(routed("gpu", key)) == []


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("cilp", "clip"),
        ("CLIP", "clip"),
        ("orc", "ocr"),
        ("facial-recogniton", "facial-recognition"),
        ("faces", "facial-recognition"),
        ("search", "clip/textual"),
        ("clip/vizual", "clip/visual"),
        ("textaul", "textual"),
    ],
)
def test_a_mistyped_task_is_told_with_what_was_meant(key: str, meant: str) -> None:
    """At its cell; it is saved all the same."""
    [(path, text)] = told(routed("gpu", key))
    assert path == f"taskRouting.{key}" or path == f'taskRouting["{key}"]'
    assert text == f"{key}: no task of Immich's; did you mean {meant}?"


def test_a_task_that_is_like_none_is_told() -> None:
    """Immich will have new ones."""
    text = "captions: no task of Immich's that is known today"
    assert told(routed("gpu", "captions")) == [("taskRouting.captions", text)]


def test_tasks_of_a_machine_are_looked_at_too() -> None:
    """A limit for what nobody asks for limits nothing."""
    abilities = {"tasks": ["clip", "orc"], "models": {"orc": ["x"]}}
    document = backend(limits={"ocr": 1, "cilp": 2}, abilities=abilities)
    assert told(document) == [
        (
            "backends[0].limits.cilp",
            "gpu: cilp: no task of Immich's; did you mean clip?",
        ),
        (
            "backends[0].abilities.tasks[1]",
            "gpu: orc: no task of Immich's; did you mean ocr?",
        ),
        (
            "backends[0].abilities.models.orc",
            "gpu: orc: no task of Immich's; did you mean ocr?",
        ),
    ]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://immich:2283", "port 2283 is Immich's own"),
        ("http://localhost:3004", "is this proxy itself"),
        ("http://127.0.0.2:3004/ml", "is this proxy itself"),
        ("http://[::1]:3004", "is this proxy itself"),
        ("http://gpu:3004", None),
        ("http://127.0.0.1:3003", None),
        ("http://gpu", None),
    ],
)
def test_an_address_that_is_certainly_wrong_is_told(
    url: str, expected: str | None
) -> None:
    """Without asking anybody; what needs that is tried by the page."""
    found = told(backend(url=url), 3004)
    if expected is None:
        assert found == []
    else:
        [(path, text)] = found
        assert path == "backends[0].url"
        assert expected in text


def test_what_was_mended_has_its_place() -> None:
    """As far as the text begins with one."""
    texts = ["backends[1].url: http:// was added; it is http://a now", "taskRouting: x"]
    assert [(one.path, one.text) for one in mended_at(texts)] == [
        ("backends[1].url", texts[0])
    ]
