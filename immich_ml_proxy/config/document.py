"""
The way of a configuration from and to ``config.json``.

:func:`parse` takes the bytes of a document and returns an immutable
:class:`Config` or raises :class:`ConfigError`, which names the refused field by
its path (``backends[1].url``, ``taskRouting["clip/visual"].backends[0]``).
What was saved is kept as it was written, in :attr:`Config.document`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec

from immich_ml_proxy.config import abilities
from immich_ml_proxy.config.fields import (
    check_broadcast,
    checked_mac,
    checked_url,
    convert,
    step,
)
from immich_ml_proxy.config.legacy import upgrade
from immich_ml_proxy.config.model import (
    CHECK_ANSWERS,
    DEFAULT_ROUTE,
    ROUND_ROBIN,
    STRATEGIES,
    Backend,
    Config,
    Places,
    Route,
    State,
    normalized,
)
from immich_ml_proxy.errors import ConfigError

#: Longest document that is looked at, in bytes.
MAX_DOCUMENT = 1024 * 1024

_MIB = 1024 * 1024

Seconds = Annotated[float, msgspec.Meta(ge=0.1, le=86400)]


class _RouteDocument(
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
    hold_seconds: Annotated[float, msgspec.Meta(ge=0, le=280)] = 0.0
    hedge_after_ms: Annotated[float, msgspec.Meta(ge=1, le=60_000)] | None = None


class _Document(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename="camel",
):
    """The top level; lists and maps are converted item by item, for their paths."""

    default_backend: Any = None
    backends: list[Any] = []
    task_routing: dict[str, Any] = {}
    health_check_interval: Seconds = 10.0
    request_timeout: Seconds = 290.0
    max_body_size: Annotated[int, msgspec.Meta(ge=1024, le=2**40)] = 100 * _MIB
    max_buffered_bytes: Annotated[int, msgspec.Meta(ge=1024, le=2**50)] = 64 * _MIB
    check_answers: str = CHECK_ANSWERS[0]


def parse(raw: bytes) -> Config:
    """
    Check a document and return what it says.

    :param raw: JSON in UTF-8, in the README's form or the Go program's newest.
    :raises ConfigError: with the path of the first bad field and the reason.
    """
    document = upgrade(_json(raw))
    top = convert(document, _Document, "")
    backends = tuple(_backends(top.backends))
    names = {backend.name for backend in backends}
    if top.check_answers not in CHECK_ANSWERS:
        raise ConfigError("checkAnswers", f"must be one of {', '.join(CHECK_ANSWERS)}")
    return Config(
        document=msgspec.json.format(msgspec.json.encode(document), indent=2),
        backends=backends,
        default=_default_route(top.default_backend, names),
        routes=dict(_routes(top.task_routing, names)),
        health_check_interval=top.health_check_interval,
        request_timeout=top.request_timeout,
        max_body_size=top.max_body_size,
        max_buffered_bytes=top.max_buffered_bytes,
        check_answers=top.check_answers,
    )


def empty() -> Config:
    """Return the configuration of a proxy that was never configured."""
    return parse(b'{"defaultBackend": "", "backends": [], "taskRouting": {}}')


def with_state(current: Config, name: str, state: State) -> Config:
    """
    Return ``current`` with the state of one backend changed.

    :raises ConfigError: when there is no backend of this name.
    """
    document = msgspec.json.decode(current.document)
    for backend in document["backends"]:
        if backend["name"] == name:
            backend["state"] = state
            return parse(msgspec.json.encode(document))
    raise ConfigError("", f"there is no backend named {name!r}")


def _json(raw: bytes) -> dict[str, Any]:
    if len(raw) > MAX_DOCUMENT:
        raise ConfigError("", f"the configuration is over {MAX_DOCUMENT} bytes long")
    try:
        document = msgspec.json.decode(raw)
    except UnicodeDecodeError as error:
        raise ConfigError("", f"the configuration is not UTF-8: {error}") from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise ConfigError("", f"the configuration is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise ConfigError("", "the configuration must be a JSON object")
    return document


def _backends(items: list[Any]) -> Iterator[Backend]:
    taken: dict[str, str] = {}
    for index, item in enumerate(items):
        path = f"backends[{index}]"
        # Before the backend as a whole: the error is told with its exact path.
        given = item.get("abilities") if isinstance(item, dict) else None
        stated = abilities.read(given, f"{path}.abilities")
        backend = convert(item, Backend, path)
        if not backend.name.isprintable() or backend.name != backend.name.strip():
            raise ConfigError(
                f"{path}.name",
                "must be printable and must not begin or end with a space",
            )
        if backend.name in (".", ".."):
            # Such a step of a path is gone before it reaches POST /api/backends/NAME.
            raise ConfigError(f"{path}.name", "must not be . or ..")
        if backend.name in taken:
            raise ConfigError(
                f"{path}.name",
                f"{backend.name!r} is already the name of {taken[backend.name]}",
            )
        taken[backend.name] = path
        if backend.wake_on_lan is not None:
            wake, where = backend.wake_on_lan, f"{path}.wakeOnLan"
            checked_mac(wake.mac, f"{where}.mac")
            check_broadcast(wake.broadcast, f"{where}.broadcast")
        limits = {
            normalized(task): convert(places, Places, f"{path}.limits{step(task)}")
            for task, places in backend.limits.items()
        }
        if len(limits) < len(backend.limits):
            raise ConfigError(f"{path}.limits", "names a task in two spellings")
        url = checked_url(backend.url, f"{path}.url")
        yield msgspec.structs.replace(backend, url=url, limits=limits, abilities=stated)


def _default_route(value: Any, names: set[str]) -> Route | None:
    if not names:
        if value not in (None, "", []):
            raise ConfigError("defaultBackend", "there are no backends to choose from")
        return None
    if value in (None, ""):
        raise ConfigError("defaultBackend", "missing: name one of the backends")
    return _route(DEFAULT_ROUTE, value, names, "defaultBackend")


def _routes(routing: dict[str, Any], names: set[str]) -> Iterator[tuple[str, Route]]:
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
        document = convert(value, _RouteDocument, path)
        chosen = document.backends
        where = [f"{path}.backends[{n}]" for n in range(len(chosen))]
        if document.strategy not in STRATEGIES:
            raise ConfigError(
                f"{path}.strategy", f"must be one of {', '.join(STRATEGIES)}"
            )
    else:
        raise ConfigError(
            path, 'must be a backend, a list of backends or {"backends": [...]}'
        )
    if not chosen:
        raise ConfigError(path, "names no backend")
    counts = Counter(chosen)
    for name, place in zip(chosen, where, strict=True):
        if name not in names:
            raise ConfigError(place, f"there is no backend named {name!r}")
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
        document.hold_seconds,
        None if hedge is None else hedge / 1000,
    )
