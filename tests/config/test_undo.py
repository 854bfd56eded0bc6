"""The last save taken back; what was changed since by other ways stays."""

from __future__ import annotations

import json
from typing import Any

import pytest

from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config import takers
from immich_ml_proxy.config.model import Config
from immich_ml_proxy.config.undo import Save, undone
from immich_ml_proxy.errors import NothingToUndo

NAS = {"name": "nas", "url": "http://nas:3003"}
GPU = {"name": "gpu", "url": "http://gpu:3003"}


def config(*backends: dict[str, Any], **fields: Any) -> Config:
    """Return a configuration whose default route is the first machine."""
    first = {"defaultBackend": backends[0]["name"], "backends": backends}
    document = {**first, "taskRouting": {}, **fields}
    return config_document.parse(json.dumps(document).encode())


BEFORE = config(NAS, GPU)
AFTER = config(NAS, {**GPU, "weight": 3}, maxPings=4)


def test_a_save_is_undone() -> None:
    """And that again."""
    back = undone(Save(BEFORE, AFTER, "me", 1.0), AFTER)
    assert back == BEFORE
    assert undone(Save(AFTER, back, "me", 2.0), back) == AFTER


@pytest.mark.parametrize(
    ("saved", "since"),
    [({}, "drain"), ({}, "disabled"), ({"state": "drain"}, "disabled")],
)
def test_a_state_set_since_stays(saved: dict[str, Any], since: Any) -> None:
    """Whatever the save had made of it."""
    after = config(NAS, {**GPU, "weight": 3, **saved})
    now = config_document.with_state(after, "gpu", since)
    back = undone(Save(BEFORE, after, "me", 1.0), now)
    assert (back.backends[1].state, back.backends[1].weight) == (since, 1)


def test_a_state_that_the_save_has_set_is_undone() -> None:
    """If it was not set again."""
    after = config(NAS, {**GPU, "state": "drain"})
    now = config_document.with_state(after, "nas", "drain")
    back = undone(Save(BEFORE, after, "me", 1.0), now)
    assert [one.state for one in back.backends] == ["drain", "enabled"]


def test_what_was_changed_since_elsewhere_stays() -> None:
    """A route that the overview has given one machine more."""
    now = takers.with_taker(AFTER, "ocr", "gpu", is_added=True)
    back = undone(Save(BEFORE, AFTER, "me", 1.0), now)
    assert back.max_pings == BEFORE.max_pings
    assert back.routes["ocr"].backends == ("nas", "gpu")


def test_what_was_changed_again_is_not_lost() -> None:
    """It is told instead."""
    routed = config(NAS, GPU, taskRouting={"ocr": "gpu"})
    now = takers.with_taker(routed, "ocr", "nas", is_added=True)
    with pytest.raises(
        NothingToUndo, match="the route of text in pictures was changed"
    ):
        undone(Save(config(NAS, GPU), routed, "me", 1.0), now)


def test_without_a_save_there_is_nothing_to_undo() -> None:
    """Nor in another configuration than it was made to."""
    with pytest.raises(NothingToUndo, match="there is no save to undo"):
        undone(None, BEFORE)
    other = config({"name": "mac", "url": "http://mac"})
    with pytest.raises(NothingToUndo, match="another configuration") as refused:
        undone(Save(BEFORE, AFTER, "me", 1.0), other)
    assert refused.value.status == 409
