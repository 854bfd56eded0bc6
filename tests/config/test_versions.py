"""What somebody may still be changing is remembered, within bounds."""

from __future__ import annotations

import json
from typing import Any

import pytest

from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config.model import Config
from immich_ml_proxy.config.versions import KEPT, MAX_BYTES, Versions
from immich_ml_proxy.errors import VersionMismatch
from tests.config.documents import top


def config(**fields: Any) -> Config:
    """Return a configuration."""
    return config_document.parse(json.dumps(top(**fields)).encode())


def test_the_current_version_has_no_other_base() -> None:
    """Nor has a change that is meant for any."""
    versions = Versions(b"k")
    tag = versions.tell(config())
    for if_match in ((), (f'"{tag}"',), (f'W/"{tag}"',), ("*",), ('"x"', f' "{tag}"')):
        assert versions.base(if_match, config()) is None


def test_an_older_one_is_found() -> None:
    """With what it said."""
    versions = Versions(b"k")
    tag = versions.tell(config())
    assert versions.base([f'"x", "{tag}"'], config(maxPings=3)) == config().document


@pytest.mark.parametrize("if_match", ['"x"', "", '""', "W/"])
def test_one_that_is_not_remembered_is_refused(if_match: str) -> None:
    """Nothing can be merged then."""
    with pytest.raises(VersionMismatch, match="too long ago to be merged") as refused:
        Versions(b"k").base([if_match], config())
    assert (refused.value.status, refused.value.conflicts) == (412, ())


def test_the_oldest_is_forgotten() -> None:
    """One that was told again is younger."""
    versions = Versions(b"k")
    tags = [versions.tell(config(maxPings=n)) for n in range(1, KEPT + 1)]
    versions.tell(config(maxPings=1))
    versions.tell(config(maxPings=999))
    assert versions.base([tags[0]], config()) is not None
    with pytest.raises(VersionMismatch):
        versions.base([tags[1]], config())


def test_all_of_them_together_are_bounded() -> None:
    """A document may be of a megabyte."""
    versions = Versions(b"k")
    large = [
        config(backends=[{"name": "gpu", "url": "http://gpu:3003/" + f"{n}" * 900_000}])
        for n in range(1, 7)
    ]
    tags = [versions.tell(one) for one in large]
    kept = []
    for tag in tags:
        try:
            kept.append(versions.base([tag], config()))
        except VersionMismatch:
            continue
    assert sum(len(one or b"") for one in kept) <= MAX_BYTES
    assert len(kept) >= 3
