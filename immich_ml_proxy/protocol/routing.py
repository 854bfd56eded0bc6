"""
What is asked for, and where it goes: ``entries`` to units to groups.

Immich asks with ``entries``, a JSON object ``{task: {type: {"modelName": ...}}}``.

- An *entry* is one (task, type). Its value stays the JSON it was, byte for byte.
- A *unit* is what must run on one backend: a task that asks for ``recognition``
  together with ``detection`` whole, since the ML server feeds the one with the output
  of the other and refuses it alone; else a single entry. A task without types is a
  unit too: what an ML server makes of it depends on its version.
- A *group* is what travels as one request: the units of the same types with the same
  route.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import msgspec

from immich_ml_proxy.config.faults import decoded
from immich_ml_proxy.config.model import Config, Route, normalized
from immich_ml_proxy.errors import BadEntries, Unavailable

#: A client has a handful of tasks with one or two types each.
MAX_ENTRIES_COUNT = 100

Tasks = Mapping[str, Mapping[str, msgspec.Raw]]

_DEPENDENT = frozenset({"detection", "recognition"})


@attrs.frozen(eq=False)
class Group:
    """
    One request to one backend.

    :ivar route: where it may go.
    :ivar tasks: what is asked for: task to type to raw JSON, in the client's order.
    """

    route: Route
    tasks: Tasks

    @property
    def label(self) -> str:
        """The group in words, for errors: ``clip/visual + ocr/detection``."""
        return " + ".join(
            f"{task}/{'+'.join(types)}" if types else task
            for task, types in self.tasks.items()
        )

    @property
    def entries(self) -> bytes:
        """The JSON that asks for this group alone."""
        return msgspec.json.encode(self.tasks)


def read(value: bytes) -> Tasks:
    """
    Return what ``entries`` asks for.

    :param value: the JSON, as it stands in the form.
    :raises BadEntries: when it is no object of objects, saying where.
    """
    try:
        return _decoder.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # Told more exactly below: this one stops at the first value of a wrong type.
        raise BadEntries(f"entries{_what_is_wrong(value)}") from None


_decoder = msgspec.json.Decoder(dict[str, dict[str, msgspec.Raw]])


def _what_is_wrong(value: bytes) -> str:
    try:
        tasks: Any = decoded(value)
    except ValueError as error:
        return f": {str(error).removeprefix('is ')}"
    if isinstance(tasks, dict):
        for task, types in tasks.items():
            if not isinstance(types, dict):
                return f".{task}: must be an object of types"
    return ': must be an object, such as {"clip": {"visual": {...}}}'


def groups(tasks: Tasks, config: Config) -> list[Group]:
    """
    Return the requests that ``tasks`` amounts to under ``config``.

    Nothing asked for (``{}``) is one request to the default route: the answer of an
    ML server to it depends on its version, and it may say the picture's size.

    :raises Unavailable: when no backend is configured.
    :raises BadEntries: when more is asked for than any client would.
    """
    if config.default is None:
        raise Unavailable("no machine is configured yet; open /config to add one")
    if len(tasks) > MAX_ENTRIES_COUNT:
        raise BadEntries(f"entries: more than {MAX_ENTRIES_COUNT} tasks")
    if len(tasks) == 1:
        # The common case, spared the bookkeeping of the general one.
        ((task, types),) = tasks.items()
        if _is_unit(types):
            return [Group(_route_of(task, types, config, config.default), tasks)]
    together: dict[tuple[str, tuple[str, ...]], tuple[Route, dict[str, Any]]] = {}
    for task, types in _units(tasks):
        route = _route_of(task, types, config, config.default)
        key = (route.key, tuple(sorted(types)))
        _, into = together.setdefault(key, (route, {}))
        into[task] = types
    if not together:
        return [Group(config.default, tasks)]
    if len(together) > MAX_ENTRIES_COUNT:
        raise BadEntries(f"entries: would be more than {MAX_ENTRIES_COUNT} requests")
    return [Group(route, asked) for route, asked in together.values()]


def rerouted(group: Group, config: Config) -> Group:
    """
    Return ``group`` with its route under another configuration.

    It stays one request: where its units would part now, the first one decides.

    :raises Unavailable: when no backend is configured.
    """
    return Group(groups(group.tasks, config)[0].route, group.tasks)


def _is_unit(types: Mapping[str, msgspec.Raw]) -> bool:
    return len(types) <= 1 or types.keys() >= _DEPENDENT


def _units(tasks: Tasks) -> Iterator[tuple[str, Mapping[str, msgspec.Raw]]]:
    for task, types in tasks.items():
        if _is_unit(types):
            yield task, types
            continue
        if len(types) > MAX_ENTRIES_COUNT:
            raise BadEntries(f"entries.{task}: more than {MAX_ENTRIES_COUNT} types")
        for kind, value in types.items():
            yield task, {kind: value}


def _route_of(
    task: str, types: Mapping[str, Any], config: Config, default: Route
) -> Route:
    """The first of task/type, type, task that has a route; several types in order."""
    routes = config.routes
    if routes:
        task, kinds = normalized(task), [normalized(kind) for kind in types]
        for key in (*(f"{task}/{kind}" for kind in kinds), *kinds, task):
            route = routes.get(key)
            if route is not None:
                return route
    return default
