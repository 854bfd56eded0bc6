"""
The configuration, and its way from and to ``config.json``.

:func:`parse` takes the bytes of a document and returns an immutable
:class:`Config` or raises :class:`ConfigError`, which names the refused field by
its path (``backends[1].url``, ``taskRouting["clip/visual"].backends[0]``).
What was saved is kept as it was written, in :attr:`Config.document`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, TypeVar
from urllib.parse import quote, urlsplit

import attrs
import msgspec

from immich_ml_proxy.core.errors import ConfigError
from immich_ml_proxy.core.legacy import upgrade

DEFAULT_ROUTE = "default"

ROUND_ROBIN = "round_robin"
STRATEGIES = (ROUND_ROBIN,)

#: Longest document that is looked at, in bytes.
MAX_DOCUMENT = 1024 * 1024

_T = TypeVar("_T")
_MIB = 1024 * 1024

Seconds = Annotated[float, msgspec.Meta(ge=0.1, le=86400)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


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
    """

    name: Name
    url: str


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
    """

    key: str
    backends: tuple[str, ...]
    strategy: str = ROUND_ROBIN
    fallback: bool = False


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
    top = _convert(document, _Document, "")
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
        backend = _convert(item, Backend, path)
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
        url = _checked_url(backend.url, f"{path}.url")
        yield msgspec.structs.replace(backend, url=url)


def _checked_url(text: str, path: str) -> str:
    text = text.strip()
    if not text.lower().startswith(("http://", "https://")):
        raise ConfigError(path, "must start with http:// or https://")
    if not text.isprintable() or re.search(r"[\s\\\"<>^`{|}]", text):
        raise ConfigError(path, "has a character that no URL may have")
    try:
        url = urlsplit(text)
        host, port = url.hostname or "", url.port
        if ":" not in host:
            host = host.encode("idna").decode("ascii")
    except ValueError as error:
        raise ConfigError(path, f"is no URL: {error}") from None
    if not re.fullmatch(r"[a-z0-9._-]+|[0-9a-f:.]+", host):
        raise ConfigError(path, f"has no host name but {host!r}")
    if port == 0:
        raise ConfigError(path, "port 0 is not between 1 and 65535")
    if "@" in url.netloc:
        raise ConfigError(path, "must not hold a user name or password")
    if "?" in text or "#" in text:
        raise ConfigError(path, "must end with the path: no ? and no #")
    netloc = f"[{host}]" if ":" in host else host
    if port is not None:
        netloc += f":{port}"
    return f"{url.scheme}://{netloc}{quote(url.path, safe='/%:@!$&()*+,;=~')}".rstrip(
        "/"
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
        path = "taskRouting" + _step(written)
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
        chosen = _convert(value, list[str], path)
        where, document = [f"{path}[{n}]" for n in range(len(chosen))], None
    elif isinstance(value, dict):
        document = _convert(value, _RouteDocument, path)
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
    return Route(key, tuple(chosen), document.strategy, document.fallback)


def _step(key: str) -> str:
    """Return the step of a path that leads to ``key``."""
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", key):
        return f".{key}"
    return f"[{msgspec.json.encode(key).decode()}]"


#: msgspec tells the place of an error at the end of its text.
_PLACE = re.compile(r" - at `\$(?P<path>.*)`$")
_NAMED = re.compile(r"(?P<what>missing required|contains unknown) field `(?P<name>.*)`")


def _convert(value: Any, shape: type[_T], path: str) -> _T:
    """Return ``value`` as ``shape``; an error is told with the field's full path."""
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        text = str(error)
    place = _PLACE.search(text)
    if place:
        path, text = path + place["path"], text[: place.start()]
    named = _NAMED.search(text)
    if named:
        path += _step(named["name"])
        missing = named["what"].startswith("missing")
        text = "missing" if missing else "there is no such field"
    raise ConfigError(path.lstrip("."), text[:1].lower() + text[1:])
