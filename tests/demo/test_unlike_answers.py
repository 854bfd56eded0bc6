"""What servers answer that are not Immich's ML service, v2: refusals and values."""

from __future__ import annotations

import json
from math import hypot
from typing import Any

import pytest

from immich_ml_proxy.demo import (
    KINDS,
    PLAIN,
    Behaviour,
    ServiceError,
    expected_answer,
)
from immich_ml_proxy.demo.models import dimensions
from immich_ml_proxy.demo.protocol import Reply, reply_to_predict
from tests.demo_requests import (
    CLIP,
    FACE,
    FACES,
    LINE,
    MULTIPART,
    OCR,
    PHOTO,
    TEXTUAL,
    VISUAL,
    answer,
    crashed,
    entries_part,
    form,
    image_part,
    part,
    predict,
    refusal,
)

INVALID = {"detail": "Invalid request format."}
LARGE = {"modelName": "ViT-L-14__openai"}
V3 = KINDS["v3"]


def ask(behaviour: Behaviour, entries: object, image: bytes | None = PHOTO) -> Reply:
    """Return the reply of a server to a form with a picture, or without one a text."""
    given = part("text", b"a dog") if image is None else image_part(image)
    return reply_to_predict(MULTIPART, form(entries_part(entries), given), behaviour)


def vectors(value: Any) -> list[Any]:
    """Return the embeddings of an answer, whatever their form."""
    found = [value["clip"]] if "clip" in value else []
    found += [face["embedding"] for face in value.get("facial-recognition", ())]
    return [json.loads(one) if isinstance(one, str) else one for one in found]


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("ViT-B-32__openai", 512),
        ("immich-app/ViT-B-32__openai", 512),
        ("ViT-B-16__openai", 512),
        ("RN101__yfcc15m", 512),
        ("XLM-Roberta-Large-Vit-B-32", 512),
        ("ViT-B-16-plus-240__laion400m_e31", 640),
        ("XLM-Roberta-Large-Vit-B-16Plus", 640),
        ("RN50x4__openai", 640),
        ("ViT-L-14-336__openai", 768),
        ("RN50x16__openai", 768),
        ("LABSE-Vit-L-14", 768),
        ("XLM-Roberta-Large-Vit-L-14", 768),
        ("nllb-clip-base-siglip__v1", 768),
        ("ViT-B-32-SigLIP2-256__webli", 768),
        ("RN50__openai", 1024),
        ("RN50x64__openai", 1024),
        ("ViT-H-14__laion2b-s32b-b79k", 1024),
        ("ViT-g-14__laion2b-s12b-b42k", 1024),
        ("XLM-Roberta-Large-ViT-H-14__frozen_laion5b_s13b_b90k", 1024),
        ("ViT-L-16-SigLIP-384__webli", 1024),
        ("ViT-SO400M-16-SigLIP2-384__webli", 1152),
        ("nllb-clip-large-siglip__mrl", 1152),
        ("ViT-gopt-16-SigLIP2-384__webli", 1536),
    ],
)
def test_an_embedding_has_the_dimensions_of_its_model(name: str, count: int) -> None:
    """They are what Immich expects by the name of the model."""
    reply = predict({"clip": {"visual": {"modelName": name}}}, PHOTO)
    [vector] = vectors(answer(reply))
    assert len(vector) == count
    assert hypot(*vector) == pytest.approx(1)


def test_an_owner_before_the_name_is_the_same_model() -> None:
    """The service cuts it off."""
    owned = {"clip": {"visual": {"modelName": "immich-app/ViT-B-32__openai"}}}
    assert answer(predict(owned, PHOTO)) == answer(predict(VISUAL, PHOTO))


