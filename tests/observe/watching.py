"""A watch over a pool without any bytes, and a clock that is turned by hand."""

from __future__ import annotations

from typing import Any

import attrs
import msgspec

from immich_ml_proxy.balancer.demand import Demand
from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.balancer.server import Server
from immich_ml_proxy.config.model import Route
from immich_ml_proxy.observe.moment import Moment
from immich_ml_proxy.observe.overview import Beside, Overview
from immich_ml_proxy.observe.tally import Tally
from immich_ml_proxy.observe.watch import Watch
from tests.balancer.demands import configured, image, search

#: Unix time at the start; the clock says 1000 then.
UNIX = 1_764_300_000.0
START = 1000.0


@attrs.define(eq=False)
class Waits:
    """A request that is under way."""

    demand: Demand
    arrived: float = START
    hold_until: float = 0.0
    is_waiting: bool = True


class Watched:
    """
    Backends that are healthy, and who watches them.

    :param more: fields of the configuration.
    :ivar under_way: what the watch is told to be under way.
    """

    def __init__(self, *backends: dict[str, Any], **more: Any) -> None:
        self.now = START
        self.ahead = self._base = UNIX - START
        self.under_way: list[Waits] = []
        tally = Tally()
        self.pool = Pool(configured(*backends, **more), self._flipped, tally)
        self.watch = Watch(self.pool, tally, lambda: self.under_way, self.moment)
        self.overview = Overview(self.watch, "b007", "1.2.3")
        for server in self.pool:
            self.pool.evidence.observe(server, None, self.now)

    def _flipped(self, server: Server, before: object) -> None:
        self.watch.flipped(server, self.now)

    @property
    def moment(self) -> Moment:
        """The present one."""
        return Moment(self.now, self.ahead, self._base)

    def route(self, key: str = "default") -> Route:
        """Return a route of the configuration in force."""
        return next(one for one in self.pool.config.all_routes if one.key == key)

    def serve(
        self,
        name: str,
        count: int = 1,
        seconds: float = 0.1,
        key: str = "default",
        task: str = "clip",
    ) -> None:
        """Have a backend serve pictures; ``task="search"``: searches."""
        route = self.route(key)
        demand = search(route) if task == "search" else image(route, task)
        for _ in range(count):
            self.watch._tally.arrived(demand)
            self.pool[name].observer.answered(self.pool[name], demand, seconds)

    def fail(self, name: str, reason: str = "answered 500", task: str = "clip") -> None:
        """Have a backend fail a picture."""
        demand = image(self.route(), task)
        self.pool[name].observer.failed(self.pool[name], demand, reason)

    def advance(self, seconds: int = 1) -> None:
        """Let so many seconds pass, with a look in each."""
        for _ in range(seconds):
            self.now += 1
            self.watch.tick(self.moment)

    def down(self, name: str, error: str | None = "connection refused") -> None:
        """Have a ping tell that a backend is away, or is well again."""
        self.pool.evidence.observe(self.pool[name], error, self.now, error is not None)

    def save(
        self, *backends: dict[str, Any], who: str = "10.0.0.9", **more: Any
    ) -> None:
        """Put another configuration in force."""
        before = self.pool.config
        self.pool.reconfigure(configured(*backends, **more))
        self.watch.configured(before, who, self.now)

    def ask(
        self, since: str | None = None, plot: str = "15m", **beside: Any
    ) -> dict[str, Any]:
        """Return what a page is told."""
        told: dict[str, Any] = msgspec.json.decode(self.raw(since, plot, **beside).body)
        return told

    def raw(self, since: str | None = None, plot: str = "15m", **beside: Any) -> Any:
        """Return the same as it is sent, with its tag."""
        return self.overview.answer(plot, since, self.moment, Beside(**beside))

    def machine(self, name: str) -> dict[str, Any]:
        """Return what a page is told of a machine."""
        rows = self.ask()["machines"]
        row: dict[str, Any] = next(one for one in rows if one["name"] == name)
        return row

    def events(self) -> list[str]:
        """Return what has happened, in sentences."""
        return [one.text for one in self.watch.events.after(0, 0.0)]
