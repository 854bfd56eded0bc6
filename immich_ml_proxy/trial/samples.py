"""A request of each kind, as Immich sends it, and what its answer is worth."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from typing import Any

import msgspec

from immich_ml_proxy.observe.kinds import CLIP, FACES, OCR, SEARCH
from immich_ml_proxy.protocol import contract
from immich_ml_proxy.protocol.routing import Tasks, read
from immich_ml_proxy.trial.finding import Said, in_line

BOUNDARY = b"immich-ml-proxy-sample-6f1d0c5a92e84b7d"
CONTENT_TYPE = b"multipart/form-data; boundary=" + BOUNDARY

#: A yellow spot on blue, 96 x 64, JPEG.
PICTURE = b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9V"
    "XVtqeJmBanGQc1tdhbWGkJ6jq62rZ4C8ybqmx5moq6T/2wBDARweHigjKE4rK06kbl1upKSkpKSk"
    "pKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKT/wAARCABAAGADASIA"
    "AhEBAxEB/8QAGQABAAMBAQAAAAAAAAAAAAAAAAIDBAEF/8QAJBAAAgIBBAICAwEAAAAAAAAAAAEC"
    "AxEEEiExQVEycUJhkfH/xAAZAQACAwEAAAAAAAAAAAAAAAAAAQIDBQT/xAAeEQADAAICAwEAAAAA"
    "AAAAAAAAAQIDERIxBCFRMv/aAAwDAQACEQMRAD8A6ADrOYAAAAJQhKyW2K5NUNLBfLMn/CnJnjH+"
    "iycdV0YwbZaWtrjMX9mW2uVUsPrw/YsfkRkel2FY6nsgAC8rAAAAAAAAFmnW66KfvJGq4y38Glt6"
    "NlVarhhd+WTAMGqdPbNBLS0gRnCNkdslwSAJtPaBrZ5sltk4vtPBwu1axdn2slJu465yqOClptAA"
    "EyIAAACzTtK6OSsJ4eV2RqeUtfRp6ez0wRrmrIKS/wAJGC009M0E9gA5KSim28JC7GZNW07ePC5K"
    "CU5b5uT8sibuOeEKTPp7bYABYRAAAAAAAnVZKqWV15Xs2Qvrl+WH++DADny+PGT2+yyMjk3yvriv"
    "kn9cmW652v1FdIqAsXjRje+2O8rr0AAdJUAAAH//2Q=="
)
#: What is searched for.
WORDS = b"a yellow spot"
_CLIP_MODEL = {"modelName": "ViT-B-32__openai"}
_ENTRIES: Mapping[str, Any] = {
    SEARCH: {"clip": {"textual": _CLIP_MODEL}},
    CLIP: {"clip": {"visual": _CLIP_MODEL}},
    FACES: {
        "facial-recognition": {
            "detection": {"modelName": "buffalo_l", "options": {"minScore": 0.7}},
            "recognition": {"modelName": "buffalo_l"},
        }
    },
    OCR: {
        "ocr": {
            "detection": {
                "modelName": "PP-OCRv5_mobile",
                "options": {"minScore": 0.5, "maxResolution": 736},
            },
            "recognition": {
                "modelName": "PP-OCRv5_mobile",
                "options": {"minScore": 0.8},
            },
        }
    },
}
KINDS = tuple(_ENTRIES)
#: Asks for a task without types: nothing is computed, but versions answer differently.
NOTHING = b'{"clip":{}}'
_NAMES = {
    SEARCH: "A search",
    CLIP: "A picture",
    FACES: "A picture with faces to find",
    OCR: "A picture with text to read",
}


def form(kind: str, content: bytes | None = None, model: str | None = None) -> bytes:
    """
    Return the body that asks for a kind of work, as Immich does.

    :param content: the picture's bytes, or the words that are searched for, in UTF-8;
        ``None``: a sample.
    :param model: instead of the one that is Immich's default.
    """
    entries = msgspec.json.encode(_ENTRIES[kind])
    if model is not None:
        named = {
            task: {type_: {**of, "modelName": model} for type_, of in types.items()}
            for task, types in _ENTRIES[kind].items()
        }
        entries = msgspec.json.encode(named)
    if kind == SEARCH:
        return _form(entries, None, content or WORDS)
    return _form(entries, content or PICTURE)


def version_form() -> bytes:
    """Return the body whose answer tells the version."""
    return _form(NOTHING, None)


def _form(entries: bytes, image: bytes | None, words: bytes = WORDS) -> bytes:
    parts = [b'name="entries"\r\n\r\n' + entries]
    if image is None:
        parts.append(b'name="text"\r\n\r\n' + words)
    else:
        parts.append(
            b'name="image"; filename="blob"\r\n'
            b"Content-Type: application/octet-stream\r\n\r\n" + image
        )
    before = b"--" + BOUNDARY + b"\r\nContent-Disposition: form-data; "
    return b"".join(before + part + b"\r\n" for part in parts) + (
        b"--" + BOUNDARY + b"--\r\n"
    )


def judged(kind: str, said: Said) -> tuple[bool, str]:
    """Return whether a sample was answered well, and what to say of it."""
    name = _NAMES[kind]
    if isinstance(said, str):
        if "timed out" in said:
            return False, (
                f"{name} was not answered in time: the model may have to be loaded "
                "first, try again in a minute."
            )
        return False, f"{name} was not answered: {said}."
    if not 200 <= said.status < 300:
        told = in_line(said.body)
        return False, f"{name} was refused with {said.status}: {told or 'no reason'}."
    tasks: Tasks = read(msgspec.json.encode(_ENTRIES[kind]))
    checked = contract.check(contract.due_of(tasks), kind != SEARCH, said.body)
    if isinstance(checked, contract.Violation):
        return False, f"{name} was answered wrongly: it {checked.reason}."
    numbers = next(iter(checked.dimensions.values()), None)
    with_what = f" with {numbers} numbers" if numbers else ""
    return True, f"{name} was answered{with_what}."
