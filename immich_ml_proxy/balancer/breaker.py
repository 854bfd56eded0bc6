"""
A circuit breaker over the outcomes of requests.

Pings say whether a server answers at all, traffic whether it does its work: a server
may answer every ping and fail every picture. So failures of requests that another
server then served are counted here, and pings alone cannot close the breaker.
"""

from __future__ import annotations

import attrs

#: Requests in a row that a backend must fail, and others serve, to be put out.
TRIP_AFTER = 3
#: Seconds out after the first time; each further time in a row doubles it.
FIRST_OUTAGE = 5.0
LONGEST_OUTAGE = 60.0
_MOST_DOUBLINGS = 10


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
