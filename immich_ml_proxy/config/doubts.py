"""What may be saved, but was hardly meant: where it stands, and what was meant."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import attrs
import msgspec

from immich_ml_proxy.config.faults import step
from immich_ml_proxy.config.model import Config, normalized
from immich_ml_proxy.config.power import ON_DEMAND

#: What Immich asks for, and the types of each.
_TYPES = {
    "clip": ("textual", "visual"),
    "facial-recognition": ("detection", "recognition"),
    "ocr": ("detection", "recognition"),
}
TASKS = tuple(_TYPES)
#: All that a routing key may say.
KEYS = (
    *TASKS,
    *dict.fromkeys(kind for kinds in _TYPES.values() for kind in kinds),
    *(f"{task}/{kind}" for task, kinds in _TYPES.items() for kind in kinds),
)
#: What people call them.
_MEANT = {
    "search": "clip/textual",
    "smart-search": "clip",
    "text": "clip/textual",
    "image": "clip/visual",
    "picture": "clip/visual",
    "face": "facial-recognition",
    "face-detection": "facial-recognition",
    "face-recognition": "facial-recognition",
}
_WAKING = (
    f'it has a sleepHook; set its pings to "{ON_DEMAND}", or it is asked how it is '
    "while it sleeps, which may wake it and is told as trouble"
)
#: Where Immich itself listens.
_IMMICH_PORT = 2283


@attrs.frozen
class Doubt:
    """
    :ivar path: where it stands: ``taskRouting.cilp``.
    :ivar text: "cilp: no task of Immich's; did you mean clip?".
    """

    path: str
    text: str


def doubts(config: Config, own_ports: Collection[int] = ()) -> list[Doubt]:
    """
    Return what is doubtful, in the order of the machines, then of the routes.

    :param own_ports: where the proxy itself listens.
    """
    document = msgspec.json.decode(config.document)
    found: list[Doubt] = []
    for index, backend in enumerate(document.get("backends", ())):
        path, name = f"backends[{index}]", backend["name"]
        told = _address(config.backends[index].url, own_ports)
        found += [Doubt(f"{path}.url", f"{name}: {told}")] if told else []
        if config.backends[index].sleep_hook and backend.get("pings") != ON_DEMAND:
            found.append(Doubt(f"{path}.pings", f"{name}: {_WAKING}"))
        found += [
            Doubt(f"{path}{where}", f"{name}: {text}")
            for where, task in _stated(backend)
            for text in _unknown(task, TASKS)
        ]
    for key in document.get("taskRouting", ()):
        where = f"taskRouting{step(key)}"
        found += [Doubt(where, text) for text in _unknown(key, KEYS)]
    return found


def mended_at(warnings: Iterable[str]) -> Iterator[Doubt]:
    """Yield the warnings that begin with a path, with it."""
    for text in warnings:
        found = re.match(r"(backends\[\d+\]\.\w+): ", text)
        if found:
            yield Doubt(found[1], text)


def _stated(backend: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the tasks that a machine's own fields name, by their places."""
    for task in backend.get("limits") or ():
        yield f".limits{step(task)}", task
    abilities = backend.get("abilities") or {}
    for index, task in enumerate(abilities.get("tasks") or ()):
        yield f".abilities.tasks[{index}]", task
    for task in abilities.get("models") or ():
        yield f".abilities.models{step(task)}", task


def _unknown(written: str, known: tuple[str, ...]) -> Iterator[str]:
    """Yield what is to be told of a task that Immich has not."""
    key = normalized(written).strip().lower()
    if normalized(written) in known:
        return
    meant = _MEANT.get(key.removesuffix("s"), key)
    near = get_close_matches(meant, known, 1)
    told = f"{written}: no task of Immich's"
    yield f"{told}; did you mean {near[0]}?" if near else f"{told} that is known today"


def _address(url: str, own_ports: Collection[int]) -> str:
    parts = urlsplit(url)
    if parts.port == _IMMICH_PORT:
        return (
            f"port {_IMMICH_PORT} is Immich's own; its machine learning mostly has "
            "port 3003. Try the address"
        )
    if parts.port in own_ports and _is_here(parts.hostname or ""):
        return (
            f"{url} is this proxy itself, which would ask itself for ever; give the "
            "address of one of your machines"
        )
    return ""


def _is_here(host: str) -> bool:
    """Whether a name means the machine that the proxy is on, for certain."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
