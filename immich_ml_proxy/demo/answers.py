"""What a simulated model answers: pure functions of the bytes it was given."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256, shake_256
from io import BytesIO
from math import fsum, sqrt
from typing import Any

import imagesize
import msgspec
from attrs import frozen

from .behaviour import PLAIN, Behaviour
from .flaws import spoiled
from .models import Entry, ServiceError, crash, dimensions, read_entries

NO_INPUT = "Either image or text must be provided"

_WORDS = ["exit", "open", "café", "42", "menu", "Straße", "taxi", "10:30", "€5", "出口"]


@frozen
class Input:
    """
    What the models look at.

    :param digest: SHA-256 of the picture, or of the text in UTF-8.
    :param size: width and height in pixels; ``None`` for a text.
    """

    digest: bytes
    size: tuple[int, int] | None


@frozen
class _Job:
    """
    One model at work.

    :param found: what detection gave, by task.
    """

    entry: Entry
    given: Input
    behaviour: Behaviour
    found: Mapping[str, Any]

    @property
    def size(self) -> tuple[int, int]:
        """The size of the picture; a model for pictures crashes on a text."""
        if self.given.size is None:
            raise crash(self.behaviour)
        return self.given.size

    def draw(self, purpose: str, count: int) -> list[float]:
        """Return ``count`` numbers in [0, 1) that depend on all that is given."""
        entry = self.entry
        names = (entry.task, entry.type, entry.model, entry.language, purpose)
        seed = "\0".join(names).encode() + b"\0" + self.given.digest
        stream = shake_256(seed).digest(4 * count)
        return [number / 2**32 for number in struct.unpack(f">{count}I", stream)]

    def embedding(self, purpose: str = "embedding") -> str | list[float]:
        """Return a vector of length 1, in the form that the server gives it."""
        behaviour = self.behaviour
        count = behaviour.dimensions
        if isinstance(count, Mapping):
            count = count.get(self.entry.task, 0)
        count = count or dimensions(self.entry.task, self.entry.model) or 0
        vector = _unit([2 * number - 1 for number in self.draw(purpose, count)])
        if behaviour.cosine < 1:
            noise = [2 * one - 1 for one in self.draw(f"{purpose} noise", count)]
            vector = _tilted(vector, noise, behaviour.cosine)
        if behaviour.embedding == "list":
            return vector
        return msgspec.json.encode(vector).decode()


def expected_answer(
    entries: Mapping[str, Any],
    image: bytes | None,
    text: str | None,
    behaviour: Behaviour = PLAIN,
) -> dict[str, Any]:
    """
    Return the answer that is due to a request, one key per task.

    :param entries: task -> type -> ``{"modelName", "options"?}``.
    :param image: the picture, of which only digest and size matter; with both a
        picture and a text the picture is what the models look at.
    :param text: the text of a search; an empty one counts as none.
    :param behaviour: of the server that is asked.
    :return: ``clip``: a string that holds a JSON array of numbers;
        ``facial-recognition``: a list of ``boundingBox``, ``embedding``, ``score``;
        ``ocr``: ``text``, ``box`` (8 numbers a line), ``boxScore``, ``textScore``;
        for a picture ``imageHeight`` and ``imageWidth`` last.
    :raise ServiceError: where the service would answer another status than 200.
    """
    return run(read_entries(entries, behaviour), image, text, behaviour)


def run(
    wanted: Sequence[Entry],
    image: bytes | None,
    text: str | None,
    behaviour: Behaviour = PLAIN,
) -> dict[str, Any]:
    """Run models; see :func:`expected_answer`."""
    if image is not None:
        given = Input(sha256(image).digest(), picture_size(image, behaviour))
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
        job = _Job(entry, given, behaviour, found)
        output = _MODELS[entry.task, entry.type](job)
        if entry.type == "detection":
            found[entry.task] = output
        answer[entry.task] = output
    if given.size is not None:
        width, height = given.size
        answer |= {"imageHeight": height, "imageWidth": width}
    for name, flaw in behaviour.broken.items():
        if name not in answer:
            continue
        if flaw == "absent" or (flaw == "member" and name == "clip"):
            del answer[name]
        else:
            answer[name] = spoiled(answer[name], flaw)
    return answer


def picture_size(image: bytes, behaviour: Behaviour = PLAIN) -> tuple[int, int]:
    """
    Return width and height in pixels, read from the head of the picture.

    :raise ServiceError: for what is no picture, and for a JPEG cut short: v2 crashes
        on them, although it is the client's fault.
    """
    try:
        width, height = imagesize.get(BytesIO(image))
    except (ValueError, struct.error):
        raise crash(behaviour) from None
    # The library also knows SVG, which the service does not.
    if width < 1 or height < 1 or image.startswith(b"<"):
        raise crash(behaviour)
    # The end marker must come after the last start of scan: a preview within the
    # Exif data has markers of its own.
    if image.startswith(b"\xff\xd8"):
        scan = image.rfind(b"\xff\xda")
        if scan < 0 or image.find(b"\xff\xd9", scan) < 0:
            raise crash(behaviour)
    return width, height


def _length(vector: Sequence[float]) -> float:
    # fsum, for sum() rounds differently from one Python to the next.
    return sqrt(fsum(number * number for number in vector))


def _unit(vector: Sequence[float]) -> list[float]:
    length = _length(vector)
    return [number / length for number in vector]


def _tilted(vector: list[float], noise: list[float], cosine: float) -> list[float]:
    """Return a vector of length 1 at this angle to ``vector``, towards ``noise``."""
    along = fsum(one * two for one, two in zip(vector, noise, strict=True))
    aside = _unit([two - along * one for one, two in zip(vector, noise, strict=True)])
    sine = sqrt(1 - cosine * cosine)
    return [cosine * one + sine * two for one, two in zip(vector, aside, strict=True)]


def _clip_text(job: _Job) -> Any:
    return job.embedding()


def _clip_image(job: _Job) -> Any:
    _ = job.size
    return job.embedding()


def _detect(job: _Job) -> dict[str, Any]:
    """Return boxes in pixels (x1, y1, x2, y2), at least one, and their scores."""
    width, height = job.size
    most = 4 if job.entry.task == "facial-recognition" else 12
    count = 1 + int(job.draw("count", 1)[0] * most)
    if job.entry.task in job.behaviour.empty:
        count = 0
    boxes, scores = [], []
    for number in range(count):
        x, y, across, down, score = job.draw(f"box {number}", 5)
        x1, y1 = int(x * width / 2), int(y * height / 2)
        x2, y2 = x1 + 1 + int(across * width / 2), y1 + 1 + int(down * height / 2)
        boxes.append([x1, y1, min(x2, width), min(y2, height)])
        scores.append(round(0.7 + 0.3 * score, 6))
    return {"boxes": boxes, "scores": scores}


def _recognize_faces(job: _Job) -> list[dict[str, Any]]:
    faces = job.found[job.entry.task]
    return [
        {
            "boundingBox": dict(zip(("x1", "y1", "x2", "y2"), box, strict=True)),
            "embedding": job.embedding(f"face {number}"),
            "score": score,
        }
        for number, (box, score) in enumerate(
            zip(faces["boxes"], faces["scores"], strict=True)
        )
    ]


def _recognize_text(job: _Job) -> dict[str, Any]:
    lines = job.found[job.entry.task]
    width, height = job.size
    corners: list[float] = []
    texts, scores = [], []
    for number, (x1, y1, x2, y2) in enumerate(lines["boxes"]):
        for x, y in ((x1, y1), (x2, y1), (x2, y2), (x1, y2)):
            corners += [x / width, y / height]
        *words, score = job.draw(f"line {number}", 4)
        texts.append(" ".join(_WORDS[int(word * len(_WORDS))] for word in words))
        scores.append(round(0.8 + 0.2 * score, 6))
    return {
        "text": texts,
        "box": corners,
        "boxScore": lines["scores"],
        "textScore": scores,
    }


_MODELS: dict[tuple[str, str], Callable[[_Job], Any]] = {
    ("clip", "textual"): _clip_text,
    ("clip", "visual"): _clip_image,
    ("facial-recognition", "detection"): _detect,
    ("facial-recognition", "recognition"): _recognize_faces,
    ("ocr", "detection"): _detect,
    ("ocr", "recognition"): _recognize_text,
}
