"""Configurations of one proxy that many tests save to, each its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.end_to_end.processes import Proxy

#: What a proxy has in force before anybody has saved anything.
NOTHING: dict[str, Any] = {"defaultBackend": "", "backends": [], "taskRouting": {}}

Configure = Callable[[dict[str, Any]], Proxy]


def put_in_force(proxy: Proxy, config: dict[str, Any]) -> None:
    """Put a configuration in force, after none: nothing is left of the one before."""
    for each in (NOTHING, config):
        status, told = proxy.post("/api/config", each)
        assert status == 200, told
