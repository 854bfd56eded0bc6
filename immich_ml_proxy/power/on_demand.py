"""Which machines that are pinged on demand have work, and which may rest."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from immich_ml_proxy.balancer.health import NEVER
from immich_ml_proxy.balancer.replica_set import Machine, servers_of

#: Seconds after its last work in which a machine is still pinged; and after the last
#: work that it would have been given, had it been well. Then it counts as well again:
#: as long as it does not, Immich may be told that nobody is there, and send nothing.
LATELY = 30.0


class OnDemand:
    """What is known of the work of machines that are pinged on demand."""

    def __init__(self) -> None:
        # When each was seen to begin work last, and to have or to miss some.
        self._seen: dict[Machine, tuple[float, float]] = {}

    def look(
        self, machines: Iterable[Machine], at_work: Collection[str], now: float
    ) -> None:
        """
        See which of them have work, and let rest which have none.

        Replicas are woken and rest together.

        :param at_work: the names of those on whose routes there is work.
        """
        before, self._seen = self._seen, {}
        for machine in machines:
            if not machine.is_on_demand:
                continue
            servers = servers_of(machine)
            began, last = before.get(machine, (machine.busy_since, NEVER))
            ill = [one for one in servers if one.health.status != "healthy"]
            has_worked = machine.in_flight or machine.busy_since != began
            if has_worked or (ill and machine.name in at_work):
                last = now
            self._seen[machine] = machine.busy_since, last
            has_work = now - last < LATELY
            for one in servers:
                one.has_work = has_work
            for one in () if has_work else ill:
                one.rest()
