"""What a form asks for, as the list of requests tells it: tasks, words and models."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from immich_ml_proxy.config.model import normalized
from immich_ml_proxy.records.excerpt import label
from immich_ml_proxy.records.text import without_surrogates

#: Longest ``entries`` that is remembered with what it amounts to, in bytes.
USUAL = 1000
#: Tasks and models that are told of one request, and characters of each name.
MOST = 20
SHOWN = 60

#: What people call the keys of tasks; see ``observe/kinds``.
_WORDS = {
    "clip/textual": "search",
    "clip/visual": "picture",
    "facial-recognition": "faces",
    "ocr": "text in pictures",
}
KIND_BY_WORDS = {
    "search": "search",
    "picture": "clip",
    "faces": "faces",
    "text in pictures": "ocr",
}


class Asked(msgspec.Struct, frozen=True, gc=False):
    """
    :ivar tasks: ``clip/visual``, ``ocr/detection``, in the client's order.
    :ivar words: the same for people: ``picture, faces``; empty: nothing is asked for.
    :ivar models: their names, each once.
    :ivar kinds: some of ``search``, ``clip``, ``faces``, ``ocr`` and ``other``; empty:
        it is no work.
    """

    tasks: tuple[str, ...] = ()
    words: str = ""
    models: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


NOTHING = Asked()


class _Model(msgspec.Struct):
    model: str = msgspec.field(name="modelName", default="")


_tasks = msgspec.json.Decoder(dict[str, dict[str, msgspec.Raw]])
_model = msgspec.json.Decoder(_Model)


def asked(entries: bytes) -> Asked:
    """Return what ``entries`` asks for; nothing, if it cannot be read."""
    return _usual(entries) if len(entries) <= USUAL else _read(entries)


def _read(entries: bytes) -> Asked:
    try:
        tasks = _tasks.decode(entries)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return NOTHING
    keys: list[str] = []
    words: dict[str, None] = {}
    models: dict[str, None] = {}
    for task, types in tasks.items():
        task_words = _WORDS.get(normalized(task))
        for kind, value in types.items() or (("", b"{}"),):
            key = f"{task}/{kind}" if kind else task
            keys.append(_name(key))
            words[task_words or _WORDS.get(normalized(key)) or _name(key)] = None
            model = _model_of(value)
            if model:
                models[_name(model)] = None
    kinds = tuple({KIND_BY_WORDS.get(one, "other"): None for one in words})
    return Asked(
        tasks=tuple(keys[:MOST]),
        words=", ".join([*words][:MOST]),
        models=tuple([*models][:MOST]),
        kinds=kinds or ("other",),
    )


_usual = lru_cache(maxsize=256)(_read)


def _model_of(value: bytes | msgspec.Raw) -> str:
    try:
        return _model.decode(value).model
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


def _name(text: str) -> str:
    return label(without_surrogates(text), SHOWN)
