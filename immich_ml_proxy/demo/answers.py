"""What a simulated model answers: pure functions of the bytes it was given."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping
from hashlib import sha256, shake_256
from io import BytesIO
from math import fsum, sqrt
from typing import Any

import imagesize
import msgspec
from attrs import frozen

#: Numbers in an embedding, as in CLIP's ViT-B models and in buffalo_l.
DIMENSIONS = 512

INVALID_FORMAT = "Invalid request format."
NO_INPUT = "Either image or text must be provided"

_WORDS = ["exit", "open", "café", "42", "menu", "Straße", "taxi", "10:30", "€5", "出口"]


class ServiceError(Exception):
    """
    Why the service does not answer a request with 200.

    :param status: HTTP status.
    :param detail: what it names as the reason, shown as ``{"detail": ...}``;
        ``None`` for the bare text of a crash, ``Internal Server Error``.
    """

    def __init__(self, status: int, detail: object = None) -> None:
        super().__init__(status, detail)
        self.status = status
        self.detail = detail


@frozen
class Entry:
    """One model to be run: what stands under task and type in ``entries``."""

    task: str
    type: str
    model: str
    language: str


@frozen
class Input:
    """
    What the models look at.

    :param digest: SHA-256 of the picture, or of the text in UTF-8.
    :param size: width and height in pixels; ``None`` for a text.
    """

    digest: bytes
    size: tuple[int, int] | None


def expected_answer(
    entries: Mapping[str, Any], image: bytes | None, text: str | None
) -> dict[str, Any]:
    """
    Return the answer that is due to a request, one key per task.

    :param entries: task -> type -> ``{"modelName", "options"?}``.
    :param image: the picture, of which only digest and size matter; with both a
        picture and a text the picture is what the models look at.
    :param text: the text of a search; an empty one counts as none.
    :return: ``clip``: a string that holds a JSON array of ``DIMENSIONS`` numbers;
        ``facial-recognition``: a list of ``boundingBox``, ``embedding``, ``score``;
        ``ocr``: ``text``, ``box`` (8 numbers a line), ``boxScore``, ``textScore``;
        for a picture ``imageHeight`` and ``imageWidth`` last.
    :raise ServiceError: where the service would answer another status than 200.
    """
    wanted = read_entries(entries)
    if image is not None:
        given = Input(sha256(image).digest(), picture_size(image))
    elif text:
        given = Input(sha256(text.encode()).digest(), None)
    else:
        raise ServiceError(400, NO_INPUT)
    answer: dict[str, Any] = {}
    found: dict[str, Any] = {}
    # What depends on another model runs after it, however the request is ordered.
    for entry in sorted(wanted, key=lambda entry: entry.type == "recognition"):
        if entry.type == "recognition" and entry.task not in found:
            raise ServiceError(
                400,
                f"Task {entry.task} of type {entry.type} depends on output of "
                f"{('detection', entry.task)}",
            )
        output = _MODELS[entry.task, entry.type].run(entry, given, found)
        if entry.type == "detection":
            found[entry.task] = output
        answer[entry.task] = output
    if given.size is not None:
        width, height = given.size
        answer |= {"imageHeight": height, "imageWidth": width}
    return answer


def read_entries(entries: object) -> list[Entry]:
    """
    Return the models that ``entries`` asks for, in its order.

    :raise ServiceError: 422 where an object or a ``modelName`` is missing; 500 where
        the service crashes: an entry that is no object, an unknown task, type, model.
    """
    if not isinstance(entries, Mapping):
        raise ServiceError(422, INVALID_FORMAT)
    wanted = []
    for task, types in entries.items():
        if not isinstance(types, Mapping):
            raise ServiceError(422, INVALID_FORMAT)
        for type_, entry in types.items():
            if not isinstance(entry, Mapping):
                raise ServiceError(500)
            name = entry.get("modelName")
            if not isinstance(name, str):
                raise ServiceError(422, INVALID_FORMAT)
            model = _MODELS.get((task, type_))
            options = entry.get("options", {})
            if model is None or not model.names.fullmatch(name):
                raise ServiceError(500)
            if not isinstance(options, Mapping):
                raise ServiceError(500)
            language = str(options.get("language") or "")
            wanted.append(Entry(task, type_, name, language))
    return wanted


def picture_size(image: bytes) -> tuple[int, int]:
    """
    Return width and height in pixels, read from the head of the picture.

    :raise ServiceError: 500 for what is no picture, and for a JPEG cut short: the
        service crashes on them, although it is the client's fault.
    """
    try:
        width, height = imagesize.get(BytesIO(image))
    except (ValueError, struct.error):
        raise ServiceError(500) from None
    # The library also knows SVG, which the service does not.
    if width < 1 or height < 1 or image.startswith(b"<"):
        raise ServiceError(500)
    # The end marker must come after the last start of scan: a preview within the
    # Exif data has markers of its own.
    if image.startswith(b"\xff\xd8"):
        scan = image.rfind(b"\xff\xda")
        if scan < 0 or image.find(b"\xff\xd9", scan) < 0:
            raise ServiceError(500)
    return width, height


def _draw(entry: Entry, given: Input, purpose: str, count: int) -> list[float]:
    """Return ``count`` numbers in [0, 1) that depend on all that is given."""
    names = (entry.task, entry.type, entry.model, entry.language, purpose)
    seed = "\0".join(names).encode() + b"\0" + given.digest
    stream = shake_256(seed).digest(4 * count)
    return [number / 2**32 for number in struct.unpack(f">{count}I", stream)]


def _embedding(entry: Entry, given: Input, purpose: str = "embedding") -> str:
    """Return a vector of length 1 as the service does: JSON within a string."""
    vector = [2 * number - 1 for number in _draw(entry, given, purpose, DIMENSIONS)]
    # fsum, for sum() rounds differently from one Python to the next.
    length = sqrt(fsum(number * number for number in vector))
    return msgspec.json.encode([number / length for number in vector]).decode()


def _size_of(given: Input) -> tuple[int, int]:
    """Return the size of the picture; a model for pictures crashes on a text."""
    if given.size is None:
        raise ServiceError(500)
    return given.size


def _clip_text(entry: Entry, given: Input, found: Mapping[str, Any]) -> str:
    return _embedding(entry, given)


def _clip_image(entry: Entry, given: Input, found: Mapping[str, Any]) -> str:
    _size_of(given)
    return _embedding(entry, given)


def _detect(entry: Entry, given: Input, found: Mapping[str, Any]) -> dict[str, Any]:
    """Return boxes in pixels (x1, y1, x2, y2), at least one, and their scores."""
    width, height = _size_of(given)
    most = 4 if entry.task == "facial-recognition" else 12
    count = 1 + int(_draw(entry, given, "count", 1)[0] * most)
    boxes, scores = [], []
    for number in range(count):
        x, y, across, down, score = _draw(entry, given, f"box {number}", 5)
        x1, y1 = int(x * width / 2), int(y * height / 2)
        x2, y2 = x1 + 1 + int(across * width / 2), y1 + 1 + int(down * height / 2)
        boxes.append([x1, y1, min(x2, width), min(y2, height)])
        scores.append(round(0.7 + 0.3 * score, 6))
    return {"boxes": boxes, "scores": scores}


def _recognize_faces(
    entry: Entry, given: Input, found: Mapping[str, Any]
) -> list[dict[str, Any]]:
    faces = found[entry.task]
    return [
        {
            "boundingBox": dict(zip(("x1", "y1", "x2", "y2"), box, strict=True)),
            "embedding": _embedding(entry, given, f"face {number}"),
            "score": score,
        }
        for number, (box, score) in enumerate(
            zip(faces["boxes"], faces["scores"], strict=True)
        )
    ]


def _recognize_text(
    entry: Entry, given: Input, found: Mapping[str, Any]
) -> dict[str, Any]:
    lines = found[entry.task]
    width, height = _size_of(given)
    corners: list[float] = []
    texts, scores = [], []
    for number, (x1, y1, x2, y2) in enumerate(lines["boxes"]):
        for x, y in ((x1, y1), (x2, y1), (x2, y2), (x1, y2)):
            corners += [x / width, y / height]
        *words, score = _draw(entry, given, f"line {number}", 4)
        texts.append(" ".join(_WORDS[int(word * len(_WORDS))] for word in words))
        scores.append(round(0.8 + 0.2 * score, 6))
    return {
        "text": texts,
        "box": corners,
        "boxScore": lines["scores"],
        "textScore": scores,
    }


@frozen
class _Model:
    """How a kind of model runs, and what its models are called."""

    run: Callable[[Entry, Input, Mapping[str, Any]], Any]
    names: re.Pattern[str]


_CLIP = re.compile(r"(RN\d+|ViT|XLM-Roberta|LABSE|nllb-clip)[\w-]+")
_FACES = re.compile(r"antelopev2|buffalo_[sml]")
_OCR = re.compile(r"([A-Z]+__)?PP-OCRv5_(mobile|server)")

_MODELS = {
    ("clip", "textual"): _Model(_clip_text, _CLIP),
    ("clip", "visual"): _Model(_clip_image, _CLIP),
    ("facial-recognition", "detection"): _Model(_detect, _FACES),
    ("facial-recognition", "recognition"): _Model(_recognize_faces, _FACES),
    ("ocr", "detection"): _Model(_detect, _OCR),
    ("ocr", "recognition"): _Model(_recognize_text, _OCR),
}
