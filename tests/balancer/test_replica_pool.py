"""Replicas in the pool: who they are, and who of them is chosen."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest

from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.balancer.replica_set import ReplicaSet, machine_of, servers_of
from immich_ml_proxy.balancer.replicas import Looked
from immich_ml_proxy.balancer.server import Server
from immich_ml_proxy.config.model import Route
from tests.balancer.demands import configured, image, needing, search

NOW = 1.0
ML = {"name": "ml", "resolve": "all"}
NAS = {"name": "nas"}


class Replicated:
    """
    A pool in which ``ml`` has so many replicas, ``ml (10.0.0.1)`` and so on.

    All servers are healthy.
    """

    def __init__(self, *backends: dict[str, Any], count: int = 2, **more: Any):
        self.pool = Pool(configured(*backends, **more), lambda server, before: None)
        self.resolve(*range(1, count + 1))

    def resolve(self, *numbers: int) -> None:
        """Have the name have these addresses."""
        told = [f"10.0.0.{number}" for number in numbers]
        self.pool.resolved({"ml": Looked().found(told)})
        for server in self.pool:
            self.pool.evidence.observe(server, None, NOW)

    def __getitem__(self, number: int) -> Server:
        return self.pool[f"ml (10.0.0.{number})"]

    @property
    def set(self) -> ReplicaSet:
        """The replicas of ``ml``."""
        found = next(one for one in self.pool.machines if one.name == "ml")
        assert isinstance(found, ReplicaSet)
        return found

    @property
    def route(self) -> Route:
        """The default route."""
        assert self.pool.config.default is not None
        return self.pool.config.default

    def chosen(self, count: int) -> list[str]:
        """Return whom so many pictures are given that do not end."""
        names = []
        for _ in range(count):
            demand = image(self.route)
            server = self.pool.choose(demand, (), NOW)
            if server is None:
                names.append("-")
            else:
                server.take(demand, NOW)
                names.append(server.name.removeprefix("ml (10.0.0.").rstrip(")"))
        return names


def test_each_replica_is_a_server() -> None:
    """In the place of its backend; the others stay as they are."""
    pool = Replicated(ML, NAS).pool
    assert [one.name for one in pool] == ["ml (10.0.0.1)", "ml (10.0.0.2)", "nas"]
    assert [one.name for one in pool.machines] == ["ml", "nas"]
    assert [machine_of(one).name for one in pool] == ["ml", "ml", "nas"]
    assert [len(servers_of(one)) for one in pool.machines] == [2, 1]


def test_without_an_address_there_is_one_server() -> None:
    """So that work can be held for it, and what is wrong can be told."""
    pool = Replicated(ML, NAS, count=0)
    assert [one.name for one in pool.pool] == ["ml", "nas"]
    assert pool.set.replicas == []
    assert [one.name for one in pool.set.servers] == ["ml"]
    pool.pool["ml"].busy_until = NOW + 5
    assert pool.set.notes(NOW) == pool.pool["ml"].notes(NOW) != []


def test_one_that_stays_keeps_all_and_one_that_comes_begins_anew() -> None:
    """Health, limit, abilities and counts are each replica's own."""
    pool = Replicated(ML)
    first = pool[1]
    first.served = 7
    first.abilities.refused(needing("ocr", "detection")[-1], NOW)
    pool.pool.resolved({"ml": Looked().found(["10.0.0.3", "10.0.0.1"])})
    assert pool[1] is first
    assert first.abilities.cannot(NOW)
    assert not pool[3].abilities.cannot(NOW)
    assert (pool[3].health.status, pool[3].served) == ("unknown", 0)
    assert [one.name for one in pool.pool] == ["ml (10.0.0.1)", "ml (10.0.0.3)"]


def test_one_that_goes_finishes_what_it_has() -> None:
    """It gets nothing new, and what it has counts until it is over."""
    pool = Replicated(ML)
    gone, demand = pool[2], image()
    gone.take(demand, NOW)
    pool.resolve(1)
    assert set(pool.chosen(3)) == {"1"}
    assert list(pool.set.leaving) == [gone]
    assert machine_of(gone) is pool.set
    assert pool.set.in_flight == 4
    gone.give_back(demand)
    assert pool.set.leaving == []
    assert pool.set.in_flight == 3


