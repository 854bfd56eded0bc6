"""What a save comes to: checked, and merged with what was saved meanwhile."""

from __future__ import annotations

from typing import Any

import attrs
import msgspec

from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config import immich
from immich_ml_proxy.config.faults import step
from immich_ml_proxy.config.headers import MASK
from immich_ml_proxy.config.merge import ABSENT, Conflict, Merged, Steps, merge
from immich_ml_proxy.config.model import Config
from immich_ml_proxy.config.strays import strays
from immich_ml_proxy.config.words import place_in_words
from immich_ml_proxy.errors import ConfigError, VersionMismatch


@attrs.frozen
class Proposal:
    """
    :ivar config: what would be in force; its ``warnings`` tell what was mended.
    :ivar is_merged: whether somebody else's changes are in it, too.
    """

    config: Config
    is_merged: bool


def proposed(sent: bytes, current: Config, base: bytes | None = None) -> Proposal:
    """
    Return what comes of a document that is to be saved.

    :param base: the document that the sender has changed; ``None``: the current one,
        or any.
    :raises ConfigError: when it is refused by itself.
    :raises VersionMismatch: with the conflicts, when it does not go together with what
        was saved meanwhile.
    """
    if base is None or base == current.document:
        return Proposal(_read(sent, current), is_merged=False)
    mine = _read(sent, config_document.parse(base))
    merged = merge(*map(msgspec.json.decode, (base, mine.document, current.document)))
    conflicts = [*merged.conflicts, *strays(merged)]
    if conflicts:
        raise _refusal(conflicts)
    try:
        new = config_document.parse(msgspec.json.encode(merged.document))
    except ConfigError as error:
        raise _misfit(error, msgspec.json.decode(base), merged) from None
    return Proposal(attrs.evolve(new, warnings=mine.warnings), is_merged=True)


def _read(sent: bytes, base: Config) -> Config:
    """Return what was sent, with the secrets that it leaves as they were."""
    given = immich.unmasked(sent, base.document)
    new = config_document.parse(given, base)
    if given is not sent:
        immich.check_host(base.immich, new.immich)
    return new


def _refusal(conflicts: list[Conflict]) -> VersionMismatch:
    told = list(dict.fromkeys(place_in_words(one.steps) for one in conflicts))
    if len(told) > 3:
        told[3:] = [f"{len(told) - 3} more"]
    *others, last = told
    words = f"{', '.join(others)} and {last}" if others else last
    return VersionMismatch(
        f"somebody else has changed {words} meanwhile; nothing was saved. "
        "Choose which value is to stay, and save again",
        tuple(_told(one) for one in conflicts),
    )


def _misfit(
    error: ConfigError, base: dict[str, Any], merged: Merged
) -> VersionMismatch:
    """Return the refusal of changes that are good by themselves, and bad together."""
    steps = _steps(error.field, merged.document)
    sides = [_at(side, steps) for side in (base, merged.mine, merged.theirs)]
    return VersionMismatch(
        "your changes do not go together with what somebody else has changed "
        f"meanwhile; nothing was saved. {error}",
        (_told(Conflict(steps, *sides)),),
    )


def _steps(path: str, document: dict[str, Any]) -> Steps:
    """Return the first steps of an error's path: the field, machine or route."""
    for index, backend in enumerate(document.get("backends", ())):
        if path.startswith(f"backends[{index}]"):
            return "backends", backend["name"]
    for key in document.get("taskRouting", ()):
        whole = f"taskRouting{step(key)}"
        if path == whole or path.startswith((f"{whole}.", f"{whole}[")):
            return "taskRouting", key
    return (path.partition(".")[0].partition("[")[0],)


def _at(document: dict[str, Any], steps: Steps) -> Any:
    value: Any = document
    for name in steps:
        if isinstance(value, list):
            value = next((one for one in value if one["name"] == name), ABSENT)
        else:
            value = value.get(name, ABSENT) if isinstance(value, dict) else ABSENT
    return value


def _told(conflict: Conflict) -> dict[str, Any]:
    """Return a conflict as JSON has it, without secrets; what is not there is null."""
    steps = conflict.steps
    sides = {"base": conflict.base, "mine": conflict.mine, "theirs": conflict.theirs}
    return {
        "path": conflict.path,
        "words": place_in_words(steps),
        **{side: _masked(steps, value) for side, value in sides.items()},
    }


def _masked(steps: Steps, value: Any) -> Any:
    """Return a value as somebody may see it who asks for the document."""
    if value is ABSENT or steps == ("",):
        return None
    if steps == ("backends",):
        return value if all(isinstance(one, str) for one in value) else MASK
    document, top = value, steps
    if steps[0] == "backends":
        for name in reversed(steps[2:]):
            document = {name: document}
        document = {"backends": [{**document, "name": steps[1]}]}
        top = ("backends", *steps[1:])
    else:
        for name in reversed(steps):
            document = {name: document}
    shown = _at(config_document.masked(document), top)
    return None if shown is ABSENT else shown
