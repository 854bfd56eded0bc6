"""Which models there are, and what a request asks of them: ``entries``, read. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from attrs import frozen

from .behaviour import Behaviour

INVALID_FORMAT = "Invalid request format."

#: What can be asked for.
TYPES = {
    "clip": {"textual", "visual"},
    "facial-recognition": {"detection", "recognition"},
    "ocr": {"detection", "recognition"},
}

#: By task the names of its models, and how many numbers their embeddings have.
#: Where two patterns fit, the longer holds.
_DIMENSIONS = {
    "clip": {
        "ViT-B-32*": 512,
        "ViT-B-16__*": 512,
        "RN101*": 512,
        "XLM-Roberta-Large-Vit-B-32": 512,
        "RN50x4*": 640,
        "ViT-B-16-plus-240*": 640,
        "XLM-Roberta-Large-Vit-B-16Plus": 640,
        "ViT-L-14*": 768,
        "RN50x16*": 768,
        "LABSE-Vit-L-14": 768,
        "XLM-Roberta-Large-Vit-L-14": 768,
        "nllb-clip-base-siglip*": 768,
        "ViT-B-*-SigLIP*": 768,
        "RN50__*": 1024,
        "RN50x64*": 1024,
        "ViT-H-14*": 1024,
        "ViT-g-14*": 1024,
        "XLM-Roberta-Large-ViT-H-14*": 1024,
        "ViT-L-16-SigLIP*": 1024,
        "ViT-SO400M*": 1152,
        "nllb-clip-large-siglip*": 1152,
        "ViT-gopt-16*": 1536,
    },
    "facial-recognition": {"antelopev2": 512, "buffalo_[sml]": 512},
    # These have none, but names.
    "ocr": {
        "PP-OCRv5_mobile": 0,
        "PP-OCRv5_server": 0,
        "*__PP-OCRv5_mobile": 0,
        "*__PP-OCRv5_server": 0,
    },
}


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
    """
    One model to be run: what stands under task and type in ``entries``.

    :param model: the one that is run; its name may be another than was asked for.
    :param resolution: ``maxResolution`` of OCR, 0 for others: what is loaded for one
        is not ready for another.
    """

    task: str
    type: str
    model: str
    language: str
    resolution: int


def dimensions(task: str, model: str) -> int | None:
    """Return how many numbers a model's embeddings have, ``None`` if it is unknown."""
    fitting = [
        (len(pattern), count)
        for pattern, count in _DIMENSIONS.get(task, {}).items()
        if fnmatchcase(model, pattern)
    ]
    return max(fitting)[1] if fitting else None


def crash(behaviour: Behaviour) -> ServiceError:
    """Return the error for what crashes v2, in the words of this server."""
    status = behaviour.crash_with
    return ServiceError(status, None if status == 500 else INVALID_FORMAT)


def refusal(status: int, reason: str) -> ServiceError:
    """Return the error of a server that cannot do what another can."""
    return ServiceError(status, None if status == 500 else reason)


def read_entries(entries: object, behaviour: Behaviour) -> list[Entry]:
    """
    Return the models that ``entries`` asks for, in its order.

    :raise ServiceError: 422 where an object or a ``modelName`` is missing, or what v3
        refuses is there; ``crash_with`` where v2 crashes: an entry that is no object,
        an unknown task, type, model; and what this server refuses of the rest.
    """
    if not isinstance(entries, Mapping):
        raise ServiceError(422, INVALID_FORMAT)
    wanted = []
    for task, types in entries.items():
        is_known = task in TYPES or not behaviour.strict
        if not (isinstance(types, Mapping) and is_known):
            raise ServiceError(422, INVALID_FORMAT)
        for type_, entry in types.items():
            if entry is None and behaviour.strict and type_ in TYPES.get(task, ()):
                continue
            wanted.append(_read_entry(task, type_, entry, behaviour))
    if behaviour.strict and not wanted:
        raise ServiceError(422, INVALID_FORMAT)
    return wanted


def _read_entry(task: str, type_: str, entry: object, behaviour: Behaviour) -> Entry:
    if not isinstance(entry, Mapping):
        raise crash(behaviour)
    name = entry.get("modelName")
    if not isinstance(name, str):
        raise ServiceError(422, INVALID_FORMAT)
    options = entry.get("options", {})
    if behaviour.strict and not _is_strict(entry, options):
        raise ServiceError(422, INVALID_FORMAT)
    if behaviour.lacks(task, type_):
        reason = f"{task} of type {type_} is not supported by this server"
        raise refusal(behaviour.refuse_with, reason)
    if type_ not in TYPES.get(task, ()):
        raise crash(behaviour)
    # The name may carry its owner; it is the same model.
    model = _model_run(task, name.rpartition("/")[2], behaviour)
    if not isinstance(options, Mapping):
        raise crash(behaviour)
    return Entry(
        task,
        type_,
        model,
        str(options.get("language") or ""),
        _resolution(task, options),
    )


def _model_run(task: str, name: str, behaviour: Behaviour) -> str:
    """Return the model that this server runs when it is asked for ``name``."""
    only = behaviour.only_models
    is_known = [dimensions(task, one) is not None for one in only]
    if name not in only and any(is_known):
        if dimensions(task, behaviour.instead) is not None:
            return behaviour.instead
        status = behaviour.refuse_model_with or behaviour.refuse_with
        reason = f"Unsupported model: {name}. This server has {', '.join(only)}"
        raise refusal(status, reason)
    if dimensions(task, name) is None:
        raise crash(behaviour)
    return name


def _is_strict(entry: Mapping[str, Any], options: object) -> bool:
    """Tell whether v3 takes this; it ignores options that it does not know."""
    if not (set(entry) <= {"modelName", "options"} and isinstance(options, Mapping)):
        return False
    numbers = options.get("minScore", 0.0), options.get("maxResolution", 0)
    return (
        isinstance(options.get("language"), str | None)
        and isinstance(numbers[0], int | float)
        and isinstance(numbers[1], int)
    )


def _resolution(task: str, options: Mapping[str, Any]) -> int:
    value = options.get("maxResolution") if task == "ocr" else None
    return value if isinstance(value, int) else 0