def test_one_that_is_back_before_it_has_finished_goes_on() -> None:
    """It would else be given twice of what it can take."""
    pool = Replicated(ML)
    one = pool[2]
    one.take(image(), NOW)
    pool.resolve(1)
    pool.resolve(1, 2)
    assert pool[2] is one
    assert pool.set.leaving == []


def test_counts_stay_when_replicas_go() -> None:
    """A counter that went back would look like a restart of the proxy."""
    pool = Replicated(ML)
    counts = "served", "failed", "retried", "normalised", "ejections"
    for number, name in enumerate(counts, start=1):
        setattr(pool[1], name, number)
        setattr(pool[2], name, 10 * number)
    demand = image()
    pool[2].take(demand, NOW)
    told = [11, 22, 33, 44, 55]
    assert [getattr(pool.set, name) for name in counts] == told
    leaving = pool[2]
    pool.resolve(3)
    assert [getattr(pool.set, name) for name in counts] == told
    leaving.give_back(demand)
    leaving.served += 1
    pool.resolve(4)
    assert pool.set.served == 12
    pool.pool.reconfigure(configured({**ML, "name": "others", "url": "http://ml:3003"}))
    [renamed] = pool.pool.machines
    assert (renamed.name, renamed.served) == ("others", 12)


def test_renaming_a_backend_keeps_its_replicas() -> None:
    """As it does for any other."""
    pool = Replicated(ML)
    first = pool[1]
    pool.pool.reconfigure(configured({**ML, "name": "new", "url": "http://ml:3003"}))
    assert pool.pool["new (10.0.0.1)"] is first


def test_a_configuration_without_resolve_has_one_server_again() -> None:
    """And it stands for itself."""
    pool = Replicated(ML)
    pool.pool.reconfigure(configured({"name": "ml"}))
    [server] = pool.pool
    assert (server.name, server.replica_of) == ("ml", None)
    assert pool.pool.machines == [server]


@pytest.mark.parametrize("state", ["drain", "disabled"])
def test_the_state_of_a_backend_is_that_of_all_its_replicas(state: str) -> None:
    """There is no other switch for them."""
    pool = Replicated({**ML, "state": state}, NAS)
    assert set(pool.chosen(3)) == {"nas"}
    assert not pool.set.is_enabled
    assert (pool.set.reported(NOW).error == "disabled") is (state == "disabled")


def test_round_robin_takes_turns_over_replicas() -> None:
    """Each is as good as any other server of the route."""
    pool = Replicated(ML, NAS, count=3)
    assert pool.chosen(5) == ["1", "2", "3", "nas", "1"]


def test_least_busy_weighs_each_replica() -> None:
    """The weight of the backend is that of each."""
    route = {"backends": ["ml", "nas"], "strategy": "least_busy"}
    pool = Replicated({**ML, "weight": 2}, NAS, defaultBackend=route)
    assert sorted(pool.chosen(5)) == ["1", "1", "2", "2", "nas"]


def in_order(*names: str, **more: Any) -> dict[str, Any]:
    """Return a route that takes the first, and the others when it cannot."""
    return {"backends": [*names], "strategy": "in_order", **more}


def test_in_order_takes_the_replicas_of_the_first_as_equals() -> None:
    """All of them come before the next backend, and none of them before another."""
    one = {**ML, "maxConcurrent": 2}
    pool = Replicated(one, NAS, defaultBackend=in_order("ml", "nas"))
    assert pool.chosen(5) == ["1", "2", "1", "2", "-"]
    pool.pool.evidence.observe(pool[1], "refused", NOW)
    assert pool.chosen(1) == ["-"]
    pool.pool.evidence.observe(pool[2], "refused", NOW)
    assert pool.chosen(1) == ["nas"]


def test_in_order_spills_when_all_replicas_are_full() -> None:
    """And not before."""
    one = {**ML, "maxConcurrent": 1}
    route = in_order("ml", "nas", spill=True)
    assert Replicated(one, NAS, defaultBackend=route).chosen(3) == ["1", "2", "nas"]


