"""
What is wrong with a JSON value, in plain words.

The forms are those of msgspec, which says whether a value has one; what it says of one
that has not is for programmers, so the value is looked at again here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

_T = TypeVar("_T")

#: The path of what is wrong, and the reason.
_Fault = tuple[str, str]

#: Fields whose values are repeated nowhere.
_SECRET = re.compile(r"headers|key|token|secret|passw|url", re.IGNORECASE)
#: Characters of a text that is repeated.
_SHOWN = 40
_MALFORMED = re.compile(r"\(byte (?P<byte>\d+)\)")


def step(key: str) -> str:
    """Return the step of a path that leads to ``key``."""
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", key):
        return f".{key}"
    return f"[{msgspec.json.encode(key).decode()}]"


def decoded(raw: bytes) -> Any:
    """
    Return the value of a JSON text.

    :raises ValueError: what is wrong with it, such as "is not JSON: it ends too early".
    """
    try:
        return msgspec.json.decode(raw)
    except RecursionError:
        raise ValueError(
            "is not JSON that can be read: it is nested too deep"
        ) from None
    except (UnicodeDecodeError, msgspec.DecodeError) as error:
        found = _MALFORMED.search(str(error))
    if found is None:
        if not _is_utf8(raw):
            raise ValueError("is not UTF-8: save it with that encoding")
        told = _early(raw)
    else:
        before = raw[: int(found["byte"])]
        line, column = before.count(b"\n") + 1, len(before) - before.rfind(b"\n")
        told = f"look at line {line}, character {column}"
    raise ValueError(f"is not JSON: {told}")


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _early(raw: bytes) -> str:
    if not raw.strip():
        return "it is empty"
    # A text that is whole has a number or a character that no JSON may have.
    is_whole = raw.rstrip().endswith((b"}", b"]", b'"'))
    return "it has a value that no JSON may have" if is_whole else "it ends too early"


class Misfit(ValueError):
    """
    A value is not what it must be.

    :param path: of the first field that is wrong.
    :param reason: what is wrong with it, and what would be right.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}" if path else reason)
        self.path = path
        self.reason = reason


def converted(value: Any, shape: type[_T], path: str = "") -> _T:
    """
    Return a JSON value as ``shape``.

    :param path: where it stands; the paths of faults begin with it.
    :raises Misfit: when it is none.
    """
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError:
        found = next(_faults(value, inspect.type_info(shape), path), None)
    raise Misfit(*(found or (path, "is not what is expected here")))


def _shown(value: Any) -> str:
    """Return a value as an error repeats it."""
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "an object"
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _faults(value: Any, kind: inspect.Type, path: str) -> Iterator[_Fault]:
    """Yield what is wrong with a value, the first thing first."""
    match kind:
        case inspect.StructType() if isinstance(value, dict):
            yield from _of_fields(value, kind, path)
        case inspect.ListType() | inspect.VarTupleType() if isinstance(value, list):
            for index, item in enumerate(value):
                yield from _faults(item, kind.item_type, f"{path}[{index}]")
        case inspect.DictType() if isinstance(value, dict):
            for key, item in value.items():
                yield from _faults(item, kind.value_type, path + step(key))
        case inspect.UnionType():
            options = [[*_faults(value, one, path)] for one in kind.types]
            if all(options):
                # An object that is meant to be one of them says more by its fields.
                deep = [one for option in options for one in option if one[0] != path]
                yield from deep or [_misfit(value, kind, path)]
        case _ if not _fits(value, kind):
            yield _misfit(value, kind, path)


def _of_fields(
    value: dict[str, Any], kind: inspect.StructType, path: str
) -> Iterator[_Fault]:
    fields = {field.encode_name: field for field in kind.fields}
    for name, item in value.items():
        if name in fields:
            yield from _faults(item, fields[name].type, path + step(name))
        elif kind.forbid_unknown_fields:
            yield path + step(name), "there is no such field"
    for name, field in fields.items():
        if field.required and name not in value:
            yield path + step(name), "missing"


def _misfit(value: Any, kind: inspect.Type, path: str) -> _Fault:
    due = f"must be {_expected(kind)}"
    return path, due if _SECRET.search(path) else f"{due}, not {_shown(value)}"


def _fits(value: Any, kind: inspect.Type) -> bool:
    """Whether a value is what a type without parts wants."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    match kind:
        case inspect.IntType():
            return is_number and isinstance(value, int) and _is_within(value, kind)
        case inspect.FloatType():
            return is_number and _is_within(value, kind)
        case inspect.StrType():
            if not isinstance(value, str):
                return False
            least, most = kind.min_length or 0, kind.max_length
            return len(value) >= least and (most is None or len(value) <= most)
        case inspect.LiteralType():
            return any(type(value) is type(one) and value == one for one in kind.values)
        case inspect.BoolType():
            return isinstance(value, bool)
        case inspect.NoneType():
            return value is None
        case inspect.AnyType():
            return True
    return False


def _is_within(value: float, kind: inspect.IntType | inspect.FloatType) -> bool:
    return (
        (kind.ge is None or value >= kind.ge)
        and (kind.gt is None or value > kind.gt)
        and (kind.le is None or value <= kind.le)
        and (kind.lt is None or value < kind.lt)
        and abs(value) < 2**1023
    )


def _expected(kind: inspect.Type) -> str:
    """Return what a value must be: "a number from 0.1 to 86400"."""
    match kind:
        case inspect.IntType():
            return f"a whole number{_bounds(kind)}"
        case inspect.FloatType():
            return f"a number{_bounds(kind)}"
        case inspect.StrType(max_length=int(most)):
            return f"a text of {kind.min_length or 0} to {most} characters"
        case inspect.StrType():
            return "a text"
        case inspect.BoolType():
            return "true or false"
        case inspect.LiteralType():
            return _choice(_options(kind))
        case inspect.NoneType():
            return "null"
        case inspect.ListType() | inspect.VarTupleType():
            return "a list ([...])"
        case inspect.UnionType():
            return _choice([each for one in kind.types for each in _options(one)])
    return "an object ({...})"


def _options(kind: inspect.Type) -> list[str]:
    if isinstance(kind, inspect.LiteralType):
        return [f'"{one}"' for one in kind.values]
    return [_expected(kind)]


def _choice(options: list[str]) -> str:
    *others, last = options
    return f"{', '.join(others)} or {last}" if others else last


def _bounds(kind: inspect.IntType | inspect.FloatType) -> str:
    if kind.ge is not None and kind.le is not None:
        return f" from {_plain(kind.ge)} to {_plain(kind.le)}"
    low = "" if kind.gt is None else f"over {_plain(kind.gt)}"
    low = f"of at least {_plain(kind.ge)}" if kind.ge is not None else low
    high = "" if kind.le is None else f"at most {_plain(kind.le)}"
    return f" {' and '.join(filter(None, [low, high]))}" if low or high else ""


def _plain(bound: float) -> str:
    return str(int(bound)) if bound == int(bound) else str(bound)
