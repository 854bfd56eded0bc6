"""Those who want places at backends, and the places that they get."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from immich_ml_proxy.balancer.place import Place, Places
from tests.balancer.demands import image, pool_of
from tests.fakes import result_of


class Takers:
    """
    Places at backends that do one thing at a time, and those who want them.

    :ivar wanted: the names of backends that work has waited for, in order.
    """

    def __init__(
        self,
        *names: str,
        states: dict[str, str] | None = None,
        places: Any = 1,
        **route: Any,
    ) -> None:
        states = states or {}
        backends = [
            {
                "name": name,
                "maxConcurrent": places,
                "state": states.get(name, "enabled"),
            }
            for name in names
        ]
        default = {"backends": list(names), "strategy": "in_order", **route}
        self.clock = Clock()
        self.pool = pool_of(*backends, defaultBackend=default)
        self.wanted: list[str] = []
        self.places = Places(
            self.clock, self.pool, lambda server: self.wanted.append(server.name)
        )
        assert self.pool.config.default is not None
        self.demand = image(self.pool.config.default)

    def take(
        self, hold: float = 0, tried: str = "", **more: Any
    ) -> Deferred[Place | None]:
        """Want a place, and be held for so many seconds."""
        servers = [self.pool[name] for name in tried]
        demand = image(self.demand.route)
        until = self.clock.seconds() + hold
        return self.places.take(demand, servers, until, **more)

    def fill(self) -> Place:
        """Take a place that is there."""
        place = result_of(self.take())
        assert isinstance(place, Place)
        return place

    def down(self, *names: str) -> None:
        """Have backends be unreachable."""
        for name in names:
            self.pool.evidence.observe(self.pool[name], "refused", 1.0, is_away=True)

    def up(self, name: str) -> None:
        """Have a backend answer a ping."""
        self.pool.evidence.observe(self.pool[name], None, 2.0)
        self.places.changed()

    def check_quiet(self) -> None:
        """Nobody waits, so nothing is looked at any more."""
        assert self.waiting == 0
        assert self.clock.getDelayedCalls() == []

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(self.places.scheduler.waiting().values())


def at(results: list[Any]) -> list[str | None]:
    """Return where places were given."""
    return [place and place.server.name for place in results]