def test_in_order_prefers_another_backend_to_all_replicas() -> None:
    """Where it comes first."""
    pool = Replicated(NAS, ML, defaultBackend=in_order("nas", "ml"))
    assert set(pool.chosen(3)) == {"nas"}


def test_a_search_that_waits_is_given_the_replica_that_is_free() -> None:
    """A place at one of them is a place at the backend."""
    one = {**ML, "maxConcurrent": 1}
    pool = Replicated(one, NAS, defaultBackend=in_order("ml", "nas"))
    pool.chosen(2)
    pool[2].give_back(next(iter(pool[2].under_way)))
    demand = search(pool.route)
    assert pool.pool.choose(demand, (), NOW, freed=pool[2]) is pool[2]


# --- A set, read as one ---------------------------------------------------------------


def test_a_set_is_as_healthy_as_its_best() -> None:
    """Who is down is a note, until all are."""
    pool = Replicated(ML, count=3)
    observe = pool.pool.evidence.observe
    observe(pool[2], "connection refused", 2.0)
    assert pool.set.reported(2.0).status == "healthy"
    assert pool.set.notes(2.0) == ["1 of 3 replicas down: 10.0.0.2: connection refused"]
    observe(pool[1], "connection refused", 3.0)
    observe(pool[3], "connection refused", 3.0)
    health = pool.set.reported(3.0)
    assert (health.status, health.last_check) == ("unhealthy", 3.0)
    assert health.error == "all 3 replicas: connection refused"
    assert pool.set.notes(3.0) == []
    observe(pool[3], "answered 503", 4.0)
    told = "all 3 replicas: 10.0.0.1 connection refused; 2 more"
    assert pool.set.reported(4.0).error == told


def test_nobody_who_was_asked_is_unknown() -> None:
    """New replicas say nothing yet."""
    pool = Replicated(ML, count=0)
    pool.pool.resolved({"ml": Looked().found(["10.0.0.1", "10.0.0.2"])})
    assert pool.set.reported(NOW).status == "unknown"


def test_a_set_has_the_places_and_cannot_do_what_none_can() -> None:
    """What one of them can do, the backend can."""
    pool = Replicated({**ML, "maxConcurrent": 3})
    assert (pool.set.limiter.limit, pool.set.limiter.found) == (6, 6)
    need = needing("ocr", "detection")[-1]
    pool[1].abilities.refused(need, NOW)
    assert pool.set.abilities.cannot(NOW) == []
    pool[2].abilities.refused(need, NOW)
    assert pool.set.abilities.cannot(NOW) == ["ocr/detection (ViT-B-32__openai)"]
    assert pool.set.notes(NOW) == ["cannot: ocr/detection (ViT-B-32__openai)"]


def test_a_set_has_the_times_of_all() -> None:
    """Half of all requests took no longer, wherever they went."""
    pool = Replicated(ML)
    for number, seconds in ((1, 0.1), (1, 0.1), (2, 0.4)):
        pool[number].times.add(image().kind, seconds)
    told = pool.set.times.percentiles()["clip/visual"]
    assert (told.count, told.p50, told.p99) == (3, 100.0, 400.0)


def test_what_else_there_is_to_know_is_told() -> None:
    """That there are too many, and that the name cannot be looked up."""
    pool = Replicated(ML)
    told = [f"10.0.1.{number}" for number in range(70)]
    looked = Looked().found(told).failed("timed out", is_gone=False, now=NOW)
    pool.pool.resolved({"ml": looked})
    assert pool.set.notes(NOW) == [
        "6 more addresses are not used: too many",
        "its name cannot be looked up (timed out)",
    ]


def test_replicas_that_come_and_go_leave_nothing_behind() -> None:
    """Not after 10,000 of them."""
    pool = Replicated(ML)
    seen: list[weakref.ref[Server]] = []
    for number in range(5000):
        high, low = divmod(number, 250)
        told = [f"10.1.{high}.{low}", f"10.2.{high}.{low}"]
        pool.pool.resolved({"ml": Looked().found(told)})
        seen += [weakref.ref(one) for one in pool.pool]
        for one in pool.pool:
            one.served += 1
            demand = image(pool.route)
            one.take(demand, NOW)
            one.give_back(demand)
    gc.collect()
    assert sum(one() is not None for one in seen) == 2
    assert pool.set.served == 10_000
