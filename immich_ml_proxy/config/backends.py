"""Reads the ``backends`` of a document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from immich_ml_proxy.config import abilities, headers, power, resolve, windows
from immich_ml_proxy.config.fields import (
    check_broadcast,
    check_ca_file,
    checked_mac,
    checked_url,
    convert,
    step,
)
from immich_ml_proxy.config.model import Backend, Places, normalized
from immich_ml_proxy.errors import ConfigError


def read(items: list[Any]) -> Iterator[Backend]:
    """
    Check each backend and return it.

    :raises ConfigError: with the path of the first bad field and the reason.
    """
    taken: dict[str, str] = {}
    resolve.check_names(items)
    for index, item in enumerate(items):
        path = f"backends[{index}]"
        # Before the backend as a whole: the error is told with its exact path.
        given = item.get("abilities") if isinstance(item, dict) else None
        stated = abilities.read(given, f"{path}.abilities")
        backend = convert(item, Backend, path)
        if not backend.name.isprintable() or backend.name != backend.name.strip():
            raise ConfigError(
                f"{path}.name",
                "must be printable and must not begin or end with a space",
            )
        if backend.name in (".", ".."):
            # Such a step of a path is gone before it reaches POST /api/backends/NAME.
            raise ConfigError(f"{path}.name", "must not be . or ..")
        if backend.name in taken:
            raise ConfigError(
                f"{path}.name",
                f"{backend.name!r} is already the name of {taken[backend.name]}",
            )
        taken[backend.name] = path
        if backend.wake_on_lan is not None:
            wake, where = backend.wake_on_lan, f"{path}.wakeOnLan"
            checked_mac(wake.mac, f"{where}.mac")
            check_broadcast(wake.broadcast, f"{where}.broadcast")
        limits = {
            normalized(task): convert(places, Places, f"{path}.limits{step(task)}")
            for task, places in backend.limits.items()
        }
        if len(limits) < len(backend.limits):
            raise ConfigError(f"{path}.limits", "names a task in two spellings")
        url = checked_url(backend.url, f"{path}.url")
        if backend.ca_file is not None:
            check_ca_file(backend.ca_file, url, f"{path}.caFile")
        resolve.check(backend, url, path)
        windows.read(backend.windows, f"{path}.windows")
        hook = backend.sleep_hook
        if hook is not None:
            hook = power.checked_hook(hook, f"{path}.sleepHook")
        yield msgspec.structs.replace(
            backend,
            url=url,
            limits=limits,
            abilities=stated,
            sleep_hook=hook,
            disabled_until=backend.disabled_until
            if backend.state == "disabled"
            else None,
            headers=headers.read(backend.headers, f"{path}.headers"),
        )
