"""Reads the routes of a document: ``defaultBackend`` and ``taskRouting``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec

from immich_ml_proxy.config.fields import convert, step
from immich_ml_proxy.config.model import (
    AUTO,
    DEFAULT_ROUTE,
    ROUND_ROBIN,
    STRATEGIES,
    Route,
    normalized,
)
from immich_ml_proxy.errors import ConfigError

#: A client of ours gives up after 300 s.
HoldSeconds = Annotated[float, msgspec.Meta(ge=0, le=280)]


class RouteFields(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename="camel",
):
    """The long form of a route; a name or a list of names are the short ones."""

    backends: list[str]
    strategy: str = ROUND_ROBIN
    fallback: bool = False
    spill: bool = False
    max_waiting: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 1000
    hold_seconds: Any = AUTO
    hedge_after_ms: Annotated[float, msgspec.Meta(ge=1, le=60_000)] | None = None


def read_default(value: Any, names: set[str]) -> Route | None:
    """
    Return the default route; ``None`` while there are no backends.

    :param names: of the backends.
    :raises ConfigError: with the path of the bad field and the reason.
    """
    if not names:
        if value not in (None, "", []):
            raise ConfigError("defaultBackend", "there are no machines to choose from")
        return None
    if value in (None, ""):
        raise ConfigError("defaultBackend", "missing: name one of the machines")
    return _route(DEFAULT_ROUTE, value, names, "defaultBackend")


def read(routing: dict[str, Any], names: set[str]) -> Iterator[tuple[str, Route]]:
    """
    Return the routes of ``taskRouting`` with their normalized keys.

    :param names: of the backends.
    :raises ConfigError: with the path of the first bad field and the reason.
    """
    spellings: dict[str, str] = {}
    for written, value in routing.items():
        path = "taskRouting" + step(written)
        key = normalized(written)
        if not key.strip():
            raise ConfigError(path, "a key must be a task, a type or task/type")
        if key in spellings:
            raise ConfigError(path, f"is the same key as {spellings[key]!r}")
        spellings[key] = written
        yield key, _route(key, value, names, path)


def _route(key: str, value: Any, names: set[str], path: str) -> Route:
    if isinstance(value, str):
        chosen, where, document = [value], [path], None
    elif isinstance(value, list):
        chosen = convert(value, list[str], path)
        where, document = [f"{path}[{n}]" for n in range(len(chosen))], None
    elif isinstance(value, dict):
        document = convert(value, RouteFields, path)
        chosen = document.backends
        where = [f"{path}.backends[{n}]" for n in range(len(chosen))]
        if document.strategy not in STRATEGIES:
            raise ConfigError(
                f"{path}.strategy", f"must be one of {', '.join(STRATEGIES)}"
            )
    else:
        raise ConfigError(
            path, 'must be a machine, a list of machines or {"backends": [...]}'
        )
    if not chosen:
        raise ConfigError(path, "names no machine")
    counts = Counter(chosen)
    for name, place in zip(chosen, where, strict=True):
        if name not in names:
            raise ConfigError(place, f"there is no machine named {name!r}")
        if counts[name] > 1:
            raise ConfigError(place, f"names {name!r} twice")
    if document is None:
        return Route(key, tuple(chosen))
    hedge = document.hedge_after_ms
    return Route(
        key,
        tuple(chosen),
        document.strategy,
        document.fallback,
        document.spill,
        document.max_waiting,
        _hold(document.hold_seconds, f"{path}.holdSeconds"),
        None if hedge is None else hedge / 1000,
    )


def _hold(value: Any, path: str) -> float | None:
    if value == AUTO:
        return None
    if isinstance(value, str):
        raise ConfigError(path, f"must be a number of seconds or {AUTO}")
    return convert(value, HoldSeconds, path)
