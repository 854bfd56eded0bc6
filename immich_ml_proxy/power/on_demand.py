"""Which servers that are pinged on demand have work, and which may rest."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from immich_ml_proxy.balancer.health import NEVER
from immich_ml_proxy.balancer.server import Server

#: Seconds after its last work in which a server is still pinged; and after the last
#: work that it would have been given, had it been well. Then it counts as well again:
#: as long as it does not, Immich may be told that nobody is there, and send nothing.
LATELY = 30.0


class OnDemand:
    """What is known of the work of servers that are pinged on demand."""

    def __init__(self) -> None:
        # When each was seen to begin work last, and to have or to miss some.
        self._seen: dict[Server, tuple[float, float]] = {}

    def look(
        self, servers: Iterable[Server], at_work: Collection[str], now: float
    ) -> None:
        """
        See which of them have work, and let rest which have none.

        :param at_work: the names of those on whose routes there is work.
        """
        before, self._seen = self._seen, {}
        for server in servers:
            if not server.is_on_demand:
                continue
            began, last = before.get(server, (server.busy_since, NEVER))
            is_well = server.health.status == "healthy"
            has_worked = server.in_flight or server.busy_since != began
            if has_worked or (not is_well and server.name in at_work):
                last = now
            self._seen[server] = server.busy_since, last
            server.has_work = now - last < LATELY
            if not server.has_work and not is_well:
                server.rest()
