"""What the simulated servers answer: the measured table of the ML service."""

from __future__ import annotations

import json
from io import BytesIO
from math import hypot
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from immich_ml_proxy.demo import ServiceError, expected_answer
from tests.demo_requests import (
    CLIP,
    FACE,
    FACES,
    LINE,
    OCR,
    PHOTO,
    TEXTUAL,
    VISUAL,
    answer,
    crashed,
    predict,
    refusal,
)
from tests.pictures import LARGEST, SMALLEST, jpeg, large_picture, pictures

NO_INPUT = {"detail": "Either image or text must be provided"}
SVG = b'<svg width="1" height="1"/>'


def test_clip_is_a_string_that_holds_a_json_array_of_512_numbers() -> None:
    """An embedding is JSON within JSON, a vector of length 1."""
    value = answer(predict(VISUAL, PHOTO))["clip"]
    assert isinstance(value, str)
    vector = json.loads(value)
    assert len(vector) == 512
    assert hypot(*vector) == pytest.approx(1)


def test_faces_are_a_list_of_box_embedding_and_score() -> None:
    """A face has a box within the picture, an embedding of its own and a score."""
    faces = answer(predict(FACES, PHOTO))["facial-recognition"]
    assert faces
    for face in faces:
        assert list(face) == ["boundingBox", "embedding", "score"]
        box = face["boundingBox"]
        assert 0 <= box["x1"] < box["x2"] <= 64
        assert 0 <= box["y1"] < box["y2"] <= 48
        assert len(json.loads(face["embedding"])) == 512
        assert 0.7 <= face["score"] <= 1
    assert len({face["embedding"] for face in faces}) == len(faces)


def test_ocr_is_an_object_of_parallel_lists() -> None:
    """A line of text has 8 numbers of box, from 0 to 1, and two scores."""
    lines = answer(predict(OCR, PHOTO))["ocr"]
    assert list(lines) == ["text", "box", "boxScore", "textScore"]
    count = len(lines["text"])
    assert count >= 1
    assert len(lines["box"]) == 8 * count
    assert all(0 <= number <= 1 for number in lines["box"])
    assert len(lines["boxScore"]) == len(lines["textScore"]) == count


def test_there_is_one_key_per_task_and_the_size_of_the_picture_last() -> None:
    """Tasks come in the order of the request; a text has no size."""
    everything = OCR | FACES | VISUAL
    keys = [*everything, "imageHeight", "imageWidth"]
    reply = predict(everything, PHOTO)
    assert list(answer(reply)) == keys
    assert answer(reply)["imageHeight"] == 48
    assert answer(reply)["imageWidth"] == 64
    assert reply.tasks == tuple(everything)
    assert list(answer(predict(TEXTUAL, text="a dog"))) == ["clip"]


@pytest.mark.parametrize("task", ["facial-recognition", "ocr"])
def test_detection_alone_answers_its_boxes(task: str) -> None:
    """Without recognition the task's value is what detection found."""
    model = FACE if task == "facial-recognition" else LINE
    found = answer(predict({task: {"detection": model}}, PHOTO))[task]
    assert len(found["boxes"]) == len(found["scores"]) >= 1


@pytest.mark.parametrize("entries", [{}, {"clip": {}}])
def test_nothing_to_do_is_answered_with_the_size_only(entries: object) -> None:
    """As v2 does: 200, and nothing but the picture's size."""
    assert answer(predict(entries, PHOTO)) == {"imageHeight": 48, "imageWidth": 64}


@pytest.mark.parametrize(
    "entries",
    [
        {"clip": {"visual": 3}},
        {"clip": {"visual": None}},
        {"clips": {"visual": CLIP}},
        {"facial_recognition": {"detection": FACE}},
        {"clip": {"image": CLIP}},
        {"clip": {"visual": {"modelName": "nobody"}}},
        {"clip": {"visual": FACE}},
        {"clip": {"visual": CLIP | {"options": 3}}},
    ],
)
def test_what_the_service_does_not_know_crashes_it(entries: object) -> None:
    """An entry that is no object, an unknown task, type or model: 500 as text."""
    assert crashed(predict(entries, PHOTO))


@pytest.mark.parametrize(
    ("task", "model"), [("facial-recognition", FACE), ("ocr", LINE)]
)
def test_recognition_needs_detection_in_the_same_request(
    task: str, model: object
) -> None:
    """Alone it is 400, also when another task brings a detection."""
    alone = {task: {"recognition": model}}
    other = OCR if task != "ocr" else FACES
    for entries in (alone, other | alone):
        status, document = refusal(predict(entries, PHOTO))
        assert status == 400
        assert "depends on output of" in document["detail"]


