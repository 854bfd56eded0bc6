"""What is seen of work where machines are spared, and what is told of that."""

from __future__ import annotations

from immich_ml_proxy.balancer.replica_set import Machine
from immich_ml_proxy.observe.watch import Watch

#: Seconds that work is remembered.
LATELY = 5


def at_work(watch: Watch, second: int) -> set[str]:
    """Return the keys of routes that have work, or had some in the last seconds."""
    begin, end = second - LATELY, second
    keys = {one.demand.route.key for one in watch.under_way()}
    for key, route in watch.history.routes.items():
        if any(ring.sum(begin, end) for ring in route.arrived.values()):
            keys.add(key)
    return keys


def waiting(watch: Watch) -> set[str]:
    """Return the keys of routes on which work waited when it looked last."""
    return {route for route, _ in watch.crowds}


def told_to_sleep(
    watch: Watch, machine: Machine, error: str | None, now: float
) -> None:
    """Tell that one had nothing to do; the reason is why it could not be told that."""
    text = f"{machine.name} had nothing to do and was told to sleep"
    if error is not None:
        text = f"{machine.name} could not be told to sleep: {error}"
    watch.events.add(now, "sleep", text, machine.name)
