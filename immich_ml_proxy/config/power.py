"""How a backend's machine is spared: fields of a backend, and how they are checked."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec

from immich_ml_proxy.errors import ConfigError

#: A backend is asked how it is all the time, or only while there is work for it.
ALWAYS = "always"
ON_DEMAND = "on demand"
Pings = Literal["always", "on demand"]

Window = Annotated[str, msgspec.Meta(max_length=100)]
TimeWindows = tuple[Window, ...]
#: Up to a week.
Minutes = Annotated[float, msgspec.Meta(gt=0, le=10_080)]
#: Up to the year 2100.
UnixTime = Annotated[float, msgspec.Meta(ge=0, le=4_102_444_800)]
#: Longest time for which a backend is disabled, in seconds: a month.
LONGEST = 31 * 86400


def checked_hook(text: str, path: str) -> str:
    """
    Return a URL that something is posted to, as ASCII.

    :param path: the field it stands in.
    :raises ConfigError: when it is none; it is not repeated, as it may be secret.
    """
    text = text.strip()
    if not text.lower().startswith(("http://", "https://")):
        raise ConfigError(path, "must start with http:// or https://")
    if not all("!" <= one <= "~" for one in text) or any(
        one in text for one in '"<>\\^`{|}'
    ):
        raise ConfigError(path, "has a character that no URL may have")
    try:
        url = urlsplit(text)
        is_whole = bool(url.hostname) and url.port != 0
    except ValueError:
        is_whole = False
    if not is_whole:
        raise ConfigError(path, "is no URL, such as http://192.168.1.20:8000/sleep")
    if "@" in url.netloc:
        raise ConfigError(path, "must not hold a user name or password")
    if "#" in text:
        raise ConfigError(path, "must not have a #")
    return text


def without_passed(document: dict[str, Any]) -> dict[str, Any]:
    """
    Return a document in which only what is disabled has an end of that.

    :param document: that has passed every check; it is not changed.
    """
    backends = document.get("backends")
    if not backends:
        return document
    return {**document, "backends": [_without_end(one) for one in backends]}


def _without_end(backend: dict[str, Any]) -> dict[str, Any]:
    if backend.get("state") == "disabled":
        return backend
    return {key: one for key, one in backend.items() if key != "disabledUntil"}
