"""What people are told of a machine that stands for several addresses."""

from __future__ import annotations

from typing import Any

from immich_ml_proxy.balancer.replicas import Looked
from immich_ml_proxy.observe.status import health_of_all, status
from tests.balancer.demands import image
from tests.observe.watching import START, UNIX, Waits, Watched

ML = {"name": "ml", "resolve": "all"}
NAS = {"name": "nas"}


class Replicated(Watched):
    """Backends that are watched; ``ml`` has two replicas, ``.1`` and ``.2``."""

    def __init__(self, *backends: dict[str, Any], **more: Any) -> None:
        super().__init__(*backends, **more)
        self.resolve(1, 2)
        for server in self.pool:
            self.pool.evidence.observe(server, None, self.now)

    def resolve(self, *numbers: int) -> None:
        """Have the name have these addresses."""
        told = [f"10.0.0.{number}" for number in numbers]
        self.pool.resolved({"ml": Looked().found(told)})
        self.watch.resolved(self.now)


def one(number: int) -> str:
    """Return the name of a replica."""
    return f"ml (10.0.0.{number})"


def test_the_table_has_a_row_for_all_and_a_line_for_each() -> None:
    """The sums are the machine's, what differs is each replica's."""
    watched = Replicated(ML, NAS)
    watched.serve(one(1), 3)
    watched.serve(one(2), 2)
    demand = image(watched.route())
    watched.pool[one(2)].take(demand, watched.now)
    watched.advance(2)
    row = watched.machine("ml")
    assert row["url"] == "http://ml:3003"
    assert (row["state"], row["inFlight"], row["limit"]) == ("up", 1, 8)
    assert row["perMinute"] == {"clip": 5}
    assert row["replicas"] == [
        {
            "address": f"10.0.0.{number}",
            "state": "up",
            "since": UNIX,
            "why": "",
            "inFlight": number - 1,
            "limit": 4,
            "served": 0,
            "cannot": [],
            "notes": [],
        }
        for number in (1, 2)
    ]
    assert "replicas" not in watched.machine("nas")
    assert [row["name"] for row in watched.ask()["machines"]] == ["ml", "nas"]


def test_what_replicas_did_stays_with_the_machine() -> None:
    """The plot of an hour knows nothing of who was there when."""
    watched = Replicated(ML)
    watched.serve(one(1), 3)
    watched.advance(2)
    watched.resolve(3)
    watched.pool.evidence.observe(watched.pool[one(3)], None, watched.now)
    watched.serve(one(3), 4)
    watched.advance(2)
    assert watched.machine("ml")["perMinute"] == {"clip": 7}
    assert sum(watched.ask()["plot"]["images"]["ml"]) == 7
    [route] = watched.ask()["routes"]
    assert route["machines"] == ["ml"]
    assert route["to"] == {"ml": {"image": 0.7}}


def test_one_that_has_gone_still_counts_for_what_it_finishes() -> None:
    """It is shown until it has nothing to do."""
    watched = Replicated(ML)
    gone, demand = watched.pool[one(2)], image(watched.route())
    gone.take(demand, watched.now)
    watched.resolve(1)
    watched.advance(1)
    [staying, leaving] = watched.machine("ml")["replicas"]
    assert staying["state"] == "up"
    assert (leaving["address"], leaving["state"]) == ("10.0.0.2", "leaving")
    assert (leaving["inFlight"], watched.machine("ml")["inFlight"]) == (1, 1)
    gone.observer.answered(gone, demand, 0.5)
    gone.give_back(demand)
    watched.advance(1)
    assert watched.machine("ml")["perMinute"] == {"clip": 1}
    assert len(watched.machine("ml")["replicas"]) == 1


def test_events_tell_of_replicas_and_of_the_machine() -> None:
    """It is down when all of them are."""
    watched = Replicated(ML)
    before = len(watched.events())
    watched.down(one(2))
    watched.advance(1)
    assert watched.machine("ml")["state"] == "up"
    watched.down(one(1))
    watched.advance(1)
    assert watched.machine("ml")["state"] == "down"
    watched.down(one(1), None)
    watched.advance(1)
    assert watched.events()[before:] == [
        "ml (10.0.0.2) is down: connection refused",
        "ml (10.0.0.1) is down: connection refused",
        "ml is down: all 2 replicas: connection refused",
        "ml (10.0.0.1) is up again after 1 s",
        "ml is up again after 1 s",
    ]
    events = [event for event in watched.ask()["events"] if "is down" in event["text"]]
    assert {event["machine"] for event in events} == {"ml"}
    told = watched.machine("ml")["notes"]
    assert told == ["1 of 2 replicas down: 10.0.0.2: connection refused"]


