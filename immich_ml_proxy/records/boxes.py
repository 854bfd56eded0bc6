"""Where an answer says that there are faces and texts in a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from immich_ml_proxy.records.text import shown

#: Characters that are told of a text.
SHOWN = 80
#: Answers with more objects, or more values, are not read: that would take long.
MOST_NESTED = 4000
MOST_VALUES = 150_000
#: x and y of the four corners of a text.
NUMBERS_PER_BOX = 8


class _Box(msgspec.Struct):
    x1: float
    y1: float
    x2: float
    y2: float


class _Face(msgspec.Struct):
    boundingBox: _Box
    score: float = 0.0
    embedding: msgspec.Raw = msgspec.Raw(b"null")


class _Texts(msgspec.Struct):
    text: list[str]
    box: list[float]
    textScore: list[float] = []


class _Answer(msgspec.Struct):
    faces: msgspec.Raw = msgspec.field(name="facial-recognition", default=msgspec.Raw())
    ocr: msgspec.Raw = msgspec.Raw()
    clip: msgspec.Raw = msgspec.Raw()
    imageWidth: float | None = None
    imageHeight: float | None = None


class Face(msgspec.Struct, frozen=True):
    """
    A face in a picture.

    :ivar embedding: a string of JSON, or an array; as it came.
    """

    x1: float
    y1: float
    x2: float
    y2: float
    score: float
    embedding: msgspec.Raw

    @property
    def told(self) -> dict[str, float]:
        """What the page draws."""
        return {
            "x1": self.x1,
            "y1": self.y1,
            "x2": self.x2,
            "y2": self.y2,
            "score": self.score,
        }


class Seen(msgspec.Struct, frozen=True):
    """
    What an answer says of a picture.

    :ivar texts: ``{"points": eight numbers, "text": ..., "score": ...}`` of each.
    :ivar clip: the embedding of all of it, as it came; empty: there is none.
    """

    width: float | None = None
    height: float | None = None
    faces: Sequence[Face] = ()
    texts: Sequence[dict[str, Any]] = ()
    clip: msgspec.Raw = msgspec.Raw()


NOTHING = Seen()
_answer = msgspec.json.Decoder(_Answer)
_faces = msgspec.json.Decoder(list[_Face])
_texts = msgspec.json.Decoder(_Texts)
_ERRORS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def seen(answer: bytes, most: int) -> Seen:
    """
    Return what an answer says of a picture; nothing, where it cannot be read.

    :param most: faces, and texts, that are told.
    """
    if answer.count(b"{") > MOST_NESTED or answer.count(b",") > MOST_VALUES:
        return NOTHING
    try:
        found = _answer.decode(answer)
    except _ERRORS:
        return NOTHING
    return Seen(
        found.imageWidth,
        found.imageHeight,
        _read_faces(found.faces)[:most],
        _read_texts(found.ocr, most),
        found.clip,
    )


def _read_faces(value: msgspec.Raw) -> list[Face]:
    try:
        faces = _faces.decode(value) if bytes(value) else []
    except _ERRORS:
        return []
    return [
        Face(box.x1, box.y1, box.x2, box.y2, one.score, one.embedding)
        for one in faces
        for box in [one.boundingBox]
    ]


def _read_texts(value: msgspec.Raw, most: int) -> list[dict[str, Any]]:
    try:
        texts = _texts.decode(value) if bytes(value) else _Texts([], [])
    except _ERRORS:
        return []
    told = []
    for at, text in enumerate(texts.text[:most]):
        points = texts.box[NUMBERS_PER_BOX * at : NUMBERS_PER_BOX * (at + 1)]
        if len(points) < NUMBERS_PER_BOX:
            break
        score = texts.textScore[at] if at < len(texts.textScore) else 0.0
        told.append({"points": points, "text": shown(text, SHOWN), "score": score})
    return told
