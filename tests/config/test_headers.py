"""Headers of backends: what can be sent, and what is shown and kept of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config import headers
from immich_ml_proxy.config.headers import MASK
from immich_ml_proxy.config.model import Config
from immich_ml_proxy.errors import ConfigError
from tests.config.documents import backend

SECRET = "Bearer abcdefgh"
WITH = {"Authorization": SECRET, "X-Zone": "attic"}


def parse(*backends: dict[str, Any], before: Config | None = None) -> Config:
    """Return a configuration of these backends."""
    names = [one["name"] for one in backends]
    raw = {"defaultBackend": names, "backends": list(backends), "taskRouting": {}}
    return config_document.parse(json.dumps(raw).encode(), before)


def one(url: str = "http://gpu:3003", name: str = "gpu", **more: Any) -> dict[str, Any]:
    """Return a backend."""
    return {"name": name, "url": url, **more}


def test_they_are_kept_as_they_were_written() -> None:
    """In the file, where they are needed after the next start."""
    config = parse(one(headers=WITH))
    assert config.backends[0].headers == WITH
    assert json.loads(config.document)["backends"][0]["headers"] == WITH


@pytest.mark.parametrize(
    ("given_headers", "field", "reason"),
    [
        ({"A b": "x"}, '.headers["A b"]', "no name of a header"),
        ({"": "x"}, '.headers[""]', "no name of a header"),
        ({"A:": "x"}, '.headers["A:"]', "no name of a header"),
        ({"Host": "x"}, ".headers.Host", "written by the proxy itself"),
        ({"content-LENGTH": "1"}, ".headers.content-LENGTH", "by the proxy itself"),
        ({"Via": "x"}, ".headers.Via", "written by the proxy itself"),
        ({"A": "x", "a": "y"}, ".headers.a", "there twice"),
        ({"A": "sesame\r\nX: y"}, ".headers.A", "printable ASCII"),
        ({"A": "sesame\x00"}, ".headers.A", "printable ASCII"),
        ({"A": "sesamé"}, ".headers.A", "printable ASCII"),
        ({"A": " sesame"}, ".headers.A", "printable ASCII"),
        ({"A": ""}, ".headers.A", "printable ASCII"),
        ({"A": "s" * 8193}, ".headers.A", "at most 8192"),
        ({"A": 7}, ".headers.A", "printable ASCII"),
        ({"A": None}, ".headers.A", "printable ASCII"),
        (["A"], ".headers", "an object"),
    ],
)
def test_what_cannot_be_sent_is_refused(
    given_headers: Any, field: str, reason: str
) -> None:
    """By its name; a value is not repeated, for it may be a password."""
    with pytest.raises(ConfigError) as refused:
        parse(one(headers=given_headers))
    assert refused.value.field == f"backends[0]{field}"
    assert reason in refused.value.reason
    assert "sesam" not in str(refused.value)


def test_nothing_of_them_is_shown() -> None:
    """Not in the API's answers, and not where values are shown for debugging."""
    config = parse(one(headers=WITH))
    masked = {"Authorization": MASK, "X-Zone": MASK}
    assert config_document.shown(config)["backends"][0]["headers"] == masked
    assert config_document.saved(config)["backends"][0]["headers"] == masked
    assert "abcdefgh" not in repr(config.backends)


def test_what_is_saved_as_it_was_shown_is_kept() -> None:
    """Beside what is changed, added and taken away; in whatever case."""
    before = parse(one(headers=WITH))
    after = parse(one(headers={"authorization": MASK, "New": "y"}), before=before)
    assert after.backends[0].headers == {"authorization": SECRET, "New": "y"}
    shown = config_document.shown(before)
    assert config_document.parse(json.dumps(shown).encode(), before) == before


