"""Since when machines have had nothing to do, and of which that is to be told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import attrs

from immich_ml_proxy.balancer.replica_set import Machine


@attrs.define
class _Idle:
    """
    :ivar began: when it was seen to begin work last; another one tells of work that was
        begun and done between two looks.
    :ivar since: when it was seen to have work last.
    :ivar is_told: that it has been idle for long enough.
    """

    began: float
    since: float
    is_told: bool = False


class Idleness:
    """How long each server with a ``sleepHook`` has had nothing to do."""

    def __init__(self) -> None:
        self._idle: dict[Machine, _Idle] = {}

    def look(
        self, machines: Iterable[Machine], waiting: Collection[str], now: float
    ) -> Iterator[Machine]:
        """
        Return those that are idle for long enough now, each once a period.

        What is drained or disabled has no such period: somebody uses the machine, and
        it begins when he does so no more.

        :param waiting: the names of those for which work waits.
        """
        before, self._idle = self._idle, {}
        for machine in machines:
            if machine.backend.sleep_hook is None:
                continue
            idle = before.get(machine) or _Idle(machine.busy_since, now)
            self._idle[machine] = idle
            is_used = (
                machine.in_flight > 0
                or machine.busy_since != idle.began
                or machine.name in waiting
                or machine.backend.state != "enabled"
            )
            if is_used:
                idle.began, idle.since, idle.is_told = machine.busy_since, now, False
            elif not idle.is_told and now - idle.since >= _patience(machine):
                idle.is_told = True
                yield machine


def _patience(machine: Machine) -> float:
    """Return for how many seconds it must be idle."""
    return machine.backend.idle_minutes * 60.0