def test_recognition_may_be_listed_before_detection() -> None:
    """The order within a task does not matter."""
    types = FACES["facial-recognition"]
    turned = {"facial-recognition": dict(reversed(types.items()))}
    assert list(turned["facial-recognition"]) == ["recognition", "detection"]
    assert answer(predict(turned, PHOTO)) == answer(predict(FACES, PHOTO))


@pytest.mark.parametrize(
    "image",
    [b"", b"GIF89", b"no picture", PHOTO[:20], PHOTO[:-200], SVG],
    ids=["empty", "cut GIF", "text", "head", "cut JPEG", "SVG"],
)
def test_a_broken_picture_crashes_the_service(image: bytes) -> None:
    """It is the client's fault, and yet a 500."""
    assert crashed(predict(VISUAL, image))


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF", "JPEG"])
def test_the_size_of_any_usual_picture_is_known(kind: str) -> None:
    """Immich sends JPEG or WebP; the service takes what Pillow reads."""
    out = BytesIO()
    Image.new("RGB", (7, 5)).save(out, kind)
    size = answer(predict({}, out.getvalue()))
    assert size == {"imageHeight": 5, "imageWidth": 7}


def test_a_picture_may_be_followed_by_something_else() -> None:
    """A phone's motion photo has a film behind the picture."""
    assert answer(predict(VISUAL, PHOTO + b"film"))["imageWidth"] == 64


def test_the_image_wins_over_the_text() -> None:
    """With both, the text is as good as not there."""
    both = answer(predict(VISUAL, PHOTO, "a dog"))
    assert both == answer(predict(VISUAL, PHOTO))


@pytest.mark.parametrize("entries", [VISUAL, FACES, OCR])
def test_a_model_for_pictures_crashes_on_a_text(entries: object) -> None:
    """There is no picture to decode."""
    assert crashed(predict(entries, text="a dog"))


def test_the_answer_depends_on_the_input_and_on_nothing_else() -> None:
    """So a test can compute it, and an answer given to the wrong request shows."""

    def vector(entry: dict[str, Any], image: bytes | None, text: str | None) -> str:
        type_ = "visual" if image else "textual"
        reply = predict({"clip": {type_: entry}}, image, text)
        assert answer(reply) == expected_answer({"clip": {type_: entry}}, image, text)
        return str(answer(reply)["clip"])

    german = CLIP | {"options": {"language": "de"}}
    larger = {"modelName": "ViT-L-14__openai"}
    cases: list[tuple[dict[str, Any], bytes | None, str | None]] = [
        (CLIP, PHOTO, None),
        (CLIP, jpeg(2, 64, 48), None),
        (larger, PHOTO, None),
        (CLIP, None, "a dog"),
        (CLIP, None, "a cat"),
        (german, None, "a dog"),
    ]
    first = [vector(*case) for case in cases]
    assert len(set(first)) == len(cases)
    assert [vector(*case) for case in cases] == first


def test_the_expected_answer_tells_a_refusal() -> None:
    """It raises what the server turns into a response."""
    for text in (None, ""):
        with pytest.raises(ServiceError) as caught:
            expected_answer(TEXTUAL, None, text)
        assert (caught.value.status, caught.value.detail) == (400, NO_INPUT["detail"])


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.dictionaries(
            st.sampled_from(["clip", "ocr", "visual", "recognition", "modelName", "x"]),
            inner,
            max_size=3,
        )
        | st.lists(inner, max_size=2)
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(_JSON, st.none() | st.binary(max_size=60), st.none() | st.text(max_size=9))
def test_no_entries_and_no_input_break_it(
    entries: object, image: bytes | None, text: str | None
) -> None:
    """Whatever is asked, there is a reply the service could have given."""
    assert predict(entries, image, text).status in {200, 400, 422, 500}


def test_the_test_pictures_are_real_and_differ(tmp_path: Path) -> None:
    """They have the size of Immich's previews, and are the same on every run."""
    images = [path.read_bytes() for path in pictures(12, tmp_path)]
    assert len(set(images)) == 12
    assert all(SMALLEST <= len(image) <= LARGEST for image in images)
    assert images == [path.read_bytes() for path in pictures(12, tmp_path)]
    large = large_picture(tmp_path).read_bytes()
    assert len(large) > 2_000_000
    for image in (*images, large):
        with Image.open(BytesIO(image)) as opened:
            opened.load()
        size = answer(predict({}, image))
        assert (size["imageWidth"], size["imageHeight"]) == opened.size
