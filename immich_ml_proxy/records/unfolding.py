"""The numbers that ``folding`` has left out of an answer."""

from __future__ import annotations

from typing import Any

import msgspec

from immich_ml_proxy.records.folding import MOST_NESTED, MOST_VALUES
from immich_ml_proxy.records.similarity import vector

#: Numbers that are told at once: an answer has less than a hundred kilobytes.
MOST = 4096


def numbers_at(answer: bytes, pointer: str) -> list[float]:
    """
    Return an array of numbers, or the one that a string holds.

    :param answer: JSON.
    :param pointer: where it is, as RFC 6901 puts it: ``/ocr/boxScore``.
    :raises LookupError: if there is none.
    """
    nested = answer.count(b"{") + answer.count(b"[")
    if nested > MOST_NESTED or answer.count(b",") > MOST_VALUES:
        raise LookupError("the answer has too much in it to be looked through")
    try:
        value: Any = msgspec.json.decode(answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise LookupError("the answer is no JSON") from None
    for step in pointer.split("/")[1:]:
        value = _member(value, step.replace("~1", "/").replace("~0", "~"))
    found = vector(msgspec.json.encode(value))
    if found is None:
        raise LookupError("there are no numbers at this place of the answer")
    if len(found) > MOST:
        raise LookupError(f"there are more than {MOST} numbers")
    return found


def _member(value: Any, step: str) -> Any:
    if isinstance(value, dict) and step in value:
        return value[step]
    if isinstance(value, list) and step.isascii() and step.isdigit():
        number = int(step[:9])
        if number < len(value):
            return value[number]
    raise LookupError("there is no such place in the answer")
