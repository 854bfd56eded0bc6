"""Changes where some work may go, in a configuration as it was saved."""

from __future__ import annotations

from typing import Any

import msgspec

from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config.model import DEFAULT_ROUTE, Config, normalized
from immich_ml_proxy.errors import ConfigError


def with_taker(current: Config, key: str, name: str, is_added: bool) -> Config:
    """
    Return ``current`` with one backend more, or one less, on a route.

    :param key: the routing key; one that has no route yet gets one, with the backends
        of the default route.
    :raises ConfigError: when there is no such backend, or none would be left.
    """
    if name not in {backend.name for backend in current.backends}:
        raise ConfigError("", f"there is no machine named {name!r}")
    document = msgspec.json.decode(current.document)
    key = normalized(key)
    routing = document.get("taskRouting") or {}
    saved = next((one for one in routing if normalized(one) == key), key)
    if key == DEFAULT_ROUTE and saved not in routing:
        route = _changed(document["defaultBackend"], key, name, is_added)
        document["defaultBackend"] = route
    else:
        route = routing.get(saved, document["defaultBackend"])
        routing[saved] = _changed(route, key, name, is_added)
        document["taskRouting"] = routing
    return config_document.parse(msgspec.json.encode(document))


def _changed(route: Any, key: str, name: str, is_added: bool) -> Any:
    if isinstance(route, dict):
        return {**route, "backends": _changed(route["backends"], key, name, is_added)}
    names = [route] if isinstance(route, str) else list(route)
    if is_added:
        return names if name in names else [*names, name]
    left = [one for one in names if one != name]
    if not left:
        raise ConfigError("", f"{name} is the only one on the route {key}: add another")
    return left