def test_events_tell_how_many_replicas_there_are() -> None:
    """When that has changed."""
    watched = Replicated(ML)
    watched.resolve(3, 4)
    watched.resolve(4)
    watched.resolve()
    told = [one for one in watched.events() if "replica" in one]
    assert told == [
        "ml has 2 replicas now, 0 before",
        "ml has 1 replica now, 2 before",
        "ml has no replicas now, 1 before",
    ]


def test_who_waits_waits_for_the_machine() -> None:
    """Buttons go by its name."""
    watched = Replicated(ML, NAS, defaultBackend="ml", taskRouting={"ocr": "nas"})
    for number in (1, 2):
        watched.down(one(number))
    watched.under_way.append(Waits(image(watched.route())))
    watched.advance(1)
    [crowd] = watched.ask()["routes"][0]["waiting"]
    assert (crowd["for"], crowd["takers"], crowd["held"]) == (["ml"], ["nas"], 1)
    assert watched.machine("ml")["alone"] == 1
    watched.under_way[:] = [Waits(image(watched.route("ocr"), "ocr"))]
    watched.down("nas")
    watched.down(one(1), None)
    watched.advance(1)
    [crowd] = watched.ask()["routes"][1]["waiting"]
    assert (crowd["for"], crowd["takers"]) == (["nas"], ["ml"])


def test_status_has_the_numbers_of_each_replica() -> None:
    """Under its backend, by its address."""
    watched = Replicated(ML, NAS)
    watched.pool[one(1)].served, watched.pool[one(2)].served = 3, 4
    leaving = watched.pool[one(2)]
    leaving.take(image(), watched.now)
    watched.resolve(1, 3)

    class Nobody:
        """A scheduler in whose lines nobody stands."""

        def waiting(self) -> dict[Any, int]:
            """Return how many wait."""
            return {}

    nobody: Any = Nobody()
    told = status(watched.pool, nobody, watched.now)["backends"]
    assert [*told] == ["ml", "nas"]
    assert (told["ml"]["served"], told["ml"]["inFlight"]) == (7, 1)
    replicas = told["ml"]["replicas"]
    assert {address: one["served"] for address, one in replicas.items()} == {
        "10.0.0.1": 3,
        "10.0.0.3": 0,
        "10.0.0.2": 4,
    }
    assert replicas["10.0.0.2"]["leaving"]
    assert "leaving" not in replicas["10.0.0.1"]
    assert "replicas" not in told["nas"]


def test_health_has_that_of_each_replica() -> None:
    """The backend's is that of its best."""
    watched = Replicated(ML, NAS)
    watched.down(one(2))
    told = health_of_all(watched.pool, watched.now, UNIX - START)
    assert [*told] == ["ml", "nas"]
    assert told["ml"]["status"] == "healthy"
    assert told["ml"]["note"] == "1 of 2 replicas down: 10.0.0.2: connection refused"
    replicas = told["ml"]["replicas"]
    assert {address: one["status"] for address, one in replicas.items()} == {
        "10.0.0.1": "healthy",
        "10.0.0.2": "unhealthy",
    }
    assert "replicas" not in told["nas"]


def test_replicas_that_come_and_go_leave_nothing_behind() -> None:
    """What is kept is as much as on the first day."""
    watched = Replicated(ML)
    for number in range(2000):
        watched.resolve(*range(number % 200, number % 200 + 5))
        for server in watched.pool:
            watched.pool.evidence.observe(server, None, watched.now)
            watched.pool.evidence.observe(server, "answered 503", watched.now)
            server.ejections += 1
        watched.advance(1)
    watch = watched.watch
    assert len(watch.history.servers) == 1
    assert len(watch.standings._standings) == 1 + 5
    for known in (watch._busy, watch._limits, watch._ejections):
        assert len(known) <= 5
    assert len(watched.machine("ml")["replicas"]) == 5
    assert len(watched.raw().body) < 20_000
