"""Waiting for a place, with time."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock

from immich_ml_proxy.balancer.place import Places
from immich_ml_proxy.balancer.server import Server
from immich_ml_proxy.errors import Unavailable
from tests.balancer.demands import configured, image, pool_of
from tests.fakes import outcome, result_of


class Takers:
    """
    Places at backends that do one thing at a time, and those who want them.

    :ivar wanted: the names of backends that work has waited for, in order.
    """

    def __init__(self, *names: str, states: dict[str, str] | None = None, **route: Any):
        states = states or {}
        backends = [
            {"name": name, "maxConcurrent": 1, "state": states.get(name, "enabled")}
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

    def take(self, hold: float = 0, tried: str = "") -> Deferred[Server | None]:
        """Want a place, and be held for so many seconds."""
        servers = [self.pool[name] for name in tried]
        demand = image(self.demand.route)
        return self.places.take(demand, servers, self.clock.seconds() + hold)

    def down(self, *names: str) -> None:
        """Have backends be unreachable."""
        for name in names:
            self.pool.observe(self.pool[name], "connection refused", 1.0)

    def up(self, name: str) -> None:
        """Have a backend answer a ping."""
        self.pool.observe(self.pool[name], None, 2.0)
        self.places.changed()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(self.places.scheduler.waiting().values())


def test_a_free_place_is_there_at_once() -> None:
    """Without a timer, and without waking anybody."""
    takers = Takers("a")
    assert result_of(takers.take(hold=60)) is takers.pool["a"]
    assert takers.clock.getDelayedCalls() == []
    assert takers.wanted == []


def test_a_taken_place_is_waited_for() -> None:
    """Until it is given back."""
    takers = Takers("a")
    takers.places.take(takers.demand, (), 0.0)
    second = outcome(takers.take())
    assert second == []
    takers.places.give_back(takers.pool["a"], takers.demand)
    assert second == [takers.pool["a"]]


def test_nobody_left_to_ask_is_none() -> None:
    """All have failed it."""
    takers = Takers("a", "b")
    assert result_of(takers.take(hold=60, tried="ab")) is None


def test_a_full_line_is_raised() -> None:
    """And nobody is woken for it."""
    takers = Takers("a", maxWaiting=0)
    takers.take()
    with pytest.raises(Unavailable):
        takers.take()
    assert takers.wanted == []


def test_a_request_is_held_until_a_backend_is_back() -> None:
    """It goes there at once, and its timer ends."""
    takers = Takers("a", "b")
    takers.down("a", "b")
    held = outcome(takers.take(hold=60))
    takers.clock.advance(59)
    assert held == []
    takers.up("b")
    assert held == [takers.pool["b"]]
    assert takers.clock.getDelayedCalls() == []


def test_a_request_is_held_so_long_and_no_longer() -> None:
    """Then any backend is tried: a request is never failed unasked."""
    takers = Takers("a")
    takers.down("a")
    held = outcome(takers.take(hold=60))
    takers.clock.advance(59.9)
    assert held == []
    takers.clock.advance(0.1)
    assert held == [takers.pool["a"]]
    assert takers.clock.getDelayedCalls() == []


def test_who_is_held_no_longer_does_not_wait_for_those_who_are() -> None:
    """Each has its own time, though they stand in one line."""
    takers = Takers("a")
    takers.down("a")
    long, short = outcome(takers.take(hold=60)), outcome(takers.take(hold=10))
    takers.clock.advance(10)
    assert (long, short) == ([], [takers.pool["a"]])


def test_without_holding_any_backend_is_tried_at_once() -> None:
    """What pings say may be wrong."""
    takers = Takers("a")
    takers.down("a")
    assert result_of(takers.take()) is takers.pool["a"]


def test_who_is_held_no_longer_still_waits_for_a_place() -> None:
    """Limits hold."""
    takers = Takers("a")
    takers.places.take(takers.demand, (), 0.0)
    takers.down("a")
    held = outcome(takers.take(hold=60))
    takers.clock.advance(60)
    assert (held, takers.waiting) == ([], 1)
    takers.places.give_back(takers.pool["a"], takers.demand)
    assert held == [takers.pool["a"]]


def test_cancelling_leaves_the_line() -> None:
    """The place that is free later goes to the next, and no timer is left."""
    takers = Takers("a")
    takers.places.take(takers.demand, (), 0.0)
    gone, patient = takers.take(hold=60), outcome(takers.take())
    ended = outcome(gone)
    gone.cancel()
    assert ended[0].check(CancelledError)
    assert (takers.waiting, takers.clock.getDelayedCalls()) == (1, [])
    takers.places.give_back(takers.pool["a"], takers.demand)
    assert patient == [takers.pool["a"]]


def test_a_backend_that_work_waits_for_is_wanted() -> None:
    """Those that are down; not those that are well or are not to be used."""
    takers = Takers("a", "b", "c", "d", states={"c": "drain", "d": "disabled"})
    takers.down("a", "c", "d")
    takers.take()
    assert takers.wanted == []
    takers.take()
    assert (takers.waiting, takers.wanted) == (1, ["a"])


def test_a_backend_that_is_held_for_is_wanted() -> None:
    """It may be asleep."""
    takers = Takers("a", "b")
    takers.down("a", "b")
    takers.take(hold=60)
    assert takers.wanted == ["a", "b"]


def test_it_is_wanted_again_with_every_ping_in_vain() -> None:
    """A packet may be lost; how often one is sent is not decided here."""
    takers = Takers("a")
    takers.down("a")
    takers.take(hold=60)
    takers.down("a")
    takers.places.changed()
    assert takers.wanted == ["a", "a"]
    takers.up("a")
    takers.places.changed()
    assert (takers.waiting, takers.wanted) == (0, ["a", "a"])


def test_a_new_configuration_lets_those_in_line_go() -> None:
    """To the places that it brings, or away, when there is nobody left."""
    takers = Takers("a")
    takers.take()
    second, third = outcome(takers.take()), outcome(takers.take(hold=60))
    takers.pool.reconfigure(configured({"name": "a", "maxConcurrent": 2}))
    takers.places.reconfigured()
    assert (second, third) == ([takers.pool["a"]], [])
    takers.pool.reconfigure(configured({"name": "b"}))
    takers.places.reconfigured()
    assert (third, takers.waiting) == ([None], 0)
    assert takers.clock.getDelayedCalls() == []
