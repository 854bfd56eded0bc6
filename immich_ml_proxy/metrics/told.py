"""Hands on what the balancer tells, each part straight to who wants it."""

from __future__ import annotations

from immich_ml_proxy.metrics.counters import Counters
from immich_ml_proxy.observe.tally import Tally


class Told:
    """
    An observer, see ``balancer.observer``: no call of its own between the two.

    :param tally: counts for the overview.
    :param counters: count for Prometheus.
    """

    def __init__(self, tally: Tally, counters: Counters) -> None:
        self.arrived = tally.arrived
        self.answered = tally.answered
        self.failed = tally.failed
        self.over = tally.over
        self.tried = counters.tried
        self.again = counters.again
        self.learned = counters.learned
