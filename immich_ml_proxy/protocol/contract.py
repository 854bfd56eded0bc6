"""
What an ML server owes for what it was asked: whether a 2xx is an answer.

====================================  ==============================================
asked                                 due
====================================  ==============================================
any task with a type                  a member of its name; no more than that of tasks
                                      and types that are not listed here
``clip``: ``textual`` or ``visual``   an embedding
``facial-recognition``:               a list of objects with ``boundingBox`` (an object
``recognition``                       of the numbers ``x1``, ``y1``, ``x2``, ``y2``),
                                      ``embedding`` and ``score``; it may be empty
``ocr``: ``recognition``              ``text``, ``boxScore`` and ``textScore`` of one
                                      length, and ``box`` with eight numbers (four
                                      corners) a text; they may be empty
anything about a picture              the numbers ``imageHeight`` and ``imageWidth``
====================================  ==============================================

An *embedding* is a string that holds a JSON array of numbers: finite and not all zero.
Older servers answer the array itself, which becomes the string. How many numbers are
right for a model is not known here: they are counted, and ``balancer/dimensions``
judges.

Members that nobody asked for pass. Two of one name are refused in the answer itself;
further in, the last one holds, as it does in Immich.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections import Counter
from collections.abc import ItemsView, Mapping
from typing import Final

import attrs
import msgspec

from immich_ml_proxy.config.model import CheckAnswers
from immich_ml_proxy.protocol.embedding import Unfit, kind_of
from immich_ml_proxy.protocol.merge import Answer
from immich_ml_proxy.protocol.outputs import FORMS, Form
from immich_ml_proxy.protocol.routing import Tasks

Level = CheckAnswers

#: All of it.
FULL: Final = "full"
#: All but the numbers of embeddings, which are not looked at.
SHAPE: Final = "shape"
#: Any JSON object is an answer, and is passed on as it is.
OFF: Final = "off"

#: An answer has some KB, one with hundreds of faces a few MB. Looked at, it takes up to
#: 16 times as much.
MAX_ANSWER_BYTES = 16 * 1024 * 1024

_SIZE = ("imageHeight", "imageWidth")


@attrs.define
class Checked:
    """
    An answer that fits what was asked.

    :ivar body: the bytes to pass on: those that came, unless something in them was
        normalised; then every other value still stands as it came.
    :ivar members: the same, as the raw values that ``merge.merge`` takes: nobody needs
        to decode ``body`` again.
    :ivar normalised: how many embeddings came as arrays and are strings now.
    :ivar dimensions: how many numbers its embeddings have, by task and model name;
        empty where none was counted.
    """

    body: bytes
    members: Answer
    normalised: int = 0
    dimensions: Mapping[tuple[str, str], int] = attrs.field(factory=dict)


@attrs.frozen
class Violation:
    """
    What is no answer.

    :ivar task: the task it fails; ``None``: all that were asked.
    :ivar reason: in words that follow the server's name, such as "answers no `clip`".
    """

    task: str | None
    reason: str


@attrs.frozen
class Due:
    """
    What is due for what was asked: of each task, how its value is read and its model.

    :ivar tasks: name, form and model; without a form, that there is a value is all.
    """

    tasks: tuple[tuple[str, Form | None, str | None], ...]


def due_of(asked: Tasks) -> Due:
    """
    Return what an answer must have.

    :param asked: the tasks of the group: ``Group.tasks``.
    """
    due: list[tuple[str, Form | None, str | None]] = []
    for task, types in asked.items():
        form = FORMS.get(task)
        if form is not None and not form.types.isdisjoint(types):
            due.append((task, form, _model(types, form.types)))
        elif types:
            due.append((task, None, None))
    return Due(tuple(due))


def check(
    due: Due, has_image: bool, body: bytes, level: Level = FULL
) -> Checked | Violation:
    """
    Return ``body`` as an answer to what was asked, or what is wrong with it.

    Nothing is raised, whatever the bytes.

    :param has_image: whether the client sent a picture.
    :param body: of a 2xx.
    """
    try:
        if level == OFF:
            return Checked(body, {key.name: value for key, value in _pairs(body)})
        return _checked(due, has_image, body, level == FULL)
    except _Misfit as misfit:
        return Violation(misfit.task, misfit.reason)


def _checked(due: Due, has_image: bool, body: bytes, is_counted: bool) -> Checked:
    members = _members(body)
    normalised = 0
    dimensions: dict[tuple[str, str], int] = {}
    for task, form, model in due.tasks:
        if task not in members:
            raise _Misfit(task, f"answers no {_quoted(task)}")
        if form is None:
            continue
        try:
            output = form.read(members[task], is_counted)
        except Unfit as error:
            raise _Misfit(task, f"answers `{task}` {error}") from None
        if output.normalised:
            members[task] = output.value
            normalised += output.normalised
        if output.dimensions is not None and model is not None:
            dimensions[task, model] = output.dimensions
    if has_image:
        _check_size(members)
    if normalised:
        body = msgspec.json.encode(members)
    return Checked(body, members, normalised, dimensions)


class _Misfit(Exception):
    """What ends a check: the task and the reason of a :class:`Violation`."""

    def __init__(self, task: str | None, reason: str) -> None:
        super().__init__(reason)
        self.task = task
        self.reason = reason


class _Key:
    """The name of a member, unlike any other: a dict keeps two of one name."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


