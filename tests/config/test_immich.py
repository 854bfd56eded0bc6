"""The address of Immich and its key, which nobody is shown."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config.immich import masked, unmasked
from immich_ml_proxy.config.model import ImmichServer
from immich_ml_proxy.errors import ConfigError

KEY = "s3cret"


def parsed(immich: Any) -> Any:
    """Return the configuration of a document that says this of Immich."""
    document = {"defaultBackend": "", "backends": [], "immich": immich}
    return config_document.parse(msgspec.json.encode(document))


@pytest.mark.parametrize(
    "url",
    [
        "http://immich:2283",
        "immich:2283",
        "http://immich:2283/api",
        "http://immich:2283/api/",
        " http://immich:2283/ ",
    ],
)
def test_an_address_as_people_type_it(url: str) -> None:
    """The proxy adds the rest."""
    found = parsed({"url": url, "apiKey": f" {KEY}\n"}).immich
    assert found == ImmichServer(url="http://immich:2283", api_key=KEY)


def test_it_is_not_asked_by_default() -> None:
    """Nor where nothing is written."""
    assert parsed(None).immich is None


@pytest.mark.parametrize(
    ("immich", "field", "reason"),
    [
        ({"url": "ftp://immich", "apiKey": KEY}, "immich.url", "must start with"),
        ({"url": "http://immich"}, "immich.apiKey", "missing"),
        ({"url": "http://immich", "apiKey": " "}, "immich.apiKey", "missing"),
        ({"url": "http://immich", "apiKey": "***"}, "immich.apiKey", "stands for"),
        ({"url": "http://immich", "apiKey": "a\r\nb"}, "immich.apiKey", "character"),
        ({"url": "http://immich", "apiKey": "é"}, "immich.apiKey", "character"),
        ({"apiKey": KEY}, "immich.url", "missing"),
        ({"url": "http://i", "apiKey": KEY, "x": 1}, "immich.x", "no such field"),
        ([], "immich", "must be an object"),
    ],
)
def test_what_is_wrong_is_named(immich: Any, field: str, reason: str) -> None:
    """By its field; a key never stands in the text."""
    with pytest.raises(ConfigError, match=reason) as raised:
        parsed(immich)
    assert raised.value.field == field
    assert KEY not in str(raised.value)


def test_the_key_is_kept_when_its_mask_is_saved() -> None:
    """The page shows a mask, and saves what it shows."""
    current = parsed({"url": "http://immich", "apiKey": KEY})
    shown = config_document.shown(current)
    assert shown["immich"] == {"url": "http://immich", "apiKey": "***"}
    shown["immich"]["url"] = "http://other"
    saved = unmasked(msgspec.json.encode(shown), current.document)
    assert config_document.parse(saved).immich == ImmichServer(
        url="http://other", api_key=KEY
    )


def test_another_key_takes_its_place() -> None:
    """And without ``immich`` it is gone."""
    current = parsed({"url": "http://immich", "apiKey": KEY})
    other = b'{"immich": {"url": "http://immich", "apiKey": "new"}}'
    assert unmasked(other, current.document) == other
    assert unmasked(b"{}", current.document) == b"{}"


@given(st.binary(max_size=50) | st.text().map(str.encode))
def test_what_is_no_document_is_left_to_whoever_reads_it(raw: bytes) -> None:
    """It tells what is wrong with it."""
    before = parsed({"url": "http://immich", "apiKey": KEY}).document
    assert unmasked(raw, before) == raw


def test_a_document_without_a_key_is_shown_as_it_is() -> None:
    """Whatever stands in its place."""
    for document in ({}, {"immich": None}, {"immich": {"url": "x"}}):
        assert masked(document) == document
