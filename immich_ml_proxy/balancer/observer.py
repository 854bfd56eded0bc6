"""Who is told what becomes of requests: an interface, and the one that ignores it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from immich_ml_proxy.balancer.demand import Demand

if TYPE_CHECKING:
    from immich_ml_proxy.balancer.server import Server


class Observer(Protocol):
    """
    Is told of every request, by direct calls on its way: they must cost nothing.

    It is not told the time; whoever wants to know it looks from time to time.
    """

    def arrived(self, demand: Demand) -> None:
        """A request has come, and will be asked of a server."""

    def answered(self, server: Server, demand: Demand, seconds: float) -> None:
        """A server has served it, in so many seconds."""

    def failed(self, server: Server, demand: Demand, reason: str) -> None:
        """A server has failed it; the reason is words."""


class Nobody:
    """Looks away; see :class:`Observer`."""

    def arrived(self, demand: Demand) -> None:
        """Nothing is made of it."""

    def answered(self, server: Server, demand: Demand, seconds: float) -> None:
        """Nothing is made of it."""

    def failed(self, server: Server, demand: Demand, reason: str) -> None:
        """Nothing is made of it."""


NOBODY = Nobody()
