"""What is wrong with the JSON of an answer, in plain words; from what msgspec says."""

from __future__ import annotations

import re

_PLACE = re.compile(r" - at `\$\.?(?P<place>.*)`$")
_EXPECTED = re.compile(r"Expected `(?P<due>\w+)`, got `(?P<is>\w+)`")
_MISSING = re.compile(r"Object missing required field `(?P<name>[^`]*)`")
_KINDS = {
    "array": "a list",
    "object": "an object",
    "str": "a text",
    "float": "a number",
    "int": "a number",
    "bool": "true or false",
    "null": "null",
}


def in_words(error: Exception) -> str:
    """Return it with its place: "`[1].score` must be a number, not a text"."""
    if isinstance(error, RecursionError):
        return "it is nested too deep"
    text = str(error)
    found = _PLACE.search(text)
    place = f"`{found['place']}`" if found and found["place"] else "it"
    expected, missing = _EXPECTED.search(text), _MISSING.search(text)
    if missing:
        return f"{place} has no `{missing['name']}`"
    if expected:
        due, kind = (_KINDS.get(expected[name], "else") for name in ("due", "is"))
        return f"{place} must be {due}, not {kind}"
    if "out of range" in text:
        return f"{place} is a number that is too large"
    return f"{place} is not JSON"
