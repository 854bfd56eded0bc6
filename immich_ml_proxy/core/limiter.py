"""
How many requests a backend is given at once.

A fixed limit is what the user wrote. The adaptive one finds out by itself, by the law
of TCP Vegas (Brakmo and Peterson, 1995; used for the concurrency of services in
Netflix's *Performance Under Load*, 2018), with additive increase and multiplicative
decrease:

A server with P places answers up to P requests in their bare service time; with n > P
in flight each takes n / P of it. So ``n * (1 - bare / measured)`` of the requests stand
in the server's own queue, where they help nobody. Answers are looked at in windows of
four for each request in flight:

- nothing queues, and the limit was reached: one more (additive). Before a queue was
  ever seen, the limit is doubled instead, to get there soon.
- half a request or more queues: the limit is multiplied by ``bare / measured``, which
  gives P at once. It is then left alone for two windows before the next increase is
  tried, after the next time for eight, up to ``LONGEST_REST``: a limit that was found
  is kept.
- a request failed that another backend served: the limit is halved.

The bare service time is an average over the windows in which nothing queued, by kind
of request, since a search and a picture of 4 MB have little in common. With one in
flight nothing can queue: that is where it begins.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Protocol

#: Answers in a window, for each request in flight.
WINDOW = 4
#: Windows without an increase after the limit was found, at the most.
LONGEST_REST = 128
#: No server of one household works on more at once.
HIGHEST = 64
#: Requests in the server's own queue that make the limit too high.
QUEUE = 0.5
#: As many are clear enough to be believed after half a window.
CLEAR_QUEUE = 0.9
#: Weight of a new window in the bare service time.
WEIGHT = 0.2
#: An answer counts as this many times its bare service time at the most: loading a
#: model takes seconds, once.
SLOWEST = 4.0


class Limiter(Protocol):
    """
    :ivar limit: requests that may be in flight at once.
    """

    limit: int

    def answered(self, kind: Hashable, seconds: float, in_flight: int) -> None:
        """
        A request was answered.

        :param kind: what has service times of its own.
        :param seconds: from asking to the whole answer.
        :param in_flight: requests in flight just before, itself included.
        """

    def failed(self, in_flight: int) -> None:
        """A request failed that another backend then served."""


class FixedLimit:
    """A limit that stays; see :class:`Limiter`."""

    def __init__(self, limit: int) -> None:
        self.limit = limit

    def answered(self, kind: Hashable, seconds: float, in_flight: int) -> None:
        """Nothing is learned."""

    def failed(self, in_flight: int) -> None:
        """Nothing is learned."""


class AdaptiveLimit:
    """A limit that follows the law above; see :class:`Limiter`."""

    def __init__(self) -> None:
        self.limit = 1
        self._bare: dict[Hashable, float] = {}
        self._window: list[tuple[Hashable, float]] = []
        self._reached = False
        self._ignore = 0  # answers to what was asked under the limit before
        self._searching = True  # no queue was seen yet
        self._rest = 0  # windows until the next increase
        self._next_rest = 2

    def answered(self, kind: Hashable, seconds: float, in_flight: int) -> None:
        """See :class:`Limiter`."""
        if self._ignore > 0:
            self._ignore -= 1
            return
        self._window.append((kind, seconds))
        self._reached = self._reached or in_flight >= self.limit
        count = len(self._window)
        if count >= WINDOW * self.limit:
            self._judge(in_flight, self._queue())
        elif self.limit > 1 and count == WINDOW * self.limit // 2:
            queue = self._queue()
            if queue >= CLEAR_QUEUE:
                self._judge(in_flight, queue)

    def failed(self, in_flight: int) -> None:
        """See :class:`Limiter`."""
        self._searching = False
        self._change(max(1, self.limit // 2), in_flight)

    def _judge(self, in_flight: int, queue: float) -> None:
        if queue >= QUEUE:
            self._searching = False
            self._rest = self._next_rest
            self._next_rest = min(4 * self._next_rest, LONGEST_REST)
            self._change(max(1, round(self.limit - queue)), in_flight)
            return
        self._learn()
        if not self._reached:
            self._window.clear()
        elif self._rest > 0:
            self._rest -= 1
            self._change(self.limit, 0)
        else:
            more = 2 * self.limit if self._searching else self.limit + 1
            self._change(min(more, HIGHEST), in_flight)

    def _queue(self) -> float:
        """Return how many requests stood in the server's queue, on average."""
        if self.limit == 1:
            return 0.0
        slowdowns = [
            min(seconds / bare, SLOWEST)
            for kind, seconds in self._window
            if (bare := self._bare.get(kind))
        ]
        if not slowdowns:
            return 0.0
        slowdown = sum(slowdowns) / len(slowdowns)
        return self.limit * (1 - 1 / slowdown) if slowdown > 1 else 0.0

    def _learn(self) -> None:
        """Take the window into the bare service times."""
        times: dict[Hashable, list[float]] = {}
        for kind, seconds in self._window:
            times.setdefault(kind, []).append(seconds)
        for kind, measured in times.items():
            mean = sum(measured) / len(measured)
            bare = self._bare.get(kind)
            self._bare[kind] = mean if bare is None else bare + WEIGHT * (mean - bare)

    def _change(self, limit: int, in_flight: int) -> None:
        self.limit = limit
        self._ignore = max(0, in_flight - 1)
        self._window.clear()
        self._reached = False
