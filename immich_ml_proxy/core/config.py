"""
The configuration, and its way from and to ``config.json``.

:func:`parse` takes the bytes of a document and returns an immutable
:class:`Config` or raises :class:`ConfigError`, which names the refused field by
its path (``backends[1].url``, ``taskRouting["clip/visual"].backends[0]``).
What was saved is kept as it was written, in :attr:`Config.document`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import attrs
import msgspec

from immich_ml_proxy.core.errors import ConfigError
from immich_ml_proxy.core.fields import checked_mac, checked_url, convert, step
from immich_ml_proxy.core.legacy import upgrade

DEFAULT_ROUTE = "default"

ROUND_ROBIN = "round_robin"
LEAST_BUSY = "least_busy"
FASTEST = "fastest"
IN_ORDER = "in_order"
STRATEGIES = (ROUND_ROBIN, LEAST_BUSY, FASTEST, IN_ORDER)

#: Longest document that is looked at, in bytes.
MAX_DOCUMENT = 1024 * 1024

_MIB = 1024 * 1024

Seconds = Annotated[float, msgspec.Meta(ge=0.1, le=86400)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Places = Annotated[int, msgspec.Meta(ge=1, le=10_000)]
State = Literal["enabled", "drain", "disabled"]


class WakeOnLan(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename="camel",
):
    """
    How a sleeping backend is woken.

    :ivar mac: its MAC address.
    :ivar broadcast: the address that the magic packet is sent to.
    :ivar port: the UDP port it is sent to.
    """

    mac: str
    broadcast: str = "255.255.255.255"
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 9


class Backend(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename="camel",
):
    """
    An ML server.

    :ivar name: unique among the backends.
    :ivar url: ``http`` or ``https``, a path prefix is kept, no trailing slash.
    :ivar state: ``drain``: finishes what it has and takes nothing new; ``disabled``:
        is not pinged, either.
    :ivar weight: its size beside the others', for ``least_busy``.
    :ivar max_concurrent: requests it is given at once; ``auto`` finds out.
    :ivar limits: the same by task, such as ``{"ocr": 1}``; by :func:`normalized` key.
    :ivar wake_on_lan: how to wake it when work waits for it.
    """

    name: Name
    url: str
    state: State = "enabled"
    weight: Annotated[float, msgspec.Meta(gt=0, le=1000)] = 1.0
    max_concurrent: Places | Literal["auto"] = "auto"
    limits: dict[str, Any] = {}
    wake_on_lan: WakeOnLan | None = None


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


@attrs.frozen
class Route:
    """
    Where the work of one key may go.

    :ivar key: the key it is saved under, normalized; ``default`` for the default.
    :ivar backends: names, in the order in which they were written; never empty.
    :ivar strategy: how one of them is chosen.
    :ivar fallback: use the default route when none of them is healthy.
    :ivar spill: ``in_order`` goes on to the next backend when one is full, too.
    :ivar max_waiting: requests that may wait for a place.
    :ivar hold_seconds: how long a request waits for a backend to come back when none
        is healthy; 0: all are tried at once.
    :ivar hedge_after: seconds after which a search asks a second backend as well, or
        ``None``.
    """

    key: str
    backends: tuple[str, ...]
    strategy: str = ROUND_ROBIN
    fallback: bool = False
    spill: bool = False
    max_waiting: int = 1000
    hold_seconds: float = 0.0
    hedge_after: float | None = None


@attrs.frozen
class Config:
    """
    A whole configuration that has passed every check.

    :ivar document: the JSON text as it was saved.
    :ivar default: the default route; ``None`` while there is no backend.
    :ivar routes: the routes of ``taskRouting`` by :func:`normalized` key.
    :ivar health_check_interval: seconds between two rounds of pings.
    :ivar request_timeout: seconds that a backend's answer is waited for.
    :ivar max_body_size: largest body of a request, in bytes.
    :ivar max_buffered_bytes: bodies held at any time, in bytes; one body may
        always be held, however large.
    """

    document: bytes
    backends: tuple[Backend, ...]
    default: Route | None
    routes: Mapping[str, Route]
    health_check_interval: float
    request_timeout: float
    max_body_size: int
    max_buffered_bytes: int

    @property
    def all_routes(self) -> tuple[Route, ...]:
        """The default route, if there is one, and all others."""
        first = () if self.default is None else (self.default,)
        return (*first, *self.routes.values())


def normalized(key: str) -> str:
    """
    Return what two spellings of a routing key have in common.

    Immich says ``facial-recognition``, the README ``facial_recognition``.
    """
    return key.replace("_", "-")


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
    return Config(
        document=msgspec.json.format(msgspec.json.encode(document), indent=2),
        backends=backends,
        default=_default_route(top.default_backend, names),
        routes=dict(_routes(top.task_routing, names)),
        health_check_interval=top.health_check_interval,
        request_timeout=top.request_timeout,
        max_body_size=top.max_body_size,
        max_buffered_bytes=top.max_buffered_bytes,
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
        backend = convert(item, Backend, path)
        if not backend.name.isprintable() or backend.name != backend.name.strip():
            raise ConfigError(
                f"{path}.name",
                "must be printable and must not begin or end with a space",
            )
        if backend.name in taken:
            raise ConfigError(
                f"{path}.name",
                f"{backend.name!r} is already the name of {taken[backend.name]}",
            )
        taken[backend.name] = path
        if backend.wake_on_lan is not None:
            checked_mac(backend.wake_on_lan.mac, f"{path}.wakeOnLan.mac")
        yield msgspec.structs.replace(
            backend,
            url=checked_url(backend.url, f"{path}.url"),
            limits={
                normalized(task): convert(places, Places, f"{path}.limits{step(task)}")
                for task, places in backend.limits.items()
            },
        )


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
    for name, place in zip(chosen, where, strict=True):
        if name not in names:
            raise ConfigError(place, f"there is no backend named {name!r}")
        if chosen.count(name) > 1:
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
