"""What a save comes to when somebody else has saved meanwhile."""

from __future__ import annotations

import json
from typing import Any

import pytest

from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config.model import Config
from immich_ml_proxy.config.proposal import proposed
from immich_ml_proxy.errors import ConfigError, VersionMismatch

NAS: dict[str, Any] = {"name": "nas", "url": "http://nas:3003"}
GPU: dict[str, Any] = {
    "name": "gpu",
    "url": "http://gpu:3003",
    "headers": {"Authorization": "Bearer old"},
}
IMMICH = {"url": "http://immich:2283", "apiKey": "old-key"}


def raw(*backends: dict[str, Any], **fields: Any) -> bytes:
    """Return a document."""
    first = {"defaultBackend": backends[0]["name"], "backends": backends}
    return json.dumps({**first, "taskRouting": {}, "immich": IMMICH, **fields}).encode()


BASE = config_document.parse(raw(NAS, GPU)).document


def masked(document: bytes) -> bytes:
    """Return what a page was shown."""
    shown = config_document.masked(json.loads(document))
    return json.dumps(shown).encode()


def result(sent: bytes, theirs: bytes) -> Config:
    """Return what comes of a save."""
    proposal = proposed(sent, config_document.parse(theirs), BASE)
    assert proposal.is_merged
    return proposal.config


def conflicts(sent: bytes, theirs: bytes) -> list[dict[str, Any]]:
    """Return why one is refused; no secret is in it."""
    with pytest.raises(VersionMismatch) as refused:
        proposed(sent, config_document.parse(theirs), BASE)
    told = [*refused.value.conflicts]
    for secret in ("Bearer", "old-key", "new-key"):
        assert secret not in f"{told} {refused.value}"
    return told


def test_a_masked_secret_is_that_of_the_version_that_was_shown() -> None:
    """So what somebody else has typed meanwhile stays."""
    theirs = raw(NAS, {**GPU, "headers": {"Authorization": "Bearer new"}})
    new = result(masked(raw(NAS, {**GPU, "weight": 2})), theirs)
    [_, gpu] = new.backends
    assert (gpu.weight, gpu.headers["Authorization"]) == (2, "Bearer new")
    assert new.immich is not None
    assert new.immich.api_key == "old-key"


def test_a_secret_does_not_go_where_nobody_has_typed_it_for() -> None:
    """One has changed the server, the other the secret."""
    moved = {**GPU, "url": "http://evil:3003"}
    theirs = raw(NAS, {**GPU, "headers": {"Authorization": "Bearer new"}})
    [conflict] = conflicts(raw(NAS, moved), theirs)
    assert conflict == {
        "path": "backends.gpu.headers.Authorization",
        "words": "the headers that gpu is sent (Authorization)",
        "base": None,
        "mine": "***",
        "theirs": "***",
    }


def test_nor_does_immichs_key() -> None:
    """At another host it is typed again."""
    mine = raw(NAS, GPU, immich={**IMMICH, "url": "http://evil:2283"})
    theirs = raw(NAS, GPU, immich={**IMMICH, "apiKey": "new-key"})
    [conflict] = conflicts(mine, theirs)
    assert (conflict["path"], conflict["mine"]) == ("immich.apiKey", "***")


def test_a_conflict_is_told_in_words_with_both_values() -> None:
    """What is not there is null."""
    mine, theirs = ({**GPU, "weight": weight} for weight in (2, 3))
    assert conflicts(raw(NAS, mine), raw(NAS, theirs)) == [
        {
            "path": "backends.gpu.weight",
            "words": "the weight of gpu",
            "base": None,
            "mine": 2,
            "theirs": 3,
        }
    ]


def test_a_machine_that_is_gone_is_told_whole_without_its_secrets() -> None:
    """They are what somebody sees who asks for the configuration."""
    [conflict] = conflicts(raw(NAS), raw(NAS, {**GPU, "weight": 3}))
    assert (conflict["path"], conflict["mine"]) == ("backends.gpu", None)
    hidden = {"Authorization": "***"}
    assert conflict["base"] == {**GPU, "headers": hidden}
    assert conflict["theirs"] == {**GPU, "headers": hidden, "weight": 3}


def test_changes_that_are_bad_together_are_a_conflict() -> None:
    """One has taken a machine out, the other routes to it."""
    [conflict] = conflicts(raw(NAS, GPU, taskRouting={"ocr": "gpu"}), raw(NAS))
    assert conflict == {
        "path": "taskRouting.ocr",
        "words": "the route of text in pictures",
        "base": None,
        "mine": "gpu",
        "theirs": None,
    }


def test_what_is_wrong_by_itself_is_no_conflict() -> None:
    """It names the field as it was sent."""
    with pytest.raises(ConfigError) as refused:
        result(raw(NAS, {**GPU, "weight": "x"}), raw(GPU))
    assert refused.value.field == "backends[1].weight"


def test_what_was_mended_is_told_after_a_merge() -> None:
    """As without one."""
    new = result(raw(NAS, {**GPU, "url": "gpu:3003"}), raw(NAS, GPU, maxPings=3))
    assert new.max_pings == 3
    [warning] = new.warnings
    assert "http:// was added" in warning


def test_who_is_told_is_kept_and_hidden_like_other_secrets() -> None:
    """A topic is a password."""
    entry = {"url": "https://ntfy.example/a-topic"}
    base = config_document.parse(raw(NAS, GPU, notify=[entry])).document
    theirs = config_document.parse(raw(NAS, GPU, notify=[entry], maxPings=3))
    mine = masked(raw(NAS, GPU, notify=[entry], pingTimeout=3))
    new = proposed(mine, theirs, base).config
    assert (new.max_pings, new.ping_timeout) == (3, 3)
    assert json.loads(new.document)["notify"] == [entry]
    other = {**entry, "events": ["down"]}
    theirs = config_document.parse(raw(NAS, GPU, notify=[other]))
    mine = raw(NAS, GPU, notify=[{**entry, "events": ["held"]}])
    with pytest.raises(VersionMismatch) as refused:
        proposed(mine, theirs, base)
    [conflict] = refused.value.conflicts
    assert conflict["words"] == "who is told when something is wrong"
    assert "a-topic" not in f"{conflict}"
    assert conflict["theirs"][0]["events"] == ["down"]
