"""
What the models of Immich's tasks put out, as it stands under the task in an answer.

Only of ``clip``, and of ``recognition`` in faces and texts, the form is known: a
``detection`` alone is nobody's business but the client's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs
import msgspec

from immich_ml_proxy.protocol.embedding import Unfit
from immich_ml_proxy.protocol.embedding import read as read_embedding
from immich_ml_proxy.protocol.misfits import in_words

#: x and y of the four corners of a text.
NUMBERS_PER_BOX = 8


@attrs.define
class Output:
    """
    The value of a task.

    :ivar value: what to pass on: what came, unless something was normalised.
    :ivar normalised: how many embeddings came as arrays and are strings now.
    :ivar dimensions: how many numbers each embedding has; ``None``: not counted, or
        there is no embedding.
    """

    value: msgspec.Raw
    normalised: int = 0
    dimensions: int | None = None


@attrs.frozen
class Form:
    """
    How the output of a task is checked.

    :ivar types: the types that it is known for.
    :ivar read: of a value, and whether the numbers of embeddings are looked at, makes
        an :class:`Output`; raises :class:`Unfit`.
    """

    types: frozenset[str]
    read: Callable[[msgspec.Raw, bool], Output]


class _BoundingBox(msgspec.Struct):
    x1: float
    y1: float
    x2: float
    y2: float


class _Face(msgspec.Struct):
    boundingBox: _BoundingBox
    embedding: msgspec.Raw
    score: float


class _Texts(msgspec.Struct):
    text: list[str]
    box: list[float]
    boxScore: list[float]
    textScore: list[float]


_faces = msgspec.json.Decoder(list[_Face])
_members_of_faces = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_texts = msgspec.json.Decoder(_Texts)


def _read_clip(value: msgspec.Raw, is_counted: bool) -> Output:
    string, number = read_embedding(value, is_counted)
    return Output(string, int(string is not value), number)


def _read_faces(value: msgspec.Raw, is_counted: bool) -> Output:
    faces: list[_Face] = _decoded(_faces, value)
    normalised = {}
    numbers: set[int] = set()
    for index, face in enumerate(faces):
        string, number = read_embedding(face.embedding, is_counted)
        if number is not None:
            numbers.add(number)
        if string is not face.embedding:
            normalised[index] = string
    if len(numbers) > 1:
        *most, last = (f"of {number}" for number in sorted(numbers)[:3])
        lengths = f"{', '.join(most)} and {last}"
        raise Unfit(f"with embeddings {lengths} numbers")
    if normalised:
        value = _with_embeddings(value, normalised)
    return Output(value, len(normalised), numbers.pop() if numbers else None)


def _with_embeddings(
    faces: msgspec.Raw, embeddings: Mapping[int, msgspec.Raw]
) -> msgspec.Raw:
    members = _decoded(_members_of_faces, faces)
    for index, embedding in embeddings.items():
        members[index]["embedding"] = embedding
    return msgspec.Raw(msgspec.json.encode(members))


def _read_texts(value: msgspec.Raw, is_counted: bool) -> Output:
    found: _Texts = _decoded(_texts, value)
    count = len(found.text)
    for name, numbers, due in (
        ("`boxScore`", found.boxScore, count),
        ("`textScore`", found.textScore, count),
        ("`box`", found.box, NUMBERS_PER_BOX * count),
    ):
        if len(numbers) != due:
            raise Unfit(f"with {count} texts but {len(numbers)} {name} numbers")
    return Output(value)


def _decoded(decoder: msgspec.json.Decoder[Any], value: msgspec.Raw) -> Any:
    try:
        return decoder.decode(value)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Unfit(f"in another form: {in_words(error)}") from None


#: By the name of the task.
FORMS: Mapping[str, Form] = {
    "clip": Form(frozenset({"textual", "visual"}), _read_clip),
    "facial-recognition": Form(frozenset({"recognition"}), _read_faces),
    "ocr": Form(frozenset({"recognition"}), _read_texts),
}