@pytest.mark.parametrize(
    "entries",
    [
        {},
        {"clip": {}},
        {"clip": {"visual": None}},
        {"clip": None},
        {"clip": {"visual": 3}},
        {"clip": {"image": CLIP}},
        {"clip": {"image": None}},
        {"clips": {}, **VISUAL},
        {"clips": {"visual": CLIP}},
        {"clip": {"visual": {"modelName": "nobody"}}},
        {"clip": {"visual": CLIP | {"name": "x"}}},
        {"clip": {"visual": CLIP | {"options": None}}},
        {"clip": {"visual": CLIP | {"options": 3}}},
        {"clip": {"visual": {}}},
        {"clip": {"textual": CLIP | {"options": {"language": 3}}}},
        {"facial-recognition": {"detection": FACE | {"options": {"minScore": "x"}}}},
        {"ocr": {"detection": LINE | {"options": {"maxResolution": "large"}}}},
    ],
)
def test_v3_refuses_with_422_whatever_it_does_not_know(entries: object) -> None:
    """Nothing to do, an unknown field anywhere, a wrong type: never 200 nor 500."""
    assert refusal(ask(V3, entries)) == (422, INVALID)


def test_v3_takes_what_immich_sends_and_options_it_does_not_know() -> None:
    """A newer Immich may add an option; a model that is null is left out."""
    more = {"options": {"minScore": 1, "tomorrow": True}}
    faces = {"detection": FACE | more, "recognition": FACE}
    for entries in (VISUAL, FACES, OCR, {"facial-recognition": faces}):
        assert answer(ask(V3, entries)) == answer(ask(PLAIN, entries))
    assert answer(ask(V3, TEXTUAL, None)) == answer(ask(PLAIN, TEXTUAL, None))
    partly = {"clip": {"visual": CLIP, "textual": None}}
    assert answer(ask(V3, partly)) == answer(ask(PLAIN, VISUAL))


def test_v3_refuses_a_broken_picture_with_422() -> None:
    """v2 crashes on it; and so with a text for a model of pictures."""
    for image in (b"no picture", None):
        assert refusal(ask(V3, VISUAL, image)) == (422, INVALID)
        assert crashed(ask(PLAIN, VISUAL, image))


def test_v3_keeps_the_service_s_other_refusals() -> None:
    """Neither input, and a recognition without its detection, are 400 as before."""
    alone = {"ocr": {"recognition": LINE}}
    body = form(entries_part(VISUAL))
    assert refusal(reply_to_predict(MULTIPART, body, V3))[0] == 400
    assert refusal(ask(V3, alone))[0] == 400
    status, document = refusal(reply_to_predict(MULTIPART, form(), V3))
    assert (status, document["detail"][0]["type"]) == (422, "missing")


@pytest.mark.parametrize("status", [400, 403, 404, 422, 501, 503])
def test_what_a_server_lacks_is_refused_with_its_status(status: int) -> None:
    """A whole task, or one of its types; the rest is answered as ever."""
    server = Behaviour(cannot=("ocr", "clip/textual"), refuse_with=status)
    for entries, image in ((OCR, PHOTO), (TEXTUAL, None), (VISUAL | OCR, PHOTO)):
        got, document = refusal(ask(server, entries, image))
        assert got == status
        assert "not supported" in document["detail"]
    for entries in (VISUAL, FACES):
        assert answer(ask(server, entries)) == answer(ask(PLAIN, entries))


def test_a_server_may_crash_on_what_it_lacks() -> None:
    """500 is the bare text of a crash, as of any other."""
    assert crashed(ask(Behaviour(cannot=("ocr",), refuse_with=500), OCR))


def test_a_refusal_comes_after_what_is_wrong_with_the_form() -> None:
    """A server that lacks the task still sees that there is no modelName."""
    server = Behaviour(cannot=("ocr",), refuse_with=501)
    assert refusal(ask(server, {"ocr": {"detection": {}}})) == (422, INVALID)


def test_a_server_with_one_model_refuses_the_others_of_its_task() -> None:
    """The models of other tasks are no concern of it."""
    server = Behaviour(
        only_models=("ViT-B-32__openai",), refuse_with=501, refuse_model_with=409
    )
    larger = {"clip": {"visual": LARGE}}
    status, document = refusal(ask(server, larger))
    assert (status, "ViT-L-14__openai" in document["detail"]) == (409, True)
    unknown = {"clip": {"visual": {"modelName": "nobody"}}}
    assert refusal(ask(server, unknown))[0] == 409
    for entries in (VISUAL, FACES, OCR):
        assert answer(ask(server, entries)) == answer(ask(PLAIN, entries))
    plain = Behaviour(only_models=("buffalo_l",), refuse_with=404)
    small = {"facial-recognition": {"detection": {"modelName": "buffalo_s"}}}
    assert refusal(ask(plain, small))[0] == 404


