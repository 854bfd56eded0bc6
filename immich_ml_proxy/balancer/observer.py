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

    def tried(
        self, server: Server, demand: Demand, outcome: str, seconds: float
    ) -> None:
        """What came of asking a server, if it was no answer: a word, and seconds."""

    def again(self, demand: Demand, is_beside: bool) -> None:
        """One more server is asked, perhaps beside one that takes long."""

    def learned(self, server: Server) -> None:
        """It was found that a server cannot do something."""

    def over(
        self, demand: Demand, server: Server | None, outcome: str, seconds: float
    ) -> None:
        """What came of a request in the end: who answered, a word, how long it took."""


class Nobody:
    """Looks away; see :class:`Observer`."""

    def arrived(self, demand: Demand) -> None:
        """Nothing is made of it."""

    def answered(self, server: Server, demand: Demand, seconds: float) -> None:
        """Nothing is made of it."""

    def failed(self, server: Server, demand: Demand, reason: str) -> None:
        """Nothing is made of it."""

    def tried(
        self, server: Server, demand: Demand, outcome: str, seconds: float
    ) -> None:
        """Nothing is made of it."""

    def again(self, demand: Demand, is_beside: bool) -> None:
        """Nothing is made of it."""

    def learned(self, server: Server) -> None:
        """Nothing is made of it."""

    def over(
        self, demand: Demand, server: Server | None, outcome: str, seconds: float
    ) -> None:
        """Nothing is made of it."""


NOBODY = Nobody()
