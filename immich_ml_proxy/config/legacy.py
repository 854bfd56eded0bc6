"""
Reads what the Go original's newest ``config.json`` has beside the README's form.

It sends the types of ``clip`` where a map of their own says (``modelTypeRouting``). Two
more maps (``taskRoutingPolicy``, ``modelTypeRoutingPolicy``: key to ``strict`` or
``fallback``) say what happens when a route's backend is down. There are three levels: a
type's route, its task's, the default. ``fallback`` goes on to the next one, and so does
a route that names no machine, or one that is gone. Here such a type is the routing key
``clip/TYPE``, a route that falls back on another has the backends of both ``in_order``,
and ``fallback`` means the default.
"""

from __future__ import annotations

from typing import Any

from immich_ml_proxy.config.fields import step
from immich_ml_proxy.config.model import IN_ORDER, normalized
from immich_ml_proxy.errors import ConfigError

_OLD_FIELDS = {"taskRoutingPolicy", "modelTypeRouting", "modelTypeRoutingPolicy"}


def upgraded(document: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """
    Return ``document`` with every route in ``taskRouting``, and warnings.

    :param document: any JSON object; one without the old fields is returned as it
        is, but for maps and lists that are ``null``, which Go writes for empty ones.
    :return: the warnings tell which routes were left out.
    :raises ConfigError: when an old field has the wrong form or says something else
        than ``taskRouting`` does.
    """
    is_old = bool(_OLD_FIELDS & document.keys())
    document = {
        field: value
        for field, value in document.items()
        if value is not None or field == "defaultBackend"
    }
    if not is_old:
        return document, []
    tasks = _mapping(document.pop("taskRouting", {}), "taskRouting")
    types = _mapping(document.pop("modelTypeRouting", {}), "modelTypeRouting")
    fall_back = _with_fallback(document, "taskRoutingPolicy")
    types_fall_back = _with_fallback(document, "modelTypeRoutingPolicy")
    names, warnings = _names(document.get("backends")), []
    routing: dict[str, Any] = {}
    for key, value in tasks.items():
        gone = _gone(value, names)
        if gone:
            warnings.append(
                f"taskRouting{step(key)}: {gone}; the default gets its work"
            )
        elif normalized(key) in fall_back:
            routing[key] = _falling_back(value)
        else:
            routing[key] = value
    # The level below a type's: the task's route if that is the Go original's, or none.
    clip = tasks.get("clip") if "clip" in routing else None
    below = clip if isinstance(clip, str) else None
    for kind, value in types.items():
        where, gone = f"modelTypeRouting{step(kind)}", _gone(value, names)
        if gone:
            next_one = "the default" if clip is None else "the route of clip"
            warnings.append(f"{where}: {gone}; {next_one} gets its work")
            continue
        if normalized(kind) in types_fall_back:
            value = _falling_back(value, below, "clip" in fall_back)
        if routing.setdefault(f"clip/{kind}", value) != value:
            raise ConfigError(where, "taskRouting has another route for it")
    return {**document, "taskRouting": routing}, warnings


def _falling_back(value: Any, below: str | None = None, again: bool = True) -> Any:
    """
    Return a route that goes on to the next level.

    :param value: the route; one that says more than names says itself what it does.
    :param below: the backend of the level between it and the default, if there is one.
    :param again: whether that one goes on to the default.
    """
    if isinstance(value, str) and below is not None:
        route: dict[str, Any] = {"backends": list(dict.fromkeys([value, below]))}
        if value != below:
            route["strategy"] = IN_ORDER
        return {**route, "fallback": True} if again else route
    if isinstance(value, str | list):
        names = [value] if isinstance(value, str) else value
        return {"backends": names, "fallback": True}
    return value


def _gone(value: Any, names: set[str]) -> str:
    """Return what is wrong with the backend of a route; empty if nothing is."""
    if value is None or value == "":
        return "names no machine"
    if isinstance(value, str) and value not in names:
        return f"there is no machine named {value!r}"
    return ""


def _names(backends: Any) -> set[str]:
    """Return the names of all backends that have one; their form is checked later."""
    if not isinstance(backends, list):
        return set()
    named = [one.get("name") for one in backends if isinstance(one, dict)]
    return {name for name in named if isinstance(name, str)}


def _with_fallback(document: dict[str, Any], field: str) -> set[str]:
    """Take a map of policies out, and return the keys that have ``fallback``."""
    policies = _mapping(document.pop(field, {}), field)
    for key, policy in policies.items():
        if policy not in ("strict", "fallback"):
            raise ConfigError(field + step(key), 'must be "strict" or "fallback"')
    return {normalized(key) for key, policy in policies.items() if policy == "fallback"}


def _mapping(value: Any, field: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ConfigError(field, "must be an object")
    return value
