"""
Circuit breakers over the outcomes of requests, one for each task of a server.

Pings say whether a server answers at all, traffic whether it does its work: a server
may answer every ping and fail every picture. So failures of requests that another
server then served are counted here, and pings alone cannot close a breaker. A server
that fails one task may do another, so each has its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from immich_ml_proxy.balancer.need import short

#: Requests in a row that a server must fail, and others serve, to be put out.
TRIP_AFTER = 3
#: Seconds out after the first time; each further time in a row doubles it.
FIRST_OUTAGE = 5.0
LONGEST_OUTAGE = 60.0
_MOST_DOUBLINGS = 10
#: Tasks with a breaker; clients name them, so there must be a limit.
MOST_TASKS = 50


@attrs.frozen
class Breaker:
    """
    A circuit breaker over the outcomes of requests.

    :ivar failures: failed requests since the last that was served.
    :ivar outages: how often in a row it has tripped.
    :ivar open_until: the time until which the server is out.
    :ivar paused_until: the same, without a verdict yet.
    """

    failures: int = 0
    outages: int = 0
    open_until: float = 0.0
    paused_until: float = 0.0

    def failed(self, now: float, trip_after: int = TRIP_AFTER) -> Breaker:
        """Return the state after a request that failed here but not elsewhere."""
        failures = self.failures + 1
        if failures < trip_after or now < self.open_until:
            return attrs.evolve(self, failures=failures)
        # Doubled no further than needed: a float is soon too small for the power.
        doublings = min(self.outages, _MOST_DOUBLINGS)
        outage = min(FIRST_OUTAGE * 2**doublings, LONGEST_OUTAGE)
        return Breaker(failures, self.outages + 1, now + outage)

    def paused(self, until: float) -> Breaker:
        """Return the state when nothing is wanted for a moment."""
        return attrs.evolve(self, paused_until=max(until, self.paused_until))

    def is_open(self, now: float) -> bool:
        """Whether the server is out."""
        return now < self.open_until or now < self.paused_until


CLOSED = Breaker()


class Breakers(dict[str, Breaker]):
    """
    The breakers of one server by task, those that are not closed.

    A request may be for several tasks.

    :param trip_after: failures in a row that put it out.
    """

    def __init__(self, trip_after: int = TRIP_AFTER) -> None:
        super().__init__()
        self._trip_after = trip_after

    def __missing__(self, task: str) -> Breaker:
        return CLOSED

    def failed(self, tasks: Iterable[str], now: float) -> bool:
        """A request failed here but not elsewhere; return whether that was enough."""
        tripped = False
        for task in tasks:
            before = self[task]
            self._put(task, before.failed(now, self._trip_after))
            tripped |= self[task].open_until > before.open_until
        return tripped

    def pause(self, tasks: Iterable[str], until: float) -> None:
        """Nothing is wanted until then."""
        for task in tasks:
            self._put(task, self[task].paused(until))

    def served(self, tasks: Iterable[str]) -> None:
        """A request was served: all is forgiven."""
        for task in tasks:
            self.pop(task, None)

    def is_open(self, tasks: Iterable[str], now: float) -> bool:
        """Whether the server is out for one of these tasks."""
        return any(self[task].is_open(now) for task in tasks)

    def tripped(self, now: float) -> Iterator[tuple[str, Breaker]]:
        """Return the tasks it is out for because of what it failed."""
        for task, breaker in self.items():
            if now < breaker.open_until:
                yield task, breaker

    def in_words(self, now: float) -> list[str]:
        """Return why it is out, and until when, by task."""
        return [
            f"{short(task)}: failed {breaker.failures} requests in a row that other "
            f"machines then answered; tried again in {breaker.open_until - now:.0f} s"
            for task, breaker in self.tripped(now)
        ]

    def _put(self, task: str, breaker: Breaker) -> None:
        if task not in self and len(self) >= MOST_TASKS:
            del self[next(iter(self))]
        self[task] = breaker