def test_a_server_may_run_another_model_unasked() -> None:
    """Any name gets the answer of the one it has; other tasks know their models."""
    server = Behaviour(only_models=("ViT-L-14__openai",), instead="ViT-L-14__openai")
    due = answer(ask(PLAIN, {"clip": {"visual": LARGE}}))
    for name in ("ViT-B-32__openai", "nobody", "ViT-L-14__openai"):
        assert answer(ask(server, {"clip": {"visual": {"modelName": name}}})) == due
    assert [len(one) for one in vectors(due)] == [768]
    unknown = {"ocr": {"detection": {"modelName": "nobody"}}}
    assert crashed(ask(server, unknown))


@pytest.mark.parametrize(
    ("given", "clip", "face"),
    [
        (768, 768, 768),
        ({"clip": 640}, 640, 512),
        ({"facial-recognition": 128}, 512, 128),
    ],
)
def test_embeddings_may_have_another_size(given: Any, clip: int, face: int) -> None:
    """Of all tasks, or of one."""
    server = Behaviour(dimensions=given)
    assert {len(one) for one in vectors(answer(ask(server, VISUAL)))} == {clip}
    assert {len(one) for one in vectors(answer(ask(server, FACES)))} == {face}


def test_older_servers_answer_plain_arrays() -> None:
    """The numbers are the same, only not within a string."""
    for entries in (VISUAL, FACES):
        got, usual = answer(ask(KINDS["list"], entries)), answer(ask(PLAIN, entries))
        assert got != usual
        assert vectors(got) == vectors(usual)
    assert isinstance(answer(ask(KINDS["list"], VISUAL))["clip"], list)


def test_embeddings_may_be_at_an_angle_to_the_original_s() -> None:
    """A model of fewer bits is a little off, always by the same."""
    [original] = vectors(answer(ask(PLAIN, VISUAL)))
    [tilted] = vectors(answer(ask(KINDS["qnn"], VISUAL)))
    assert hypot(*tilted) == pytest.approx(1)
    cosine = sum(one * two for one, two in zip(original, tilted, strict=True))
    assert cosine == pytest.approx(0.91)


def test_a_server_may_find_nothing() -> None:
    """No faces and no text are right answers: empty, and of the right shape."""
    server = Behaviour(empty=("facial-recognition", "ocr"))
    nothing: dict[str, list[object]] = {
        name: [] for name in ("text", "box", "boxScore", "textScore")
    }
    size = {"imageHeight": 48, "imageWidth": 64}
    assert answer(ask(server, OCR)) == {"ocr": nothing} | size
    assert answer(ask(server, FACES)) == {"facial-recognition": []} | size
    assert answer(ask(server, VISUAL)) == answer(ask(PLAIN, VISUAL))


def broken(flaw: Any, entries: dict[str, Any]) -> Any:
    """Return what stands for the one task that is asked for, read leniently."""
    [task] = entries
    reply = ask(Behaviour(broken={task: flaw}), entries)
    assert reply.status == 200
    document = json.loads(reply.body)
    assert document["imageWidth"] == 64
    return document.get(task)


@pytest.mark.parametrize("entries", [VISUAL, FACES, OCR])
def test_a_task_may_have_no_member_or_one_of_another_type(
    entries: dict[str, Any],
) -> None:
    """What is there instead says nothing."""
    assert broken("absent", entries) is None
    assert broken("type", entries) == 3


def test_a_member_s_own_may_be_missing() -> None:
    """Faces without embeddings, OCR without the scores of its texts."""
    assert broken("member", VISUAL) is None
    assert {tuple(face) for face in broken("member", FACES)} == {
        ("boundingBox", "score")
    }
    assert list(broken("member", OCR)) == ["text", "box", "boxScore"]


