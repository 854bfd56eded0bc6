"""Requests that want places, over one pool."""

from __future__ import annotations

from typing import Any

from immich_ml_proxy.balancer.demand import Demand
from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.balancer.scheduler import Scheduler, Waiting
from immich_ml_proxy.balancer.server import Server
from immich_ml_proxy.config.model import Route
from tests.balancer.demands import image, pool_of, search


class Requests:
    """
    Requests and a scheduler, over one pool.

    :ivar granted: name of the request and of its backend, in this order.
    :ivar at: where a request is.
    """

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.scheduler = Scheduler(pool)
        self.granted: list[str] = []
        self.at: dict[str, Server] = {}
        self.asked: dict[str, Waiting] = {}
        self.now = 1.0

    def route(self, key: str = "default") -> Route:
        """Return a route of the configuration in force."""
        return next(route for route in self.pool.config.all_routes if route.key == key)

    def ask(self, name: str, demand: Demand | None = None, **more: Any) -> None:
        """Ask for a place; without a demand, a name with ``s`` is a search."""
        if demand is None:
            demand = (search if name[0] == "s" else image)(self.route())

        def granted(server: Server | None) -> None:
            self.granted.append(f"{name}>{server and server.name}")
            if server is not None:
                self.at[name] = server

        self.asked[name] = Waiting(demand, granted, **more)
        self.scheduler.ask(self.asked[name], self.now)

    def release(self, *names: str) -> list[str]:
        """Give places back; return who was granted one then."""
        before = len(self.granted)
        for name in names:
            demand = self.asked[name].demand
            self.scheduler.release(self.at.pop(name), demand, self.now)
        return self.granted[before:]

    def leave(self, name: str) -> None:
        """Have a request leave."""
        self.scheduler.leave(self.asked[name])

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(self.scheduler.waiting().values())


def one_at_a_time(**route: Any) -> Requests:
    """Return requests for a backend ``a`` that does one thing at a time."""
    default = {"backends": ["a"], **route}
    backend = {"name": "a", "maxConcurrent": 1}
    return Requests(pool_of(backend, defaultBackend=default))
