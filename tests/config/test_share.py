"""One proxy's part of what a machine is given, where several stand before it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config.model import Backend
from immich_ml_proxy.config.share import share
from immich_ml_proxy.errors import ConfigError

DOCUMENT = {
    "defaultBackend": "gpu",
    "backends": [
        {
            "name": "gpu",
            "url": "http://gpu:3003",
            "maxConcurrent": 8,
            "limits": {"ocr": 1, "facial-recognition": 5},
        },
        {"name": "nas", "url": "http://nas:3003"},
    ],
}


@given(st.integers(1, 10_000), st.integers(1, 100))
def test_all_together_give_what_is_written_and_hardly_more(
    places: int, proxies: int
) -> None:
    """Rounded up: a machine of one place has one with each proxy."""
    one = share(Backend(name="gpu", url="http://gpu", max_concurrent=places), proxies)
    assert isinstance(one.max_concurrent, int)
    assert places <= proxies * one.max_concurrent < places + proxies


def test_a_document_is_divided_and_kept_as_it_was_written() -> None:
    """What is left to the proxy stays so; the file says what people wrote."""
    config = config_document.parse(
        json.dumps({**DOCUMENT, "proxyReplicas": 3}).encode()
    )
    gpu, nas = config.backends
    assert gpu.max_concurrent == 3
    assert gpu.limits == {"ocr": 1, "facial-recognition": 2}
    assert nas.max_concurrent == "auto"
    saved = config_document.saved(config)
    assert saved["backends"] == DOCUMENT["backends"]
    assert saved["proxyReplicas"] == 3


@pytest.mark.parametrize("wrong", [0, 101, 1.5, "2"])
def test_there_are_one_to_a_hundred(wrong: object) -> None:
    """The error names the field."""
    document = json.dumps({**DOCUMENT, "proxyReplicas": wrong}).encode()
    with pytest.raises(ConfigError, match="proxyReplicas"):
        config_document.parse(document)
