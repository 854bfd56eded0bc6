"""A pool by the names of its backends, for the tests of it."""

from __future__ import annotations

from typing import Any

from immich_ml_proxy.balancer.breaker import TRIP_AFTER
from immich_ml_proxy.balancer.demand import Demand
from immich_ml_proxy.balancer.health import Health
from immich_ml_proxy.balancer.outcome import Kind
from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.balancer.server import Server
from immich_ml_proxy.config.model import Route
from tests.balancer.demands import configured, image, server
from tests.balancer.tries import tried

NOW = 1.0
ABC = {"name": "a"}, {"name": "b"}, {"name": "c"}


class Backends:
    """
    A pool, by the names of its backends.

    :param healthy: those that answered a ping; of the others nothing is known.
    :ivar flips: what was told: name, status before, status now.
    """

    def __init__(self, *backends: dict[str, Any], healthy: str = "", **more: Any):
        self.flips: list[tuple[str, str, str]] = []
        self.pool = Pool(configured(*backends, **more), self._flipped)
        for name in healthy:
            self.observe(name, None)
        self.flips.clear()

    def _flipped(self, server: Server, before: Health) -> None:
        told = (server.name, before.status, server.reported(NOW).status)
        self.flips.append(told)

    def observe(self, name: str, error: str | None, is_away: bool = False) -> None:
        """Take in a ping."""
        self.pool.evidence.observe(self.pool[name], error, NOW, is_away)

    def trip(self, name: str) -> None:
        """Have a backend fail what others serve until it is put out."""
        for _ in range(TRIP_AFTER):
            self.outdone(name, Kind.FAILED)

    def outdone(
        self, name: str, kind: Kind, demand: Demand | None = None, **more: Any
    ) -> list[str]:
        """Have a backend fail what another one serves; return what was learned."""
        by = tried(server("other"), Kind.SERVED)
        one = tried(self.pool[name], kind, **more)
        return self.pool.evidence.outdone(one, by, demand or self.demand(), NOW)

    def failed(
        self, name: str, kind: Kind, demand: Demand | None = None, **more: Any
    ) -> bool:
        """Have a backend fail; return whether such requests are known to be wrong."""
        one = tried(self.pool[name], kind, **more)
        demand = demand or self.demand()
        able = self.pool.able(demand, (), NOW)
        return self.pool.evidence.failed(one, demand, able, NOW)

    def served(self, name: str, demand: Demand | None = None) -> None:
        """Have a backend serve a picture, or ``demand``."""
        self.pool.evidence.served(self.pool[name], demand or self.demand(), NOW)

    def route(self, key: str = "default") -> Route:
        """Return a route of the configuration in force."""
        return next(route for route in self.pool.config.all_routes if route.key == key)

    def demand(self, key: str = "default") -> Demand:
        """Return the demand of a picture."""
        return image(self.route(key))

    def choose(
        self,
        key: str = "default",
        tried: str = "",
        now: float = NOW,
        hold: bool = False,
    ) -> str | None:
        """Return the name of the backend that a picture should go to."""
        asked = [self.pool[name] for name in tried]
        chosen = self.pool.choose(self.demand(key), asked, now, hold)
        return None if chosen is None else chosen.name

    def order(self, key: str = "default") -> str:
        """Return whom a request is given that fails everywhere, one after another."""
        tried = ""
        while (name := self.choose(key, tried)) is not None:
            tried += name
        return tried

    def fill(self, name: str) -> Demand:
        """Have a backend work on a picture."""
        demand = self.demand()
        self.pool[name].take(demand, NOW)
        return demand


def routed(healthy: str, **route: Any) -> Backends:
    """Return backends ``a`` to ``d``; the route ``ocr`` has ``a`` and ``b``."""
    names = [{"name": name} for name in "abcd"]
    routing = {"ocr": {"backends": ["a", "b"], **route}}
    default = ["c", "d"]
    return Backends(
        *names, healthy=healthy, defaultBackend=default, taskRouting=routing
    )