_object = msgspec.json.Decoder(
    dict[_Key, msgspec.Raw], dec_hook=lambda _, name: _Key(name)
)


def _members(body: bytes) -> dict[str, msgspec.Raw]:
    if len(body) > MAX_ANSWER_BYTES:
        raise _Misfit(None, f"answers {len(body)} bytes, more than any answer has")
    if not body.isascii():
        # The pairs' values are raw: nobody has looked into them.
        try:
            body.decode()
        except UnicodeDecodeError:
            raise _Misfit(None, "answers what is not UTF-8") from None
    pairs = _pairs(body)
    members = {key.name: value for key, value in pairs}
    if len(members) != len(pairs):
        [(name, _)] = Counter(key.name for key, _ in pairs).most_common(1)
        raise _Misfit(None, f"answers {_quoted(name)} more than once")
    return members


def _pairs(body: bytes) -> ItemsView[_Key, msgspec.Raw]:
    try:
        return _object.decode(body).items()
    except RecursionError:
        raise _Misfit(None, "answers JSON that is nested too deeply") from None
    except msgspec.ValidationError:
        kind = kind_of(body.lstrip())
        raise _Misfit(None, f"answers {kind}, not an object") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise _Misfit(None, _not_json(body)) from None


def _not_json(body: bytes) -> str:
    if body.startswith(BOM_UTF8):
        return "answers a byte order mark before its JSON"
    begin = _printable(body[:200].decode("utf-8", "replace"), 60)
    if not begin:
        return "answers nothing"
    if begin.startswith("<"):
        return f"answers a page, not JSON: `{begin}`"
    return f"answers what is not JSON; it begins with `{begin}`"


def _check_size(members: Answer) -> None:
    for name in _SIZE:
        value = members.get(name)
        if value is None:
            raise _Misfit(None, f"answers no `{name}`")
        kind = kind_of(value)
        if kind != "a number":
            raise _Misfit(None, f"answers `{name}` as {kind}, not as a number")


class _Entry(msgspec.Struct):
    modelName: str


_entry = msgspec.json.Decoder(_Entry)


def _model(types: Mapping[str, msgspec.Raw], known: frozenset[str]) -> str | None:
    """Return the name of the one model that was asked; several cannot be told apart."""
    names = set()
    for kind, entry in types.items():
        if kind in known:
            try:
                names.add(_entry.decode(entry).modelName)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                return None
    return names.pop() if len(names) == 1 else None


def _quoted(name: str) -> str:
    return f"`{_printable(name, 100)}`"


def _printable(text: str, length: int) -> str:
    shown = "".join(char if char.isprintable() else " " for char in text)
    shown = " ".join(shown.split())
    return shown if len(shown) <= length else f"{shown[:length]}…"