def test_boxes_may_be_wrong() -> None:
    """A face without one, texts with a number too few."""
    assert {tuple(face) for face in broken("box", FACES)} == {("embedding", "score")}
    lines = broken("box", OCR)
    assert len(lines["box"]) == 8 * len(lines["text"]) - 1


def test_the_size_of_the_picture_may_be_wrong() -> None:
    """Missing, or no number."""

    def height(flaw: Any) -> Any:
        reply = ask(Behaviour(broken={"imageHeight": flaw}), VISUAL)
        return json.loads(reply.body).get("imageHeight", "missing")

    assert [height("absent"), height("type"), height("null")] == ["missing", "3", None]


def test_lengths_may_not_fit() -> None:
    """A number too few in each embedding, a score too few for the texts."""
    assert len(json.loads(broken("lengths", VISUAL))) == 511
    assert {len(json.loads(one["embedding"])) for one in broken("lengths", FACES)} == {
        511
    }
    lines = broken("lengths", OCR)
    assert len(lines["textScore"]) == len(lines["text"]) - 1


@pytest.mark.parametrize(
    ("flaw", "number"), [("nan", "NaN"), ("null", "null"), ("zero", "0.0")]
)
def test_numbers_may_be_none(flaw: str, number: str) -> None:
    """As JSON that some servers write and not all readers take."""
    due = f"[{','.join([number] * 512)}]"
    assert broken(flaw, VISUAL) == due
    assert {face["embedding"] for face in broken(flaw, FACES)} == {due}
    server = Behaviour(broken={"ocr": flaw})  # type: ignore[dict-item]
    assert f'"textScore":[{number}'.encode() in ask(server, OCR).body
    old = Behaviour(broken={"clip": flaw}, embedding="list")  # type: ignore[dict-item]
    assert f'"clip":{due}'.encode() in ask(old, VISUAL).body


def test_a_flaw_leaves_the_other_tasks_alone() -> None:
    """Only what it names is broken, and only where it is asked for."""
    server = Behaviour(broken={"ocr": "type", "clip": "absent"})
    assert answer(ask(server, FACES)) == answer(ask(PLAIN, FACES))


@pytest.mark.parametrize(
    ("kind", "entries", "status"),
    [
        ("kepler", FACES, 400),
        ("kepler", OCR, 400),
        ("kepler", {"clip": {"visual": LARGE}}, 400),
        ("kepler", VISUAL, 200),
        ("fallback", VISUAL, 501),
        ("fallback", FACES, 501),
        ("fallback", {"clip": {"textual": LARGE}}, 409),
        ("metal", {"clip": {"visual": LARGE}}, 200),
        ("metal", OCR, 200),
        ("hailo", {"clip": {"visual": LARGE}}, 200),
        ("hailo", FACES, 200),
        ("other-model", VISUAL, 200),
        ("no-text", OCR, 200),
        ("v3", {}, 422),
        ("v2", {}, 200),
    ],
)
def test_the_kinds_differ_as_the_real_ones_do(
    kind: str, entries: object, status: int
) -> None:
    """What each of them does with what another one serves."""
    assert ask(KINDS[kind], entries).status == status


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_s_answer_can_be_computed(kind: str) -> None:
    """So a test can tell whose it is, whatever server gave it."""
    behaviour = KINDS[kind]
    for entries in (VISUAL, FACES, OCR):
        reply = ask(behaviour, entries)
        try:
            due = expected_answer(entries, PHOTO, None, behaviour)
        except ServiceError as error:
            assert reply.status == error.status
        else:
            assert answer(reply) == due


def test_what_has_no_embedding_has_no_dimensions() -> None:
    """And what is no model has not even none."""
    for model in ("PP-OCRv5_mobile", "PP-OCRv5_server"):
        assert dimensions("ocr", model) == dimensions("ocr", f"EN__{model}") == 0
    assert dimensions("ocr", "buffalo_l") is None
    assert dimensions("clip", "buffalo_l") is None
    assert dimensions("facial-recognition", "antelopev2") == 512
