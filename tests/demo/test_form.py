"""How the simulated servers read a request's body: any form a client may send."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from immich_ml_proxy.demo import expected_answer
from immich_ml_proxy.demo.protocol import reply_to_predict
from tests.demo_requests import (
    BOUNDARY,
    MULTIPART,
    PHOTO,
    TEXTUAL,
    URLENCODED,
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

NO_INPUT = {"detail": "Either image or text must be provided"}
INVALID = {"detail": "Invalid request format."}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (MULTIPART, form(image_part(PHOTO))),
        (MULTIPART, form(part("entries", b""), image_part(PHOTO))),
        (MULTIPART, form()),
        (MULTIPART, b""),
        (URLENCODED, b"text=a+dog"),
        ("application/json", json.dumps({"entries": VISUAL}).encode()),
        ("", b""),
    ],
)
def test_without_entries_it_answers_422_with_a_list(kind: str, body: bytes) -> None:
    """Entries missing or empty, a JSON body and no body are told apart by nothing."""
    status, document = refusal(reply_to_predict(kind, body))
    assert status == 422
    [detail] = document["detail"]
    assert detail["type"] == "missing"
    assert detail["loc"] == ["body", "entries"]


@pytest.mark.parametrize(
    "entries",
    [b"{", b"[]", b"null", b'{"clip":3}', b'{"clip":{"visual":{}}}', b"[" * 100_000],
)
def test_entries_of_the_wrong_form_are_422(entries: bytes) -> None:
    """No JSON, no object, a task that is no object, no modelName."""
    reply = reply_to_predict(
        MULTIPART, form(part("entries", entries), image_part(PHOTO))
    )
    assert refusal(reply) == (422, INVALID)


def test_neither_image_nor_text_is_400() -> None:
    """No image and no text, an empty text, and a body that was cut short."""
    whole = form(entries_part(VISUAL), image_part(PHOTO))
    cut = reply_to_predict(MULTIPART, whole[: len(whole) // 2])
    for reply in (predict(TEXTUAL), predict(TEXTUAL, text=""), cut):
        assert refusal(reply) == (400, NO_INPUT)


def test_order_and_further_fields_do_not_matter() -> None:
    """Image first, fields nobody knows, an image part without a type: all the same."""
    entries, image = entries_part(VISUAL), image_part(PHOTO)
    bare = part("image", PHOTO, '; filename="image"')
    usual = answer(predict(VISUAL, PHOTO))
    for parts in (
        [image, entries],
        [part("more", b"1"), entries, part("file", b"2", '; filename="f"'), image],
        [entries, bare],
    ):
        assert answer(reply_to_predict(MULTIPART, form(*parts))) == usual


def test_a_quoted_boundary_and_urlencoded_are_read() -> None:
    """A text search may come as either, with any character."""
    text = "Größe & 出口 = 100 %"
    usual = answer(predict(TEXTUAL, text=text))
    body = form(part("text", text.encode()), entries_part(TEXTUAL))
    quoted = f'multipart/form-data; boundary="{BOUNDARY}"'
    assert answer(reply_to_predict(quoted, body)) == usual
    encoded = urlencode({"entries": json.dumps(TEXTUAL), "text": text}).encode()
    assert answer(reply_to_predict(URLENCODED, encoded)) == usual


def test_an_empty_field_counts_as_not_sent() -> None:
    """An empty image is one only if it is sent as a file."""
    entries, text = entries_part(TEXTUAL), part("text", b"a dog")
    field = reply_to_predict(MULTIPART, form(entries, part("image", b""), text))
    assert answer(field) == answer(predict(TEXTUAL, text="a dog"))
    assert crashed(reply_to_predict(MULTIPART, form(entries, image_part(b""), text)))


@pytest.mark.parametrize("kind", ["multipart/form-data", MULTIPART])
def test_a_body_that_breaks_the_format_is_400(kind: str) -> None:
    """No boundary in the type, or a body that is no form."""
    body = form(b"x", entries_part(TEXTUAL), part("text", b"a dog"))
    assert refusal(reply_to_predict(kind, body))[0] == 400


def test_forty_megabytes_are_taken() -> None:
    """There is no limit to the size of a picture."""
    image = PHOTO[:-2] + bytes(40_000_000) + PHOTO[-2:]
    assert answer(predict(VISUAL, image)) == expected_answer(VISUAL, image, None)


@settings(deadline=None)
@given(st.sampled_from([MULTIPART, URLENCODED]) | st.text(), st.binary())
def test_no_body_breaks_it(kind: str, body: bytes) -> None:
    """Nonsense is answered like a form without entries, or as broken."""
    for sent in (body, form(part("entries", body), part("text", body))):
        assert reply_to_predict(kind, sent).status in {200, 400, 422, 500}
