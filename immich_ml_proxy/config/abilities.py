"""
Reads a backend's ``abilities``: what its owner says it can do.

``{"tasks": ["clip"], "models": {"clip": ["ViT-B-32__openai"]}}``: both may be left out.
Without ``tasks`` it does any, without a task's ``models`` any of them.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from immich_ml_proxy.config.fields import convert, step
from immich_ml_proxy.config.model import StatedAbilities, model_name, normalized
from immich_ml_proxy.errors import ConfigError

_Model = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class AbilitiesFields(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """Maps are converted item by item, for their paths."""

    tasks: list[str] | None = None
    models: dict[str, Any] = {}


def read(value: Any, path: str) -> StatedAbilities | None:
    """
    Return what is said, or ``None`` when nothing is.

    :param value: the JSON value of ``abilities``.
    :param path: where it stands.
    :raises ConfigError: when it is something else, or allows nothing whatever.
    """
    if value is None:
        return None
    document = convert(value, AbilitiesFields, path)
    tasks: dict[str, str] | None = None
    if document.tasks is not None:
        places = [f"{path}.tasks[{n}]" for n in range(len(document.tasks))]
        tasks = _tasks(dict(zip(places, document.tasks, strict=True)))
        if not tasks:
            raise ConfigError(f"{path}.tasks", "names no task; leave it out for all")
    models = _tasks({f"{path}.models{step(task)}": task for task in document.models})
    for task, place in models.items():
        if tasks is not None and task not in tasks:
            raise ConfigError(place, f"{task!r} is not among the tasks")
    return StatedAbilities(
        tasks=None if tasks is None else tuple(tasks),
        models={
            task: _models(value, place)
            for (task, place), value in zip(
                models.items(), document.models.values(), strict=True
            )
        },
    )


def _tasks(written: dict[str, str]) -> dict[str, str]:
    """Return the places of tasks by their normalized name, from the names by place."""
    places: dict[str, str] = {}
    for place, name in written.items():
        task = normalized(name)
        if not task.strip() or "/" in task:
            raise ConfigError(place, "must be a task, such as clip or ocr")
        if task in places:
            raise ConfigError(place, f"names {name!r} twice")
        places[task] = place
    return places


def _models(value: Any, path: str) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for index, written in enumerate(convert(value, list[_Model], path)):
        place, name = f"{path}[{index}]", model_name(written)
        if not name.strip():
            raise ConfigError(place, "must be a model, such as ViT-B-32__openai")
        if name in names:
            raise ConfigError(place, f"names {written!r} twice")
        names[name] = None
    if not names:
        raise ConfigError(path, "names no model; leave the task out for all")
    return tuple(names)
