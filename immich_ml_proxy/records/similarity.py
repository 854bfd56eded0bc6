"""How alike two answers to the same request are: their vectors, and their faces."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, sqrt
from operator import mul

import msgspec

from immich_ml_proxy.records.boxes import Face, Seen

#: Faces are the same if their boxes have more of their area in common than this.
SAME_FACE = 0.5
#: Faces that are compared, and bytes of a vector that are read.
MOST_FACES = 25
MOST_BYTES = 512 * 1024

_string = msgspec.json.Decoder(str)
_numbers = msgspec.json.Decoder(list[float])


class FacePair(msgspec.Struct, frozen=True):
    """
    A face that both answers have.

    :ivar cosine: of the two vectors; ``None``: they cannot be compared.
    :ivar iou: the part of their boxes' area that they have in common.
    """

    cosine: float | None
    iou: float


def vector(value: bytes | msgspec.Raw) -> list[float] | None:
    """Return the numbers of an embedding: an array, or a string that holds one."""
    text = bytes(value)
    if not text or len(text) > MOST_BYTES:
        return None
    try:
        return _numbers.decode(_string.decode(text) if text[:1] == b'"' else text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def cosine(one: Sequence[float] | None, other: Sequence[float] | None) -> float | None:
    """
    Return how alike two vectors are: 1 for the same direction, 0 for nothing in common.

    :return: ``None`` if they are not of one length, or one has no direction.
    """
    if not one or not other or len(one) != len(other):
        return None
    lengths = sqrt(sum(map(mul, one, one))) * sqrt(sum(map(mul, other, other)))
    if not isfinite(lengths) or lengths == 0:
        return None
    found = sum(map(mul, one, other)) / lengths
    return max(-1.0, min(1.0, found)) if isfinite(found) else None


def overlap(one: Face, other: Face) -> float:
    """Return the area that two boxes have in common, as a part of what they cover."""
    width = min(one.x2, other.x2) - max(one.x1, other.x1)
    height = min(one.y2, other.y2) - max(one.y1, other.y1)
    if not (width > 0 and height > 0):
        return 0.0
    common = width * height
    covered = _area(one) + _area(other) - common
    return common / covered if covered > 0 and isfinite(covered) else 0.0


def same_faces(one: Seen, other: Seen) -> list[FacePair]:
    """Return the faces that both answers have; each face is in one pair at the most."""
    pairs = sorted(
        (
            (iou, at, other_at)
            for at, face in enumerate(one.faces[:MOST_FACES])
            for other_at, other_face in enumerate(other.faces[:MOST_FACES])
            if (iou := overlap(face, other_face)) > SAME_FACE
        ),
        key=lambda pair: -pair[0],
    )
    found: list[FacePair] = []
    taken: set[tuple[int, int]] = set()
    for iou, at, other_at in pairs:
        if {(0, at), (1, other_at)} & taken:
            continue
        taken |= {(0, at), (1, other_at)}
        vectors = (one.faces[at].embedding, other.faces[other_at].embedding)
        found.append(FacePair(cosine(*map(vector, vectors)), iou))
    return found


def _area(face: Face) -> float:
    return max(0.0, face.x2 - face.x1) * max(0.0, face.y2 - face.y1)
