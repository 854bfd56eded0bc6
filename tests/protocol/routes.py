"""Entries and where they go, for the tests of routing."""

from __future__ import annotations

import json
from typing import Any

from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config import model as config
from immich_ml_proxy.protocol import routing

CLIP = {"modelName": "ViT-B-32__openai"}
FACES = {
    "detection": {"modelName": "buffalo_l"},
    "recognition": {"modelName": "buffalo_l"},
}


def configured(**routes: Any) -> config.Config:
    """Return a configuration with these routes over backends of their own names."""
    names = ["default", *sorted(set(routes.values()))]
    backends = [{"name": name, "url": f"http://{name}"} for name in names]
    document = {
        "defaultBackend": "default",
        "backends": backends,
        "taskRouting": routes,
    }
    return config_document.parse(json.dumps(document).encode())


def routed(entries: Any, **routes: Any) -> list[tuple[str, Any]]:
    """Return each group's backend and what it is asked for."""
    tasks = routing.read(json.dumps(entries).encode())
    return [
        (group.route.backends[0], json.loads(group.entries))
        for group in routing.groups(tasks, configured(**routes))
    ]
