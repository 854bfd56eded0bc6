"""Reads ``immich`` of a document, and keeps its key from those who look at it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from immich_ml_proxy.config import variables
from immich_ml_proxy.config.fields import checked_url, convert
from immich_ml_proxy.config.mend import mended_url
from immich_ml_proxy.config.model import ImmichServer
from immich_ml_proxy.errors import ConfigError

#: Stands for a key that is not shown; saved again, it means the key as it was.
MASK = "***"
_FIELD = "apiKey"


def read(value: Any) -> ImmichServer | None:
    """
    Return what is to be asked; ``None`` where nothing is written.

    :raises ConfigError: with the path of the first bad field and the reason.
    """
    if value is None:
        return None
    server = convert(value, ImmichServer, "immich")
    url = checked_url(mended_url(server.url)[0], "immich.url").removesuffix("/api")
    key = server.api_key.strip()
    if not key:
        raise ConfigError(
            "immich.apiKey", "missing: make one in Immich, with queue.read"
        )
    if key == MASK:
        raise ConfigError(
            "immich.apiKey", f"{MASK} stands for a key, and there is none"
        )
    _check(key)
    variables.check(key, "immich.apiKey")
    return ImmichServer(url=url, api_key=key)


def resolved(
    server: ImmichServer | None, environment: Mapping[str, str]
) -> ImmichServer | None:
    """
    Return what is to be asked, with the key as it is sent.

    :param environment: has the values of variables.
    :raises ConfigError: when one is not set, or is no key.
    """
    if server is None:
        return None
    key = variables.expanded(server.api_key, environment, "immich.apiKey")
    _check(key)
    return ImmichServer(url=server.url, api_key=key)


def _check(key: str) -> None:
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ConfigError("immich.apiKey", "has a character that no key has")


def masked(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document without its key."""
    immich = document.get("immich")
    if not isinstance(immich, dict) or _FIELD not in immich:
        return document
    if variables.is_open(immich[_FIELD]):
        return document
    return {**document, "immich": {**immich, _FIELD: MASK}}


def unmasked(raw: bytes, before: bytes) -> bytes:
    """
    Return a document that is to be saved, with the key of the one before if it is to
    stay as it is.

    :param raw: as it was sent; what cannot be read is returned as it is.
    :param before: the one that was saved.
    """
    try:
        document, old = msgspec.json.decode(raw), msgspec.json.decode(before)
        key = old["immich"][_FIELD]
        if document["immich"][_FIELD] != MASK:
            return raw
    except (
        msgspec.DecodeError,
        UnicodeDecodeError,
        RecursionError,
        KeyError,
        TypeError,
    ):
        return raw
    document["immich"][_FIELD] = key
    return msgspec.json.encode(document)


def check_host(before: ImmichServer | None, after: ImmichServer | None) -> None:
    """
    Refuse a key that is kept for another host: somebody would have it sent to his own.

    :raises ConfigError: with what to do.
    """
    if before is None or after is None:
        return
    if urlsplit(before.url).hostname != urlsplit(after.url).hostname:
        raise ConfigError(
            "immich.apiKey", "is kept for another host; type it again for this one"
        )
