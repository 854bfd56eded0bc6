"""How an answer is spoiled that is then sent as if it were right. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from .behaviour import Flaw

_NUMBERS = {"nan": b"NaN", "null": b"null", "zero": b"0.0"}


def spoiled(value: Any, flaw: Flaw) -> Any:
    """
    Return a part of an answer with something wrong in it.

    :param value: an embedding (clip), a list of faces, an object of parallel lists
        (OCR, and what detection gives alone), or a number (of the picture's size).
    """
    if flaw == "type":
        return "3" if isinstance(value, int) else 3
    if isinstance(value, int):
        return None
    if isinstance(value, dict):
        if flaw == "box" and "box" in value:
            return value | {"box": value["box"][:-1]}
        last = list(value)[-1]
        if flaw == "member":
            return {name: one for name, one in value.items() if name != last}
        return value | {last: _numbers(value[last], flaw)}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [_face(face, flaw) for face in value]
    return _numbers(value, flaw)


def _face(face: dict[str, Any], flaw: Flaw) -> dict[str, Any]:
    if flaw == "member":
        return {name: one for name, one in face.items() if name != "embedding"}
    if flaw == "box":
        return {name: one for name, one in face.items() if name != "boundingBox"}
    return face | {"embedding": _numbers(face["embedding"], flaw)}


def _numbers(value: Any, flaw: Flaw) -> Any:
    """Spoil a list of numbers, or a string that holds one in JSON."""
    numbers = msgspec.json.decode(value) if isinstance(value, str) else value
    if flaw in ("lengths", "box"):
        raw = msgspec.json.encode(numbers[:-1])
    else:
        # Raw, since NaN is no JSON, which some servers do not mind.
        raw = b"[" + b",".join([_NUMBERS[flaw]] * len(numbers)) + b"]"
    return raw.decode() if isinstance(value, str) else msgspec.Raw(raw)
