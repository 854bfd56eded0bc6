"""Demands, backends and pools for the tests of scheduling, without any bytes."""

from __future__ import annotations

from typing import Any

import msgspec

from immich_ml_proxy.balancer.demand import Demand
from immich_ml_proxy.balancer.latency import Kind
from immich_ml_proxy.balancer.need import Need, needs_of
from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.balancer.server import Server
from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config.model import Backend, Config, Route

IMAGE = Kind("clip/visual", 1)
SEARCH = Kind("clip/textual", 0)
#: Bytes of a picture's body.
PICTURE = 300_000
ROUTE = Route("default", ("a", "b"))


def image(route: Route = ROUTE, task: str = "clip", size_class: int = 1) -> Demand:
    """Return the demand of a picture."""
    kind = Kind(f"{task}/visual", size_class)
    return Demand(route, kind, (task,), False, needing(task, "visual"), PICTURE)


def search(route: Route = ROUTE) -> Demand:
    """Return the demand of a search."""
    return Demand(route, SEARCH, ("clip",), True, needing("clip", "textual"), 100)


def needing(
    task: str, *types: str, model: str = "ViT-B-32__openai"
) -> tuple[Need, ...]:
    """Return what a task needs of a server."""
    asked = msgspec.Raw(msgspec.json.encode({"modelName": model}))
    return needs_of({task: dict.fromkeys(types, asked)})


def server(name: str = "a", **fields: Any) -> Server:
    """Return a backend that is healthy; ``max_concurrent`` and so on are fields."""
    made = Server(Backend(name=name, url=f"http://{name}:3003", **fields))
    made.health = made.health.observe(None, 1.0)
    return made


def configured(*backends: dict[str, Any], **more: Any) -> Config:
    """Return a configuration; a backend needs but a name, the first is the default."""
    document = {
        "defaultBackend": [backend["name"] for backend in backends],
        "backends": [
            {"url": f"http://{backend['name']}:3003", **backend} for backend in backends
        ],
        "taskRouting": {},
        **more,
    }
    return config_document.parse(msgspec.json.encode(document))


def pool_of(*backends: dict[str, Any], **more: Any) -> Pool:
    """Return a pool of backends that are all healthy."""
    pool = Pool(configured(*backends, **more), lambda server, before: None)
    for one in pool:
        pool.evidence.observe(one, None, 1.0)
    return pool
