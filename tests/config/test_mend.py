"""What people write into a configuration and cannot have meant."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config.mend import mended, mended_url
from immich_ml_proxy.errors import ConfigError
from tests.config.documents import GPU, backend


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("gpu:3003", "http://gpu:3003"),
        ("192.168.1.20:3003", "http://192.168.1.20:3003"),
        ("[::1]:3003", "http://[::1]:3003"),
        ("[fd00::1]", "http://[fd00::1]"),
        ("immich_machine_learning:3003", "http://immich_machine_learning:3003"),
        ("ml.example/immich/", "http://ml.example/immich/"),
        (" localhost ", "http://localhost"),
        ("bücher.example:80", "http://bücher.example:80"),
        ("ping:3003", "http://ping:3003"),
    ],
)
def test_a_url_without_a_scheme_is_http(written: str, meant: str) -> None:
    """As in a browser."""
    assert mended_url(written) == (meant, "http:// was added")


@pytest.mark.parametrize("path", ["/predict", "/ping"])
@pytest.mark.parametrize("slash", ["", "/", "//"])
@pytest.mark.parametrize(
    "url",
    [
        "http://gpu:3003",
        "https://ml.example/immich",
        "HTTP://gpu",
        "http://ping/predicts",
    ],
)
def test_the_path_of_a_request_is_cut_off(url: str, path: str, slash: str) -> None:
    """The proxy adds it itself; whoever copied it from a log has it twice."""
    assert mended_url(url + path + slash) == (url, f"{path}{slash} was cut off")


def test_both_are_mended_and_told_at_once() -> None:
    """In the order in which it was done."""
    told = "http:// was added and /ping/predict/ was cut off"
    assert mended_url("gpu:3003/ping/predict/") == ("http://gpu:3003", told)


@pytest.mark.parametrize(
    "url",
    [
        "http://gpu:3003",
        "http://gpu:3003/",
        " http://gpu:3003 ",
        "HTTP://gpu",
        "http://ping",
        "http://predict/",
        "http://gpu/predict/v2",
        "http://gpu/sping",
        "http://gpu/Ping",
        "http://gpu/predict?x",
        "",
        "/",
        ":3003",
        "3003",
        "http:/gpu",
        "ftp://gpu/ping",
        "file:///etc/ping",
        "mailto:me@gpu",
        "me:pw@gpu:3003",
        "fe80::1",
        "gpu:http",
        "g pu",
        "gpu\nx:/ping",
    ],
)
def test_all_else_stays_as_it_is(url: str) -> None:
    """What is wrong with it is for the checks to tell."""
    assert mended_url(url) == (url, "")


@given(
    st.text("hgtp:/.pin?#[]@ 1é\n", max_size=20)
    | st.from_regex(r"\A(https?://)?(gpu)?(:80)?(/|/ping|/predict|ping){0,5}\Z")
)
def test_mending_is_done_once_and_for_all(url: str) -> None:
    """What is mended needs it no more, and what was good is not touched."""
    once, done = mended_url(url)
    assert mended_url(once) == (once, "")
    assert bool(done) == (once != url)


def test_the_field_and_what_was_done_are_named() -> None:
    """A document is not changed in place, and keeps all else that it says."""
    document: dict[str, Any] = {
        "defaultBackend": "gpu",
        "backends": [GPU, {"url": "nas:3003/ping", "name": "nas"}, {"url": 3}, None],
    }
    before = copy.deepcopy(document)
    after, warnings = mended(document)
    assert document == before
    assert after["backends"][1].pop("url") == "http://nas:3003"
    document["backends"][1].pop("url")
    assert after == document
    assert warnings == [
        "backends[1].url: http:// was added and /ping was cut off; "
        "it is http://nas:3003 now"
    ]


@pytest.mark.parametrize("backends", [{}, "gpu:3003", None, [[]], ["gpu:3003"]])
def test_what_has_the_wrong_form_is_for_others_to_tell(backends: Any) -> None:
    """Mending is before all checks."""
    assert mended({"backends": backends}) == ({"backends": backends}, [])
    assert mended({}) == ({}, [])


def test_what_is_kept_is_the_mended_form() -> None:
    """In the document, too: the next start has nothing to mend."""
    good = config_document.parse(json.dumps(backend(url="gpu:3003/predict/")).encode())
    assert json.loads(good.document) == backend(url="http://gpu:3003")
    assert good.backends[0].url == "http://gpu:3003"
    [warning] = good.warnings
    assert warning.startswith("backends[0].url: http:// was added")
    again = config_document.parse(good.document)
    assert (again, again.warnings) == (good, ())


@pytest.mark.parametrize("url", ["gpu..lan", "gpu?x", "gpu:0/ping", "g\u2100u"])
def test_what_is_wrong_in_another_way_is_refused(url: str) -> None:
    """A scheme alone makes nothing good."""
    with pytest.raises(ConfigError) as refused:
        config_document.parse(json.dumps(backend(url=url)).encode())
    assert refused.value.field == "backends[0].url"
