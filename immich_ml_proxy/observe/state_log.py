"""What changes stands in the log: once, with the reason."""

from __future__ import annotations

from twisted.logger import Logger

from immich_ml_proxy.balancer.health import Health
from immich_ml_proxy.balancer.server import Server
from immich_ml_proxy.observe.events import LOGGED, Event

_log = Logger()


def log_event(event: Event) -> None:
    """Log what people have done, and what was found out, but for flips."""
    if event.kind in LOGGED:
        _log.info("{text}", text=event.text)


def log_flip(server: Server, before: Health) -> None:
    """Log that a server is up, or down and why."""
    if server.health.status == "healthy" and before.status != "healthy":
        _log.info("{backend} is up", backend=server.name)
    else:
        _log.warn(
            "{backend} is down: {error}",
            backend=server.name,
            error=server.health.error or "it fails what other machines can do",
        )
