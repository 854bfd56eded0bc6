"""
Several answers made one.

An ML server answers with one key per task, and with ``imageHeight`` and
``imageWidth`` last when it was given a picture. Values are passed on as the JSON
they are: an embedding is never parsed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from immich_ml_proxy.protocol.routing import Group, Tasks

Answer = Mapping[str, msgspec.Raw]

_LAST = ("imageHeight", "imageWidth")

_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read(body: bytes) -> Answer | None:
    """Return the values of an answer by their keys; ``None`` if it is no object."""
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def merge(asked: Tasks, answers: Sequence[tuple[Group, Answer]]) -> bytes:
    """
    Return the one JSON object that answers ``asked``.

    :param asked: what the client asked for; its tasks come first, in its order.
    :param answers: each group with the object that its backend answered.

    When a task's answer comes from two groups (its types went separate ways) and both
    are objects, they are merged; if not, the value becomes ``{type: value}``. Keys
    that nobody asked for follow; the picture's size is last.
    """
    merged: dict[str, msgspec.Raw] = {}
    for task in asked:
        parts = [
            ("+".join(group.tasks[task]), answer[task])
            for group, answer in answers
            if task in group.tasks and task in answer
        ]
        if parts:
            merged[task] = _value(parts)
    for _, answer in answers:
        for key, value in answer.items():
            if key not in _LAST:
                merged.setdefault(key, value)
    for key in _LAST:
        for _, answer in answers:
            if key in answer:
                merged[key] = answer[key]
                break
    return msgspec.json.encode(merged)


def _value(parts: Sequence[tuple[str, msgspec.Raw]]) -> msgspec.Raw:
    if len(parts) == 1:
        return parts[0][1]
    objects = [read(bytes(value)) for _, value in parts]
    if all(value is not None for value in objects):
        flat: dict[str, msgspec.Raw] = {}
        for value in objects:
            flat.update(value or {})
        if len(flat) == sum(len(value or {}) for value in objects):
            return msgspec.Raw(msgspec.json.encode(flat))
    return msgspec.Raw(msgspec.json.encode(dict(parts)))
