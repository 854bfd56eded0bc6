"""
Reads a backend's ``headers``, and keeps what is secret in them from being shown.

``{"Authorization": "Bearer ..."}``: whatever a server or a gateway before it wants to
see. All values count as secret. Who asks for the configuration is told ``***`` for
each, and who saves that keeps what there was, if the backend is still at the same
server: else somebody could have it sent to another one. The name of an environment
variable (:mod:`~immich_ml_proxy.config.variables`) is no secret and is shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from immich_ml_proxy.config import variables
from immich_ml_proxy.config.fields import convert, step
from immich_ml_proxy.errors import ConfigError

#: What is shown instead of a value.
MASK = "***"

#: Fields with addresses that are secret as a whole.
_ALL_SECRET = ("notify", "entry")

NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
#: Printable ASCII, with spaces and tabs inside.
VALUE = re.compile(r"[!-~]([ \t!-~]{0,8190}[!-~])?")
#: The proxy writes these itself.
OURS = frozenset(
    [
        *["accept", "connection", "content-encoding", "content-length", "content-type"],
        *["expect", "host", "keep-alive", "proxy-connection", "te", "trailer"],
        *["traceparent", "tracestate", "transfer-encoding", "upgrade", "via"],
        "x-request-id",
    ]
)


class Secret(str):
    """A text that is not shown where values are shown for debugging."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(MASK)


def read(value: Any, path: str) -> dict[str, Secret]:
    """
    Return the values by name.

    :param value: the JSON value of ``headers``.
    :param path: where it stands.
    :raises ConfigError: with the path of the first one that cannot be sent; no value is
        repeated in it.
    """
    given = convert(value, dict[str, Any], path)
    taken: set[str] = set()
    for name, text in given.items():
        place = f"{path}{step(name)}"
        if not NAME.fullmatch(name):
            raise ConfigError(place, "is no name of a header, such as Authorization")
        if name.lower() in OURS:
            raise ConfigError(place, "is written by the proxy itself; leave it out")
        if name.lower() in taken:
            raise ConfigError(place, "is there twice")
        taken.add(name.lower())
        if not isinstance(text, str) or not VALUE.fullmatch(text):
            raise ConfigError(
                place, "must be printable ASCII characters, at most 8192 of them"
            )
        variables.check(text, place)
    return {name: Secret(text) for name, text in given.items()}


def resolved(
    headers: Mapping[str, str], environment: Mapping[str, str], path: str
) -> dict[str, Secret]:
    """
    Return the values as they are sent.

    :param headers: as :func:`read` returns them.
    :param environment: has the values of variables.
    :param path: where they stand.
    :raises ConfigError: when a variable is not set, or cannot be sent.
    """
    values: dict[str, Secret] = {}
    for name, text in headers.items():
        place = f"{path}{step(name)}"
        value = variables.expanded(text, environment, place)
        if not VALUE.fullmatch(value):
            raise ConfigError(
                place,
                "must be printable ASCII characters, at most 8192 of them, with what "
                "its environment variables hold",
            )
        values[name] = Secret(value)
    return values


def masked(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document that has passed every check, without the values."""
    if not isinstance(document.get("backends"), list):
        return dict(document)
    return {
        **document,
        "backends": [
            {**one, "headers": _masked(one["headers"])} if one.get("headers") else one
            for one in document["backends"]
        ],
    }


def _masked(headers: Mapping[str, str]) -> dict[str, str]:
    return {
        name: text if variables.is_open(text) else MASK
        for name, text in headers.items()
    }


def without_values(raw: bytes) -> bytes:
    """Return what somebody has sent as a configuration, without what may be secret."""
    try:
        return msgspec.json.encode(_blotted(msgspec.json.decode(raw)))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return b"(not shown: it is no JSON)"


def _blotted(value: Any) -> Any:
    if isinstance(value, list):
        return [_blotted(one) for one in value]
    if isinstance(value, dict):
        return {
            name: MASK
            if name in _ALL_SECRET or (name == "headers" and not isinstance(one, dict))
            else dict.fromkeys(one, MASK)
            if name == "headers"
            else _blotted(one)
            for name, one in value.items()
        }
    return value


def unmasked(document: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return a document with the values that are masked in it.

    :param document: any JSON object; it is not changed, and what has the wrong form
        stays as it is.
    :param before: the document that has the values.
    :raises ConfigError: when there is none to be kept.
    """
    backends = document.get("backends")
    if not isinstance(backends, list):
        return dict(document)
    old = [one for one in before.get("backends") or () if isinstance(one, dict)]
    return {
        **document,
        "backends": [
            _unmasked(one, old, f"backends[{index}]")
            for index, one in enumerate(backends)
        ],
    }


def _unmasked(backend: Any, old: list[dict[str, Any]], path: str) -> Any:
    given = backend.get("headers") if isinstance(backend, dict) else None
    if not isinstance(given, dict) or MASK not in given.values():
        return backend
    same = [one for one in old if one.get("name") == backend.get("name")]
    # One that has another name now is known by its URL.
    same += [one for one in old if one.get("url") == backend.get("url")]
    kept: dict[str, Any] = {}
    for name, value in given.items():
        kept[name] = value
        if value == MASK:
            kept[name] = _kept(name, backend, same, f"{path}.headers{step(name)}")
    return {**backend, "headers": kept}


def _kept(
    name: str, backend: Mapping[str, Any], same: list[dict[str, Any]], path: str
) -> Any:
    for one in same:
        for known, value in (one.get("headers") or {}).items():
            if known.lower() != name.lower():
                continue
            if server_of(one.get("url")) == server_of(backend.get("url")):
                return value
            raise ConfigError(
                path, "is kept for another machine; type it again for this URL"
            )
    raise ConfigError(path, f"type its value: {MASK} stands for one that is kept")


def server_of(url: Any) -> object:
    """Return what tells one server from another."""
    try:
        parts = urlsplit(str(url))
        return parts.scheme.lower(), parts.hostname, parts.port
    except ValueError:
        return object()
