"""What pings and requests tell of servers, and what is made of it."""

from __future__ import annotations

from collections.abc import Callable, Collection

from immich_ml_proxy.balancer import outcome
from immich_ml_proxy.balancer.demand import Demand
from immich_ml_proxy.balancer.health import NEVER, Health
from immich_ml_proxy.balancer.opinions import Opinions
from immich_ml_proxy.balancer.outcome import Kind, Try
from immich_ml_proxy.balancer.server import Server

#: Told when a server's health changes sides: the server, and its health before.
OnFlip = Callable[[Server, Health], None]


class Evidence:
    """
    :param on_flip: told when a server becomes healthy or unhealthy.
    :ivar opinions: the kinds of requests that are known to be wrong.
    """

    def __init__(self, on_flip: OnFlip) -> None:
        self._on_flip = on_flip
        self.opinions = Opinions()

    def observe(
        self,
        server: Server,
        error: str | None,
        now: float,
        is_away: bool = False,
        sent: float = NEVER,
    ) -> None:
        """
        Take in what a ping or a request has shown of a backend.

        :param error: what is wrong, in words; ``None`` when it answered well.
        :param is_away: nothing was there to answer.
        :param sent: when the ping was sent that told it; ``NEVER``: it was no ping.
        """
        before = server.reported(now)
        server.observe(error, now, is_away, sent)
        self._tell(server, before, now)

    def missed_ping(self, server: Server, error: str, sent: float, now: float) -> None:
        """A ping that was sent then got no answer."""
        before = server.reported(now)
        server.missed_ping(error, sent, now)
        self._tell(server, before, now)

    def served(self, server: Server, demand: Demand, now: float) -> None:
        """A request was served by ``server``."""
        self.opinions.served(demand.need)
        if server.is_untroubled:
            server.has_served(demand, now)
            return
        before = server.reported(now)
        server.has_served(demand, now)
        if server.health.status != "healthy":
            server.observe(None, now)
        self._tell(server, before, now)

    def failed(
        self, one: Try, demand: Demand, able: Collection[Server], now: float
    ) -> bool:
        """
        A request was tried in vain; what that says at once.

        :param able: all that it may be asked of, as far as is known.
        :return: whether such requests are known to be refused, so that this one needs
            no second opinion.
        """
        server, found = one.server, one.outcome
        server.observer.tried(server, demand, found.kind.value, one.took)
        if found.kind in outcome.FAILURES:
            server.failed += 1
            server.observer.failed(server, demand, found.reason)
        if found.kind in (Kind.LOST, Kind.LATE):
            self.observe(server, found.reason, now, found.kind is Kind.LOST)
        elif found.kind is Kind.UNABLE:
            server.breakers.pause(demand.tasks, now + outcome.PAUSE)
        elif found.kind is Kind.BUSY:
            server.busy_until = max(server.busy_until, now + found.pause)
            server.overloaded(demand)
        elif found.kind is Kind.OPINION and found.status != 500:
            return self.opinions.refused(
                demand.need, found.status, server, one.had_served, able
            )
        return False

    def outdone(self, one: Try, by: Try, demand: Demand, now: float) -> list[str]:
        """
        Another backend has served a request that was tried in vain.

        :return: what was learned of the one that did not, in words.
        """
        server, kind = one.server, one.outcome.kind
        if server is by.server:
            return []  # it was away for a moment
        before = server.reported(now)
        learned = []
        server.retried += 1
        if kind in outcome.FAILURES:
            server.ejections += server.breakers.failed(demand.tasks, now)
        if kind in outcome.OVERLOADS:
            server.overloaded(demand)
        if kind is Kind.TOO_LARGE:
            server.abilities.too_large(demand.size, now)
        elif kind in outcome.INABILITIES and server.abilities.refused(demand.need, now):
            server.observer.learned(server)
            learned.append(f"cannot do {demand.need.label}")
        if one.outcome.denial:
            server.denied(one.outcome.denial, now)
            learned.append(one.outcome.denial)
        self._tell(server, before, now)
        return learned

    def _tell(self, server: Server, before: Health, now: float) -> None:
        if server.reported(now).status != before.status:
            self._on_flip(server, before)
