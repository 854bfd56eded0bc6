"""
JSON as people look at it: long things are told by their number and their beginning.

An array of numbers, or a string that holds one (an embedding), becomes ``{"numbers":
512, "first": [...]}``; a long string ``{"characters": 9000, "first": "..."}``. What is
left out of an array or an object is counted in a last member, ``{"more": 12}`` or
``"…": 12``. What goes by the name of a secret is masked.
"""

from __future__ import annotations

import re
from typing import Any

import attrs
import msgspec

from immich_ml_proxy.records.masking import MASK, is_secret
from immich_ml_proxy.records.text import shown

#: Numbers that are told of an array, which is folded if it has more than as many again.
FIRST = 5
#: More objects and arrays, or more values, are not even read: that would take long.
MOST_NESTED = 20_000
MOST_VALUES = 150_000
MOST_DEPTH = 12

_NUMBER = re.compile(r"\s*-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?\s*")


@attrs.define
class Room:
    """
    How much is told.

    :ivar characters: of a string.
    :ivar items: of an array, and members of an object.
    :ivar values: of all, which become less.
    """

    characters: int
    items: int
    values: int


def folded(text: bytes, room: Room) -> Any:
    """
    Return JSON, folded.

    :raises ValueError: if it is none, or has too much in it to be looked through.
    """
    nested = text.count(b"{") + text.count(b"[")
    if nested > MOST_NESTED or text.count(b",") > MOST_VALUES:
        raise ValueError("too much to be looked through")
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(str(error)) from None
    return fold(value, attrs.evolve(room))


def fold(value: Any, room: Room, depth: int = 0) -> Any:
    """Return a value of JSON, folded."""
    room.values -= 1
    if isinstance(value, str):
        return _string(value, room)
    if not isinstance(value, list | dict):
        return value
    if depth >= MOST_DEPTH:
        return "…"
    if isinstance(value, list):
        if len(value) > 2 * FIRST and all(map(_is_number, value)):
            return {"numbers": len(value), "first": value[:FIRST]}
        items: list[Any] = []
        for one in value[: room.items]:
            if room.values <= 0:
                break
            items.append(fold(one, room, depth + 1))
        left = len(value) - len(items)
        return [*items, {"more": left}] if left else items
    members: dict[str, Any] = {}
    for name, one in list(value.items())[: room.items]:
        if room.values <= 0:
            break
        key = shown(name, 100)
        members[key] = MASK if is_secret(name) else fold(one, room, depth + 1)
    left = len(value) - len(members)
    return {**members, "…": left} if left > 0 else members


def _string(text: str, room: Room) -> Any:
    if text[:1] == "[" and text[-1:] == "]" and len(text) > 50:
        # An embedding: to look at its beginning is enough, if it does not nest.
        parts = text[1:-1].split(",", FIRST)
        if len(parts) > FIRST and all(map(_NUMBER.fullmatch, parts[:FIRST])):
            first = [float(part) for part in parts[:FIRST]]
            return {"numbers": text.count(",") + 1, "first": first}
    if len(text) > room.characters:
        return {"characters": len(text), "first": shown(text, room.characters)}
    return shown(text, room.characters)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
