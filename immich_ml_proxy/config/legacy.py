"""
Reads what the Go original's newest ``config.json`` has beside the README's form.

It keeps routes by model type in a map of their own (``modelTypeRouting``) and says
in two more maps (``taskRoutingPolicy``, ``modelTypeRoutingPolicy``: key to
``strict`` or ``fallback``) what happens when a route's backend is down. Here a type
is a routing key like any other, and the policy stands in the route.
"""

from __future__ import annotations

from typing import Any

from immich_ml_proxy.config.fields import step
from immich_ml_proxy.errors import ConfigError

_PAIRS = (
    ("taskRouting", "taskRoutingPolicy"),
    ("modelTypeRouting", "modelTypeRoutingPolicy"),
)
_OLD_FIELDS = {"taskRoutingPolicy", "modelTypeRouting", "modelTypeRoutingPolicy"}


def upgrade(document: dict[str, Any]) -> dict[str, Any]:
    """
    Return ``document`` with every route in ``taskRouting``.

    :param document: any JSON object; one without the old fields is returned as it
        is, but for maps and lists that are ``null``, which Go writes for empty ones.
    :raises ConfigError: when an old field has the wrong form or says something else
        than ``taskRouting`` does.
    """
    document = {
        field: value
        for field, value in document.items()
        if value is not None or field == "defaultBackend"
    }
    if not _OLD_FIELDS & document.keys():
        return document
    routing: dict[str, Any] = {}
    for routes_field, policies_field in _PAIRS:
        routes = _mapping(document.pop(routes_field, {}), routes_field)
        policies = _mapping(document.pop(policies_field, {}), policies_field)
        for key, policy in policies.items():
            if policy not in ("strict", "fallback"):
                raise ConfigError(
                    policies_field + step(key), 'must be "strict" or "fallback"'
                )
        for key, value in routes.items():
            if policies.get(key) == "fallback" and isinstance(value, str | list):
                names = [value] if isinstance(value, str) else value
                value = {"backends": names, "fallback": True}
            if routing.setdefault(key, value) != value:
                raise ConfigError(
                    routes_field + step(key), "taskRouting has another route for it"
                )
    return {**document, "taskRouting": routing}


def _mapping(value: Any, field: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ConfigError(field, "must be an object")
    return value