@pytest.mark.parametrize(
    "moved",
    [
        one(name="another"),
        one("http://gpu:3003/path"),
        one("HTTP://GPU:3003"),
    ],
)
def test_they_stay_with_a_server(moved: dict[str, Any]) -> None:
    """Under another name, or at another path."""
    before = parse(one(headers=WITH), one("http://nas", "nas"))
    masked = dict.fromkeys(WITH, MASK)
    after = parse(one("http://nas", "nas"), {**moved, "headers": masked}, before=before)
    assert after.backends[1].headers == WITH


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://evil:3003", "is kept for another machine; type it again"),
        ("http://gpu:3004", "is kept for another machine; type it again"),
        ("https://gpu:3003", "is kept for another machine; type it again"),
    ],
)
def test_they_are_not_sent_to_another_server(url: str, told: str) -> None:
    """Else who may save, but knows no password, had it sent to himself."""
    before = parse(one(headers=WITH))
    with pytest.raises(ConfigError, match=told) as refused:
        parse(one(url, headers={"Authorization": MASK}), before=before)
    assert refused.value.field == "backends[0].headers.Authorization"


@pytest.mark.parametrize(
    "new",
    [
        one(headers={"X-Other": MASK}),
        one("http://other", "other", headers={"Authorization": MASK}),
    ],
)
def test_a_mask_without_a_value_is_told(new: dict[str, Any]) -> None:
    """It would be sent as it is."""
    with pytest.raises(ConfigError, match="type its value"):
        parse(new, before=parse(one(headers=WITH)))


@pytest.mark.parametrize(
    ("url", "pair"),
    [
        ("http://me:pw@gpu:3003", "bWU6cHc="),  # me:pw
        ("HTTPS://me@gpu", "bWU6"),  # me:
        ("http://m%40e:p%3Aw@gpu/ml/predict", "bUBlOnA6dw=="),  # m@e:p:w
    ],
)
def test_a_user_in_a_url_becomes_a_header(url: str, pair: str) -> None:
    """As a browser sends it; that is told, without the password."""
    config = parse(one(url, headers={"X-Zone": "attic"}))
    [found] = config.backends
    assert found.headers == {"X-Zone": "attic", "Authorization": f"Basic {pair}"}
    assert "@" not in found.url
    assert found.url.endswith(("//gpu:3003", "//gpu", "//gpu/ml"))
    told = " ".join(config.warnings)
    assert "moved to headers, as Authorization" in told
    assert "pw" not in told


def test_a_broken_url_does_not_tell_its_password() -> None:
    """The error is logged at the start."""
    with pytest.raises(ConfigError) as refused:
        parse(one("http://me:pass/word@gpu"))
    assert "pass" not in str(refused.value).replace("password", "")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"url": "http://gpu", "caFile": "/ca.pem"}, "is for https:// only"),
        ({"url": "https://gpu", "caFile": "ca.pem"}, "must be the full path"),
        ({"url": "https://gpu", "caFile": ""}, "must be the full path"),
        ({"url": "https://gpu", "caFile": "/\n"}, "must be the full path"),
        ({"url": "https://gpu", "caFile": 3}, "a text"),
    ],
)
def test_a_file_of_certificates_is_for_https(fields: dict[str, Any], told: str) -> None:
    """Over http nothing would be checked, and nobody should believe that it is."""
    with pytest.raises(ConfigError) as refused:
        config_document.parse(json.dumps(backend(**fields)).encode())
    assert refused.value.field == "backends[0].caFile"
    assert told in refused.value.reason


def test_records_get_none_of_them() -> None:
    """Of what was sent to be saved, wherever somebody has put them."""
    sent = {"backends": [one(headers=WITH), {"headers": SECRET}], "headers": [SECRET]}
    blotted = headers.without_values(json.dumps(sent).encode())
    assert b"abcdefgh" not in blotted
    assert b"attic" not in blotted
    assert json.loads(blotted)["backends"][0]["name"] == "gpu"
    assert b"abcdefgh" not in headers.without_values(f'{{"headers": "{SECRET}'.encode())


JSON = st.recursive(
    st.none() | st.integers() | st.just(MASK) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "url", "headers", "backends", "A"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["backends", "headers"]), JSON), JSON)
def test_nothing_that_is_sent_raises_anything_else(
    document: dict[str, Any], old: Any
) -> None:
    """What has the wrong form is left for the checks that come after."""
    try:
        headers.unmasked(document, {"backends": [{"name": "a", "headers": {"A": "x"}}]})
    except ConfigError as refused:
        assert refused.field.startswith("backends[")
    headers.without_values(json.dumps([document, old]).encode())
