"""Every place of a configuration has a name that people understand."""

from __future__ import annotations

import pytest

from immich_ml_proxy.config.document import DocumentFields
from immich_ml_proxy.config.model import Backend, ImmichServer
from immich_ml_proxy.config.routes import RouteFields
from immich_ml_proxy.config.words import place_in_words

PLACES = [
    *((field,) for field in DocumentFields.__struct_encode_fields__),
    *(("backends", "nas", field) for field in Backend.__struct_encode_fields__),
    *(("taskRouting", "ocr", field) for field in RouteFields.__struct_encode_fields__),
    *(("immich", field) for field in ImmichServer.__struct_encode_fields__),
]


@pytest.mark.parametrize("steps", PLACES, ids=".".join)
def test_every_field_has_a_name(steps: tuple[str, ...]) -> None:
    """A new field gets one, too; its own name would tell only programmers."""
    assert "the setting" not in place_in_words(steps)


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        (("backends", "nas"), "the machine nas"),
        (("backends", "nas", "weight"), "the weight of nas"),
        (
            ("backends", "nas", "limits", "ocr"),
            "the places of nas by kind of work (ocr)",
        ),
        (("backends", "n{}s", "url"), "the address of n{}s"),
        (("backends", "nas", "newField"), "the setting newField of nas"),
        (("taskRouting", "facial_recognition"), "the route of faces"),
        (("taskRouting", "clip/textual"), "the route of searches"),
        (
            ("taskRouting", "ocr", "backends"),
            "the machines of the route of text in pictures, in their order",
        ),
        (
            ("defaultBackend", "strategy"),
            "how the route of all other work chooses a machine",
        ),
        (("immich", "apiKey"), "the key for Immich"),
        (("immich", "newField"), "the setting newField of Immich"),
        (("newField",), "the setting newField"),
        (("newField", "a b"), 'the setting newField (["a b"])'),
        ((), "the configuration"),
    ],
)
def test_places_in_words(steps: tuple[str, ...], words: str) -> None:
    """As a conflict tells them."""
    assert place_in_words(steps) == words
