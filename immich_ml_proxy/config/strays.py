"""Secrets that a merge would send where nobody has typed them for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from immich_ml_proxy.config.headers import server_of
from immich_ml_proxy.config.merge import ABSENT, Conflict, Merged


def strays(merged: Merged) -> Iterator[Conflict]:
    """
    Yield them as conflicts: one has changed where a secret goes, the other the secret.

    :param merged: of documents with all their secrets.
    """
    sides = [_by_name(side) for side in (merged.mine, merged.theirs)]
    for backend in merged.document.get("backends", ()):
        name = backend["name"]
        both = [side.get(name, {}) for side in sides]
        meant = [_headers(one) for one in both if _is_at(one, backend)]
        for header, value in (backend.get("headers") or {}).items():
            if not any(one.get(header.lower()) == value for one in meant):
                values = [one.get("headers", {}).get(header, ABSENT) for one in both]
                yield Conflict(("backends", name, "headers", header), ABSENT, *values)
    immich = merged.document.get("immich")
    if immich:
        both = [side.get("immich") or {} for side in (merged.mine, merged.theirs)]
        meant = [one.get("apiKey") for one in both if _is_at(one, immich)]
        if immich["apiKey"] not in meant:
            values = [one.get("apiKey", ABSENT) for one in both]
            yield Conflict(("immich", "apiKey"), ABSENT, *values)


def _by_name(document: dict[str, Any]) -> dict[str, Any]:
    return {one["name"]: one for one in document.get("backends", ())}


def _headers(backend: dict[str, Any]) -> dict[str, Any]:
    return {
        name.lower(): value for name, value in (backend.get("headers") or {}).items()
    }


def _is_at(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return "url" in one and server_of(one["url"]) == server_of(other["url"])
