"""What time does to servers: windows, breaks, rests, idle times."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from immich_ml_proxy.balancer.health import Health
from immich_ml_proxy.balancer.replica_set import Machine
from immich_ml_proxy.balancer.replicas import Looked
from immich_ml_proxy.balancer.server import Server
from immich_ml_proxy.power.on_demand import LATELY
from immich_ml_proxy.power.schedule import Schedule
from tests.balancer.demands import configured, image, pool_of, search

#: A Friday, 20:00, by a clock that shows UTC.
FRIDAY = datetime(2026, 11, 27, 20, 0, tzinfo=UTC).timestamp()
HOUR = 3600.0
NIGHT = ["22:00-07:00"]


def shown(unix: float) -> datetime:
    """Return what the clock on the wall shows."""
    return datetime.fromtimestamp(unix, UTC).replace(tzinfo=None)


class Scheduled:
    """Backends whose schedule is looked at; seconds of the clock begin with 0."""

    def __init__(self, *backends: dict[str, Any], **more: Any) -> None:
        self.pool = pool_of(*backends, **more)
        self.now = 0.0
        self.unix = FRIDAY
        self.switched = 0
        self.ended: list[str] = []
        self.idle: list[tuple[float, str]] = []
        self.schedule = Schedule(
            self.pool, shown, self._switched, self.ended.append, self._idle
        )
        self.schedule.rearranged(self.unix)

    def __getitem__(self, name: str) -> Server:
        return self.pool[name]

    def status(self, name: str) -> str:
        """Return whether a backend is well, as far as is known."""
        return self[name].health.status

    def _switched(self) -> None:
        self.switched += 1

    def _idle(self, machine: Machine) -> None:
        self.idle.append((self.now, machine.name))

    def look(
        self,
        seconds: float = 1.0,
        at_work: Collection[str] = (),
        waiting: Collection[str] = (),
    ) -> None:
        """Let so many seconds pass at once, and look."""
        self.now += seconds
        self.unix += seconds
        self.schedule.look(self.now, self.unix, at_work, waiting)

    def pass_(self, seconds: int, **more: Any) -> None:
        """Let so many seconds pass, with a look in each."""
        for _ in range(seconds):
            self.look(**more)

    def serve(self, name: str) -> None:
        """Have a backend begin and end work between two looks."""
        server, demand = self[name], image()
        server.take(demand, self.now + 0.1)
        server.give_back(demand)


# --- Windows --------------------------------------------------------------------------


def test_a_machine_is_used_while_a_window_is_open() -> None:
    """It is off from the start; each change is told once, and then it is pinged."""
    its = Scheduled({"name": "a", "windows": NIGHT}, {"name": "b"})
    assert not its["a"].is_enabled
    assert not its["a"].is_pinged
    assert its["b"].is_enabled
    assert its["a"].reported(0.0) == Health(
        "unknown", 1.0, "off until 22:00 by its window"
    )
    assert its["a"].until == FRIDAY + 2 * HOUR
    its.look(2 * HOUR - 1)
    assert its.switched == 0
    its.look(1)
    its.look(1)
    assert its.switched == 1
    assert its["a"].health.status == "unknown"
    assert its["a"].is_enabled
    assert its["a"].is_pinged
    assert its["a"].until is None
    its.look(9 * HOUR)
    assert its.switched == 2
    assert not its["a"].is_enabled


def test_nothing_new_goes_to_what_is_off_and_what_runs_is_finished() -> None:
    """The pool offers the others, and a place that is taken stays taken."""
    its = Scheduled({"name": "a", "windows": NIGHT}, {"name": "b"}, defaultBackend="a")
    route = its.pool.config.default
    assert route is not None
    demand = image(route)
    assert its.pool.choose(demand, (), 1.0) is None
    assert its.pool.is_closed(route)
    its.look(2 * HOUR)
    its.pool.evidence.observe(its["a"], None, its.now)
    assert its.pool.choose(demand, (), 1.0) is its["a"]
    assert not its.pool.is_closed(route)
    its["a"].take(demand, 1.0)
    its.look(9 * HOUR)
    assert its["a"].in_flight == 1
    assert its.pool.choose(search(route), (), 1.0) is None
    its["a"].give_back(demand)
    assert its["a"].in_flight == 0


def test_what_is_saved_holds_at_once() -> None:
    """Other windows, or none; also when the wall clock is set meanwhile."""
    its = Scheduled({"name": "a", "windows": NIGHT})
    its.pool.reconfigure(configured({"name": "a"}))
    its.schedule.rearranged(its.unix)
    assert its["a"].is_enabled
    its.pool.reconfigure(configured({"name": "a", "windows": ["21:00-22:00"]}))
    its.schedule.rearranged(its.unix)
    assert not its["a"].is_enabled
    assert its["a"].until == FRIDAY + HOUR
    its.unix -= 86400
    its.look()
    assert its["a"].until == FRIDAY + HOUR - 86400


def test_a_window_says_nothing_of_what_is_put_aside_by_hand() -> None:
    """That goes before it, in words too."""
    its = Scheduled({"name": "a", "windows": NIGHT, "state": "disabled"})
    assert its["a"].reported(0.0).error == "disabled"
    assert not its["a"].is_off
    assert its["a"].until is None


# --- Breaks ---------------------------------------------------------------------------


def test_a_break_ends_by_itself() -> None:
    """Also one that was over when the proxy was started again."""
    over = {"state": "disabled", "disabledUntil": FRIDAY - 5}
    its = Scheduled(
        {"name": "a", "state": "disabled", "disabledUntil": FRIDAY + 10},
        {"name": "b", **over},
        {"name": "c", "state": "disabled"},
    )
    its.look(0)
    assert its.ended == ["b"]
    its.look(9)
    assert its.ended == ["b"] * 2  # nobody has changed it here
    its.look(1)
    assert its.ended[2:] == ["a", "b"]
    assert its["a"].until == FRIDAY + 10


# --- Pings on demand ------------------------------------------------------------------


def test_one_that_is_pinged_on_demand_counts_as_well_unseen() -> None:
    """It is not asked how it is, and a note says so."""
    its = Scheduled({"name": "a", "pings": "on demand"})
    server = Server(its["a"].backend)
    assert server.health.status == "healthy"
    assert server.is_resting
    assert not server.is_pinged
    assert server.notes(0.0) == ["is asked how it is only when there is work for it"]
    assert server.is_ready(image(), 0.0)


def test_while_it_has_work_it_is_pinged() -> None:
    """And for half a minute after, also when the work was over between two looks."""
    its = Scheduled({"name": "a", "pings": "on demand"})
    its.look()
    assert not its["a"].is_pinged
    its.serve("a")
    its.look()
    assert its["a"].is_pinged
    assert not its["a"].is_resting
    assert LATELY == 30
    its.pass_(29)
    assert its["a"].is_pinged
    its.look()
    assert not its["a"].is_pinged
    demand = image()
    its["a"].take(demand, its.now)
    its.pass_(100)
    assert its["a"].is_pinged


def test_work_that_others_do_well_is_no_reason_to_ping_it() -> None:
    """It may sleep while they do."""
    its = Scheduled({"name": "a", "pings": "on demand"}, {"name": "b"})
    its.pass_(5, at_work=["default"])
    assert not its["a"].is_pinged


def test_when_work_failed_there_it_is_pinged_while_there_is_work() -> None:
    """Then it counts as well again, or Immich would be told that nobody is there."""
    its = Scheduled({"name": "a", "pings": "on demand"}, {"name": "b"})
    its.pool.evidence.observe(its["a"], "connection refused", 1.0, True)
    assert its["a"].is_asleep
    its.pass_(60, at_work=["default"])
    assert its.status("a") == "unhealthy"
    assert its["a"].is_pinged
    its.pass_(29, at_work=["other"])
    assert its.status("a") == "unhealthy"
    its.look()
    assert its.status("a") == "healthy"
    assert its["a"].is_resting
    assert not its["a"].is_asleep


def test_what_is_pinged_always_is_not_let_rest() -> None:
    """Whatever it is like."""
    its = Scheduled({"name": "a"})
    its.pool.evidence.observe(its["a"], "connection refused", 1.0, True)
    its.pass_(100)
    assert its["a"].health.status == "unhealthy"
    assert not its["a"].is_asleep
    assert its["a"].is_pinged


# --- Sleep ----------------------------------------------------------------------------

SLEEPY = {"pings": "on demand", "sleepHook": "http://a:8000/", "idleMinutes": 0.5}


def test_an_idle_machine_is_told_to_sleep_once_a_period() -> None:
    """The first period begins with the start, the next ones after work."""
    its = Scheduled({"name": "a", **SLEEPY}, {"name": "b"})
    its.pass_(200)
    assert its.idle == [(31, "a")]
    its.serve("a")
    its.pass_(200)
    assert its.idle == [(31, "a"), (231, "a")]


def test_as_long_as_anything_is_under_way_or_waits_it_is_needed() -> None:
    """That its work goes elsewhere does not count."""
    its = Scheduled({"name": "a", **SLEEPY}, {"name": "b"})
    its.look()
    demand = image()
    its["a"].take(demand, its.now)
    its.pass_(100)
    its["a"].give_back(demand)
    its.pass_(20)
    its.pass_(100, waiting=["default"])
    its.pass_(20, at_work=["default"])
    assert its.idle == []
    its.pass_(10, waiting=["ocr"])
    assert its.idle == [(251, "a")]


def test_who_plays_on_a_machine_is_not_put_to_sleep() -> None:
    """A period begins when it is used again."""
    its = Scheduled({"name": "a", **SLEEPY})
    its.pool.reconfigure(configured({"name": "a", **SLEEPY, "state": "disabled"}))
    its.pass_(100)
    assert its.idle == []
    its.pool.reconfigure(configured({"name": "a", **SLEEPY}))
    its.pass_(29)
    assert its.idle == []
    its.look()
    assert its.idle == [(130, "a")]


def test_what_is_off_by_its_window_may_sleep() -> None:
    """It is not needed."""
    its = Scheduled({"name": "a", **SLEEPY, "windows": NIGHT})
    its.pass_(40)
    assert its.idle == [(31, "a")]


def test_without_a_hook_nobody_is_told() -> None:
    """And one that is taken away is not called."""
    its = Scheduled({"name": "a"}, {"name": "b", **SLEEPY})
    its.pass_(20)
    its.pool.reconfigure(configured({"name": "a"}, {"name": "b"}))
    its.pass_(100)
    assert its.idle == []


# --- Replicas -------------------------------------------------------------------------


def replicas(its: Scheduled, *addresses: str) -> list[Server]:
    """Have the name of ``a`` stand for these addresses; return its replicas."""
    its.pool.resolved({"a": Looked(addresses)})
    its.schedule.rearranged(its.unix)
    return [one for one in its.pool if one.name != "b"]


def test_replicas_are_off_together_and_so_is_a_new_one() -> None:
    """A machine with replicas is one machine."""
    its = Scheduled({"name": "a", "resolve": "all", "windows": NIGHT}, {"name": "b"})
    for addresses in (["10.0.0.1"], ["10.0.0.1", "10.0.0.2"]):
        assert not any(one.is_enabled for one in replicas(its, *addresses))
    [machine, _] = its.pool.machines
    assert machine.is_off
    assert not machine.is_enabled
    assert machine.until == FRIDAY + 2 * HOUR
    assert machine.reported(0.0).error == "off until 22:00 by its window"
    its.look(2 * HOUR)
    assert all(one.is_enabled for one in its.pool)
    assert machine.until is None


def test_replicas_rest_and_are_pinged_together() -> None:
    """Work for one of them is work for all; one that was away rests with the others."""
    its = Scheduled({"name": "a", "resolve": "all", "pings": "on demand"})
    one, other = replicas(its, "10.0.0.1", "10.0.0.2")
    [machine] = its.pool.machines
    its.look()
    assert machine.is_resting
    assert "asked how it is only" in machine.notes(its.now)[0]
    demand = image()
    one.take(demand, its.now)
    its.look()
    assert one.is_pinged and other.is_pinged
    assert not machine.is_resting
    one.give_back(demand)
    its.pool.evidence.observe(other, "connection refused", its.now, True)
    assert not machine.is_asleep
    its.pool.evidence.observe(one, "connection refused", its.now, True)
    assert machine.is_asleep
    its.pass_(31)
    assert machine.is_resting


def test_a_machine_with_replicas_is_told_to_sleep_once() -> None:
    """When none of them has anything to do."""
    its = Scheduled({"name": "a", "resolve": "all", **SLEEPY})
    one, other = replicas(its, "10.0.0.1", "10.0.0.2")
    demand = image()
    other.take(demand, its.now)
    its.pass_(100)
    assert its.idle == []
    other.give_back(demand)
    its.pass_(100)
    assert its.idle == [(130, "a")]
    assert one.in_flight == 0
