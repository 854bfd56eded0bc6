"""Which routes have work, and on which of them some waits."""

from __future__ import annotations

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
