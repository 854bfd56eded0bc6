"""The answers of the ML servers that there are, and of what stands in their place."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from immich_ml_proxy.demo.answers import expected_answer
from immich_ml_proxy.protocol.contract import FULL, SHAPE, Level
from tests.demo_requests import FACES, OCR, PHOTO, TEXTUAL, VISUAL
from tests.protocol.answers import (
    SIZE,
    accepted,
    array,
    embedding,
    face,
    reason,
    texts,
)

pytestmark = pytest.mark.parametrize("level", [FULL, SHAPE])

MODEL = "ViT-B-32__openai"
#: A login page, and the page of Immich itself.
PAGE = b'<!doctype html>\n<html lang="en"><head><title>Sign in</title></head></html>'


def search(count: int) -> bytes:
    """Return the answer to a search as the ML service writes it."""
    return b'{"clip":"%b"}' % embedding(count).encode()


def numbers(level: Level, task: str, model: str, count: int) -> dict[Any, int]:
    """Return what is told of the numbers at a level."""
    return {(task, model): count} if level == FULL else {}


@pytest.mark.parametrize("entries", [VISUAL, FACES, OCR, VISUAL | FACES | OCR])
def test_the_ml_service_about_a_picture(entries: Any, level: Level) -> None:
    """Version 2 and 3 alike: a member for each task, and the size last."""
    body = msgspec.json.encode(expected_answer(entries, PHOTO, None))
    passed = accepted(entries, body, level=level)
    assert passed.body is body
    assert list(passed.members)[-2:] == ["imageHeight", "imageWidth"]
    counted = {
        ("clip", MODEL): ("clip" in entries),
        ("facial-recognition", "buffalo_l"): "facial-recognition" in entries,
    }
    expected = {key: 512 for key, is_asked in counted.items() if is_asked}
    assert passed.dimensions == (expected if level == FULL else {})


def test_the_ml_service_about_a_search(level: Level) -> None:
    """One embedding and nothing else."""
    body = msgspec.json.encode(expected_answer(TEXTUAL, None, "a dog"))
    passed = accepted(TEXTUAL, body, has_image=False, level=level)
    assert passed.body is body
    assert passed.dimensions == numbers(level, "clip", MODEL, 512)


def test_version_2_to_a_request_for_nothing(level: Level) -> None:
    """The picture's size alone."""
    accepted({}, SIZE, level=level)
    accepted({"clip": {}}, SIZE, level=level)


def test_the_ml_service_about_a_picture_of_nothing(level: Level) -> None:
    """No faces and no texts are right; so answers a Hailo box with the wrong layers,
    and one in Rust whose OCR has failed: nobody can tell."""
    accepted(FACES, {"facial-recognition": []} | SIZE, level=level)
    accepted(OCR, {"ocr": texts(0)} | SIZE, level=level)


def test_an_older_ml_service(level: Level) -> None:
    """Arrays instead of strings, in faces too: normalised and counted."""
    passed = accepted(VISUAL, {"clip": array()} | SIZE, level=level)
    assert passed.normalised == 1
    assert json.loads(json.loads(passed.body)["clip"]) == array()
    assert passed.dimensions == numbers(level, "clip", MODEL, 512)
    faces = [face(embedding=array()), face(embedding=array())]
    passed = accepted(FACES, {"facial-recognition": faces} | SIZE, level=level)
    assert passed.normalised == 2
    first, second = json.loads(passed.body)["facial-recognition"]
    assert first == second == face(embedding=first["embedding"])
    assert json.loads(first["embedding"]) == array()
    told = numbers(level, "facial-recognition", "buffalo_l", 512)
    assert passed.dimensions == told


@pytest.mark.parametrize(
    ("asked_for", "count"), [("ViT-L-14__openai", 512), ("x", 768)]
)
def test_one_that_has_another_model(asked_for: str, count: int, level: Level) -> None:
    """A Mac's that falls back to ViT-B-32, a Hailo box that ignores names, one in Rust:
    the answer fits, its numbers are told with the name that was asked for."""
    entries = {"clip": {"textual": {"modelName": asked_for}}}
    passed = accepted(entries, search(count), has_image=False, level=level)
    assert passed.dimensions == numbers(level, "clip", asked_for, count)


def test_one_with_rounded_numbers(level: Level) -> None:
    """INT8 models and others that crop otherwise: near the original, and an answer."""
    answer = {"clip": json.dumps([round(number, 2) for number in array()])} | SIZE
    accepted(VISUAL, answer, level=level)


def test_one_that_lacks_a_task_and_says_200(level: Level) -> None:
    """What it does not do is missing, or is null."""
    assert reason(OCR, SIZE, level=level) == "answers no `ocr`"
    assert reason(OCR, {"ocr": None} | SIZE, level=level) == (
        "answers `ocr` in another form: it must be an object, not null"
    )
    assert reason(VISUAL, {"clip": None} | SIZE, level=level) == (
        "answers `clip` with null for an embedding"
    )


def test_one_that_says_its_errors_with_200(level: Level) -> None:
    """Nothing of what was asked is in it."""
    answer = {"error": "model not loaded"}
    assert reason(TEXTUAL, answer, False, level) == "answers no `clip`"
    assert reason(TEXTUAL, {"detail": []}, False, level) == "answers no `clip`"


def test_a_login_page_with_200(level: Level) -> None:
    """A gateway's, or Immich's own page: told by how it begins."""
    told = reason(VISUAL, PAGE, level=level)
    assert told == (
        "answers a page, not JSON: "
        '`<!doctype html> <html lang="en"><head><title>Sign in</title>…`'
    )


def test_immich_itself(level: Level) -> None:
    """Its pong is an object, but no answer; neither is the ML service's greeting."""
    assert reason(TEXTUAL, {"res": "pong"}, False, level) == "answers no `clip`"
    answer = {"message": "Immich ML"}
    assert reason(TEXTUAL, answer, False, level) == "answers no `clip`"


def test_a_pong(level: Level) -> None:
    """A server that answers everything like a ping."""
    told = reason(TEXTUAL, b"pong", False, level)
    assert told.endswith("; it begins with `pong`")
