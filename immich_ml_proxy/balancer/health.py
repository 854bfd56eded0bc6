"""
What is known of a backend's health: values, and what an observation makes of them.

Two witnesses are heard. *Pings* say whether a backend answers at all. *Traffic* says
whether it does its work: a backend may answer every ping and fail every picture, so
failures of requests that another backend then served are counted by a circuit
breaker, which pings alone cannot close.
"""

from __future__ import annotations

from typing import Literal

import attrs

Status = Literal["unknown", "healthy", "unhealthy"]

#: Requests in a row that a backend must fail, and others serve, to be put out.
TRIP_AFTER = 3
#: Seconds out after the first time; each further time in a row doubles it.
FIRST_OUTAGE = 5.0
LONGEST_OUTAGE = 60.0
_MOST_DOUBLINGS = 10


@attrs.frozen
class Health:
    """
    :ivar status: ``unknown`` until the first observation.
    :ivar last_check: Unix time of the latest observation in seconds, 0 if never.
    :ivar error: why it is unhealthy, in words; empty otherwise.
    """

    status: Status = "unknown"
    last_check: float = 0.0
    error: str = ""

    def observe(self, error: str | None, now: float) -> Health:
        """Return the health after an observation; ``error`` is ``None`` when good."""
        if error is None:
            return Health("healthy", now)
        return Health("unhealthy", now, error)


@attrs.frozen
class Breaker:
    """
    A circuit breaker over the outcomes of requests.

    :ivar failures: failed requests since the last that was served.
    :ivar outages: how often in a row it has tripped.
    :ivar open_until: the time until which the backend is out.
    """

    failures: int = 0
    outages: int = 0
    open_until: float = 0.0

    def failed(self, now: float) -> Breaker:
        """Return the state after a request that failed here but not elsewhere."""
        failures = self.failures + 1
        if failures < TRIP_AFTER or self.is_open(now):
            return attrs.evolve(self, failures=failures)
        # Doubled no further than needed: a float is soon too small for the power.
        doublings = min(self.outages, _MOST_DOUBLINGS)
        outage = min(FIRST_OUTAGE * 2**doublings, LONGEST_OUTAGE)
        return Breaker(failures, self.outages + 1, now + outage)

    def served(self) -> Breaker:
        """Return the state after a request that was served: all is forgiven."""
        return CLOSED

    def is_open(self, now: float) -> bool:
        """Whether the backend is out."""
        return now < self.open_until


CLOSED = Breaker()
