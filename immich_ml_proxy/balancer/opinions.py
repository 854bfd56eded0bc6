"""
Kinds of requests that servers refuse as wrong, so that not each is asked twice.

A 400 or 422 may be the request's fault or the server's, and another server is asked
for its opinion. Where a kind of request is refused by whoever should know, a server
among these need not be doubted again.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable

from immich_ml_proxy.balancer.need import Need
from immich_ml_proxy.balancer.recent import Recent

#: Needs whose refusals are remembered; clients make them up.
MOST = 1000


class Opinions:
    """The servers that have refused a need, by need and status."""

    def __init__(self) -> None:
        self._refused: Recent[bytes, dict[int, set[Hashable]]] = Recent(MOST)

    def refused(
        self,
        need: Need,
        status: int,
        server: Hashable,
        has_served: bool,
        servers: Collection[Hashable],
    ) -> bool:
        """
        A server has refused this; return whether that needs no second opinion.

        :param server: who refuses; it must have done so before,
        :param has_served: and have served such requests, too,
        :param servers: or all of these must have refused.
        """
        by_status = self._refused.keep(
            need.digest, self._refused.get(need.digest) or {}
        )
        refused = by_status.setdefault(status, set())
        is_known = server in refused and (has_served or refused.issuperset(servers))
        refused.add(server)
        return is_known

    def served(self, need: Need) -> None:
        """A server has served this: whoever refuses it is doubted again."""
        if self._refused:
            self._refused.pop(need.digest, None)

    def clear(self) -> None:
        """The servers are others now."""
        self._refused.clear()
