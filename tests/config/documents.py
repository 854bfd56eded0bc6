"""Configuration documents that are good but for what a test makes of them."""

from __future__ import annotations

from typing import Any

GPU = {"name": "gpu", "url": "http://gpu:3003"}


def backend(**fields: Any) -> dict[str, Any]:
    """Return a configuration of one backend, ``gpu``, with ``fields``."""
    return {"defaultBackend": "gpu", "backends": [{**GPU, **fields}]}


def routed(value: Any, key: str = "clip") -> dict[str, Any]:
    """Return a configuration with one route."""
    return {"defaultBackend": "gpu", "backends": [GPU], "taskRouting": {key: value}}


def top(**fields: Any) -> dict[str, Any]:
    """Return a configuration with fields at the top level."""
    return {"defaultBackend": "gpu", "backends": [GPU], **fields}
