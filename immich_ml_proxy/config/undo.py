"""What comes of the configuration when the last save is undone."""

from __future__ import annotations

from typing import Any

import attrs
import msgspec

from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config.merge import merge
from immich_ml_proxy.config.model import Config
from immich_ml_proxy.config.words import place_in_words
from immich_ml_proxy.errors import NothingToUndo

#: What is set on the overview stays set.
_SET_SINCE = ("state", "disabledUntil")


@attrs.frozen
class Save:
    """
    A save that may be undone.

    :ivar before: what was in force.
    :ivar after: what was, then.
    :ivar who: has saved it.
    :ivar at: when, in Unix seconds.
    """

    before: Config
    after: Config
    who: str
    at: float


def undone(save: Save | None, current: Config) -> Config:
    """
    Return the configuration without what a save has changed.

    What was changed since by other ways stays, a backend's state above all.

    :raises NothingToUndo: when there is no save, or what it has changed was changed
        again since.
    """
    if save is None:
        raise NothingToUndo("there is no save to undo: none was made since the start")
    if save.after.document == current.document:
        return config_document.parse(save.before.document)
    before, after, now = (
        msgspec.json.decode(one.document) for one in (save.before, save.after, current)
    )
    known, left = (_by_name(one).keys() for one in (after, now))
    if known and not known & left:
        raise NothingToUndo("another configuration was put in force since that save")
    merged = merge(after, _with_states(before, after, now), now)
    if merged.conflicts:
        words = place_in_words(merged.conflicts[0].steps)
        raise NothingToUndo(
            f"{words} was changed again since that save, which undoing it would lose; "
            "change it at /config"
        )
    return config_document.parse(msgspec.json.encode(merged.document))


def _by_name(document: dict[str, Any]) -> dict[str, Any]:
    return {one["name"]: one for one in document.get("backends", ())}


def _with_states(
    before: dict[str, Any], after: dict[str, Any], now: dict[str, Any]
) -> dict[str, Any]:
    """Return ``before`` with the states that were set since the save."""
    if "backends" not in before:
        return before
    then, today = _by_name(after), _by_name(now)
    backends = []
    for backend in before["backends"]:
        name, changed = backend["name"], {**backend}
        for field in _SET_SINCE if name in then and name in today else ():
            if today[name].get(field) != then[name].get(field):
                changed.pop(field, None)
                if field in today[name]:
                    changed[field] = today[name][field]
        backends.append(changed)
    return {**before, "backends": backends}
