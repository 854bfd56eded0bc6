"""
How many requests of one task a server is given at once, after an overload.

An overload shows in one task, such as OCR that fills a GPU's memory, and says nothing
of the others; so it halves what is given of that task (multiplicative decrease, Chiu
and Jain, 1989), and what is answered then raises it again, by one each round.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from immich_ml_proxy.balancer.limit import HIGHEST

#: Tasks with a limit of their own; clients name them.
MOST_TASKS = 50


class TaskLimits(dict[str, float]):
    """
    How many requests of one task a server is given, after an overload in it.

    A task without an overload has no limit of its own.
    """

    def allow(self, tasks: Iterable[str], in_flight: Mapping[str, int]) -> bool:
        """Whether one request more may go there, with so many of each task there."""
        return all(
            in_flight.get(task, 0) < int(self.get(task, HIGHEST)) for task in tasks
        )

    def overloaded(self, tasks: Iterable[str], in_flight: Mapping[str, int]) -> None:
        """A request failed that another server then served, or was one too many."""
        for task in tasks:
            before = self.get(task, HIGHEST)
            if task in self or len(self) < MOST_TASKS:
                half = min(before, in_flight.get(task, 0)) / 2
                self[task] = max(1.0, half)

    def answered(
        self, tasks: Iterable[str], in_flight: Mapping[str, int], limit: int
    ) -> None:
        """
        A request was answered.

        :param limit: requests of all tasks that may be in flight; a limit of one task
            that has come so far says nothing more.
        """
        for task in tasks:
            own = self.get(task)
            if own is not None and in_flight.get(task, 0) >= int(own):
                self[task] = own + 1 / own
                if own >= limit:
                    del self[task]
