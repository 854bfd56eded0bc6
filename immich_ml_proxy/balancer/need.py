"""
What a group needs a server to be able to do: a task, its types and their models.

Servers differ in these three, so it is by them that one remembers what a server has
served and what it refuses. Clients make the names up, as long as they like: what is
kept of them is a digest.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import attrs
import msgspec

from immich_ml_proxy.config.model import normalized
from immich_ml_proxy.protocol.routing import Tasks

#: Characters of a name that are shown.
SHOWN = 60
#: Characters of a label, whatever a client asks for.
LONGEST_LABEL = 300


@attrs.frozen
class Need:
    """
    :ivar tasks: what is asked for, normalized; one, but for clients that ask for
        several at once.
    :ivar models: the names of the models, as far as they are named.
    :ivar digest: of tasks, types and models.
    :ivar model_digest: of the models alone.
    :ivar label: in words: ``ocr (PP-OCRv5_mobile)``.
    """

    tasks: tuple[str, ...]
    models: tuple[str, ...]
    digest: bytes
    model_digest: bytes
    label: str


class _Asked(msgspec.Struct):
    model: Any = msgspec.field(name="modelName", default=None)


_decoder = msgspec.json.Decoder(_Asked)


def needs_of(tasks: Tasks) -> tuple[Need, ...]:
    """
    Return what ``tasks`` need: of each task, and last, if there are several, of all.

    What is refused may be just that these come together, so that has a need of its own.
    """
    key = tuple(
        (task, tuple((kind, bytes(value)) for kind, value in types.items()))
        for task, types in tasks.items()
    )
    single = tuple(_need((one,)) for one in key)
    return single if len(single) == 1 else (*single, _need(key))


_Key = tuple[tuple[str, tuple[tuple[str, bytes], ...]], ...]


def _need(key: _Key) -> Need:
    named = [
        (normalized(task), kind, _model(value))
        for task, types in key
        for kind, value in types or (("", b""),)
    ]
    models = sorted({model for _, _, model in named if model})
    return Need(
        tasks=tuple(normalized(task) for task, _ in key),
        models=tuple(models),
        digest=_digest(sorted(named)),
        model_digest=_digest(models),
        label=" + ".join(_in_words(task, types) for task, types in key)[:LONGEST_LABEL],
    )


def _model(value: bytes) -> str:
    """Return the model's name; empty where none is named."""
    try:
        model = _decoder.decode(value).model
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    return model if isinstance(model, str) else ""


def _digest(value: object) -> bytes:
    return blake2b(repr(value).encode(), digest_size=16).digest()


def _in_words(task: str, types: tuple[tuple[str, bytes], ...]) -> str:
    # Types that depend on each other are the whole task.
    kinds = "" if len(types) > 1 else "".join(f"/{kind}" for kind, _ in types)
    models = dict.fromkeys(filter(None, (_model(value) for _, value in types)))
    told = f" ({', '.join(map(short, models))})" if models else ""
    return short(task + kinds) + told


def short(text: str) -> str:
    """Return what is shown of a name."""
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
