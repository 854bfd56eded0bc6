"""The version of a configuration: which one a change is meant for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config import version
from immich_ml_proxy.config.model import Config


def config(**more: Any) -> Config:
    """Return a configuration."""
    backend = {"name": "a", "url": "http://a", **more}
    raw = {"defaultBackend": "a", "backends": [backend], "taskRouting": {}}
    return config_document.parse(json.dumps(raw).encode())


def test_another_configuration_has_another_version() -> None:
    """The same has the same, also after a restart."""
    assert version.version(config(), b"k") == version.version(config(), b"other")
    assert version.version(config(), b"k") != version.version(config(weight=2), b"k")


def test_a_version_does_not_help_to_guess_a_secret() -> None:
    """It is another one in each process."""
    one, two = (config(headers={"A": value}) for value in ("1", "2"))
    assert version.version(one, b"k") != version.version(two, b"k")
    assert version.version(one, b"k") != version.version(one, b"other")
    assert version.version(one, b"k") == version.version(one, b"k")


@pytest.mark.parametrize(
    ("if_match", "names"),
    [
        ((), None),
        (('"v"',), ["v"]),
        (('W/"v"',), ["v"]),
        (("*",), ["*"]),
        (('"x", "v"',), ["x", "v"]),
        (('"x"', ' "v"'), ["x", "v"]),
        (("",), [""]),
        (("W/",), [""]),
    ],
)
def test_a_change_names_versions(
    if_match: tuple[str, ...], names: list[str] | None
) -> None:
    """Or none, which is not the same as one that is empty."""
    assert version.named(if_match) == names
