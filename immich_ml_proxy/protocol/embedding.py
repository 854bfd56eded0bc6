"""
An embedding in an answer: a string that holds a JSON array of numbers.

Older ML servers answer the array itself. Immich takes only the string, which is made of
the array's own bytes: no number is written anew.
"""

from __future__ import annotations

import msgspec

from immich_ml_proxy.protocol.misfits import in_words

#: Some ten times what the largest model's takes (1536 numbers). Each number takes 32
#: bytes while it is looked at.
MAX_EMBEDDING_BYTES = 512 * 1024

_string = msgspec.json.Decoder(str)
_numbers = msgspec.json.Decoder(list[float])

_NO_ARRAY = "with a string for an embedding that holds no array"
_NO_NUMBERS = ("NaN", "Infinity", "null")


class Unfit(Exception):
    """Says what a task's value lacks, in words that follow "answers `clip` "."""


def read(value: msgspec.Raw, is_counted: bool) -> tuple[msgspec.Raw, int | None]:
    """
    Return an embedding as the string that it should be, and how many numbers it has.

    :param value: JSON in UTF-8; returned as it is when it is a string.
    :param is_counted: look at the numbers, too; else there is no number of them.
    :raises Unfit: when it is none, or holds no numbers, only zeros, or what is not
        finite.
    """
    view = memoryview(value)
    if len(view) > MAX_EMBEDDING_BYTES:
        raise Unfit(f"with an embedding of {len(view)} bytes")
    first = view[0]
    text: memoryview | str
    if first == 0x22:  # a quote
        # Where nothing is escaped, the string need not be decoded to be read.
        text = _string.decode(value) if b"\\" in bytes(view) else view[1:-1]
    elif first == 0x5B:  # an opening bracket
        text = _as_string(view)
        value = msgspec.Raw(msgspec.json.encode(text))
    else:
        raise Unfit(f"with {kind_of(value)} for an embedding")
    if is_counted:
        return value, _count(text)
    if not _holds_array(text):
        raise Unfit(_NO_ARRAY)
    return value, None


def kind_of(value: msgspec.Raw | bytes) -> str:
    """Return in words what kind of JSON ``value`` is; it must be JSON."""
    first = bytes(memoryview(value)[:1])
    return _KINDS.get(first, "a number")


_KINDS = {
    b"{": "an object",
    b"[": "an array",
    b'"': "a string",
    b"n": "null",
    b"t": "true",
    b"f": "false",
}


def _count(text: memoryview | str) -> int:
    try:
        numbers = _numbers.decode(text)
    except msgspec.DecodeError as error:
        raise Unfit(_what_is_wrong(text, error)) from None
    if not any(numbers):
        what = "of zeros only" if numbers else "without numbers"
        raise Unfit(f"with an embedding {what}")
    return len(numbers)


def _what_is_wrong(text: memoryview | str, error: Exception) -> str:
    if not _holds_array(text):
        return _NO_ARRAY
    whole = _as_string(text)
    for word in _NO_NUMBERS:
        if word in whole:
            return f"with an embedding that has `{word}` for a number"
    return f"with an embedding that is no array of numbers: {in_words(error)}"


def _holds_array(text: memoryview | str) -> bool:
    return _as_string(text).lstrip(" \t\r\n").startswith("[")


def _as_string(text: memoryview | str) -> str:
    return text if isinstance(text, str) else str(text, "utf-8")
