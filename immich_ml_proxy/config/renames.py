"""Which backends have another name than before, and where a document says names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any


def renames(before: dict[str, Any], after: dict[str, Any]) -> dict[str, str]:
    """
    Return the new names of backends by their old ones.

    One was renamed if its URL is still there, once, under a name that is new.
    """
    old, new = _urls(before), _urls(after)
    gone = {name: url for name, url in old.items() if name not in new}
    come = {url: name for name, url in new.items() if name not in old}
    left = Counter(gone.values())
    found = Counter(url for name, url in new.items() if name not in old)
    return {
        name: come[url] for name, url in gone.items() if left[url] == found[url] == 1
    }


def renamed(document: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """
    Return a document with other names of backends; without them it is returned as is.

    :param document: one that has passed every check.
    :param names: the new ones by the old ones; one that is taken already is left out.
    """
    taken = _urls(document)
    names = {
        old: new for old, new in names.items() if old in taken and new not in taken
    }
    if not names:
        return document
    made = {**document}
    made["backends"] = [
        {**one, "name": names.get(one["name"], one["name"])}
        for one in document["backends"]
    ]
    if "defaultBackend" in made:
        made["defaultBackend"] = _route(made["defaultBackend"], names)
    if made.get("taskRouting"):
        routes = made["taskRouting"].items()
        made["taskRouting"] = {key: _route(route, names) for key, route in routes}
    return made


def names_of(document: dict[str, Any]) -> set[str]:
    """Return the names of a document's backends."""
    return {one["name"] for one in document.get("backends", ())}


def _urls(document: dict[str, Any]) -> dict[str, str]:
    """Return the URLs of backends by their names."""
    return {one["name"]: one["url"].rstrip("/") for one in document.get("backends", ())}


def _route(route: Any, names: Mapping[str, str]) -> Any:
    if isinstance(route, dict):
        return {**route, "backends": _route(route["backends"], names)}
    if isinstance(route, list):
        return [names.get(one, one) for one in route]
    return names.get(route, route)
