"""Since when servers have had nothing to do, and of which that is to be told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import attrs

from immich_ml_proxy.balancer.server import Server


@attrs.define
class _Idle:
    """
    :ivar began: when it was seen to begin work last; another one tells of work that was
        begun and done between two looks.
    :ivar since: when it was seen to have work last.
    :ivar is_told: that it has been idle for long enough.
    """

    began: float
    since: float
    is_told: bool = False


class Idleness:
    """How long each server with a ``sleepHook`` has had nothing to do."""

    def __init__(self) -> None:
        self._idle: dict[Server, _Idle] = {}

    def look(
        self, servers: Iterable[Server], waiting: Collection[str], now: float
    ) -> Iterator[Server]:
        """
        Return the servers that are idle for long enough now, each once a period.

        What is drained or disabled has no such period: somebody uses the machine, and
        it begins when he does so no more.

        :param waiting: the names of those for which work waits.
        """
        before, self._idle = self._idle, {}
        for server in servers:
            if server.backend.sleep_hook is None:
                continue
            idle = before.get(server) or _Idle(server.busy_since, now)
            self._idle[server] = idle
            is_used = (
                server.in_flight > 0
                or server.busy_since != idle.began
                or server.name in waiting
                or server.backend.state != "enabled"
            )
            if is_used:
                idle.began, idle.since, idle.is_told = server.busy_since, now, False
            elif not idle.is_told and now - idle.since >= _patience(server):
                idle.is_told = True
                yield server


def _patience(server: Server) -> float:
    """Return for how many seconds it must be idle."""
    return server.backend.idle_minutes * 60.0
