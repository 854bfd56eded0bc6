"""A backend that stands for several addresses, behind the whole proxy."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import pytest

from immich_ml_proxy.balancer.server import Server
from tests.demo_requests import TEXTUAL, VISUAL
from tests.fakes import FakeBackend, QuietSite, document
from tests.memory_proxy import Proxy, photo_form, posted, text_form
from tests.network import Network

Start = Callable[..., Proxy]
#: A second for what follows a look-up.
ROUND = 11.0


class Home:
    """
    A proxy whose only backend, ``ml``, has several addresses, ``10.0.0.1`` and so on.

    :ivar fakes: the servers there, by the last number.
    """

    def __init__(self, network: Network, start: Start, **backend: Any) -> None:
        self.network = network
        self.fakes: dict[int, FakeBackend] = {}
        self.run(1, 2)
        config = document("ml")
        config["backends"][0] |= {"resolve": "all", **backend}
        self.proxy = start(config)
        self.proxy.start_checks()

    def run(self, *numbers: int) -> None:
        """Have these servers be there, and be named."""
        for number in numbers:
            if number not in self.fakes:
                fake = self.fakes[number] = FakeBackend(f"ml-{number}", [])
                self.network.serve(f"10.0.0.{number}", QuietSite(fake, self.network))
        self.network.names.replicas["ml"] = [f"10.0.0.{one}" for one in numbers]

    def search(self) -> str:
        """Have a search be served; return by whom."""
        answer = self.proxy.ask(posted(text_form(TEXTUAL)))
        assert answer.status == 200, answer.body
        return answer.headers["x-immich-ml-backend"]

    def searches(self, count: int) -> set[str]:
        """Have so many be served; return by whom."""
        return {self.search() for _ in range(count)}

    def told(self, path: str) -> Any:
        """Return what a ``GET`` tells of the backend."""
        answer = self.proxy.get(path).json()
        return (answer["backends"] if path == "/api/status" else answer)["ml"]


@pytest.fixture
def home(network: Network, start_proxy: Start) -> Home:
    """Two replicas."""
    return Home(network, start_proxy)


def test_an_answer_names_the_replica_that_it_is_from(home: Home) -> None:
    """Each is asked in turn, by the name of the backend."""
    assert home.searches(4) == {"ml (10.0.0.1)", "ml (10.0.0.2)"}
    for fake in home.fakes.values():
        assert len(fake.predicts) == 2
        assert {one.headers["host"] for one in fake.received} == {"ml:3003"}
        assert {one.path for one in fake.received} == {"/ping", "/predict"}


def test_new_ones_are_used_after_the_next_look_up(home: Home) -> None:
    """They are pinged at once, not with the next round."""
    home.run(1, 2, 3)
    home.network.advance(9.9)
    assert home.fakes[3].pings == 0
    home.network.advance(0.1)
    assert "ml (10.0.0.3)" in home.searches(3)
    assert [*home.told("/api/health")["replicas"]] == [
        "10.0.0.1",
        "10.0.0.2",
        "10.0.0.3",
    ]


def test_one_that_is_gone_finishes_what_it_has(home: Home) -> None:
    """Its answer is passed on, and it gets nothing new."""
    home.fakes[1].silent = home.fakes[1].answers_pings = True
    asking = home.proxy.send(posted(photo_form(VISUAL)))
    assert home.fakes[1].holds == 1
    home.run(2)
    home.network.advance(ROUND)
    assert home.searches(3) == {"ml (10.0.0.2)"}
    replicas = home.told("/api/status")["replicas"]
    assert (replicas["10.0.0.1"]["leaving"], replicas["10.0.0.1"]["inFlight"]) == (
        True,
        1,
    )
    home.fakes[1].speak()
    home.network.flush()
    assert asking.answer.status == 200
    assert asking.answer.headers["x-immich-ml-backend"] == "ml (10.0.0.1)"
    assert [*home.told("/api/status")["replicas"]] == ["10.0.0.2"]
    pings = home.fakes[1].pings
    home.network.advance(5 * ROUND)
    assert home.fakes[1].pings == pings
    assert not [one for one in home.network.to("10.0.0.1") if one.is_open]


def test_one_that_is_down_is_left_out_and_a_note(home: Home) -> None:
    """The backend is well as long as one of them is."""
    home.network.close("10.0.0.2")
    home.network.advance(ROUND)
    assert home.searches(3) == {"ml (10.0.0.1)"}
    assert home.proxy.get("/ping").status == 200
    told = home.told("/api/health")
    assert told["status"] == "healthy"
    assert told["note"] == "1 of 2 replicas down: 10.0.0.2: connection refused"
    home.network.close("10.0.0.1")
    home.network.advance(ROUND)
    assert home.proxy.get("/ping").status == 503
    assert home.told("/api/health")["error"] == "all 2 replicas: connection refused"


def test_work_waits_for_a_name_that_has_no_address_yet(
    network: Network, start_proxy: Start
) -> None:
    """As it does for a server that is not there yet."""
    home = Home(network, start_proxy)
    config = document("ml", taskRouting={})
    config["backends"][0]["resolve"] = "all"
    config["defaultBackend"] = {"backends": ["ml"], "holdSeconds": 60}
    network.names.replicas.clear()
    assert home.proxy.post("/api/config", config).status == 200
    network.advance(90)
    assert "host name not found" in home.told("/api/health")["error"]
    asking = home.proxy.send(posted(photo_form(VISUAL)))
    network.advance(5)
    assert asking.answers() == []
    home.run(2)
    network.advance(ROUND)
    assert asking.answer.headers["x-immich-ml-backend"] == "ml (10.0.0.2)"


def test_a_state_is_that_of_all_replicas(home: Home) -> None:
    """It is set by the backend's name; no replica has one of its own."""
    assert home.proxy.post("/api/backends/ml", {"state": "drain"}).status == 200
    assert home.told("/api/status")["state"] == "drain"
    states = [one["state"] for one in home.told("/api/status")["replicas"].values()]
    assert states == ["drain", "drain"]
    one = home.proxy.post("/api/backends/ml%20(10.0.0.1)", {"state": "enabled"})
    told = "there is no machine named 'ml (10.0.0.1)'"
    assert (one.status, one.error) == (400, told)
    assert home.proxy.post("/api/backends/ml", {"state": "enabled"}).status == 200
    assert home.searches(2) == {"ml (10.0.0.1)", "ml (10.0.0.2)"}


def test_replicas_cannot_be_woken(home: Home) -> None:
    """And that is said of the backend."""
    answer = home.proxy.post("/api/wake", {"machine": "ml"})
    assert answer.status == 400
    assert "ml has no wakeOnLan" in answer.error


def test_resolve_is_put_on_and_off_while_it_runs(home: Home) -> None:
    """The next request goes by what is saved."""
    config = home.proxy.get("/api/config").json()
    config["backends"][0]["resolve"] = None
    home.network.names.addresses["ml"] = "10.0.0.2"
    home.network._servers["ml", 3003] = home.network._servers["10.0.0.2", 3003]
    assert home.proxy.post("/api/config", config).status == 200
    home.network.advance(1)
    assert home.searches(2) == {"ml"}
    assert "replicas" not in home.told("/api/status")
    config["backends"][0]["resolve"] = "ipv4"
    del home.network.names.addresses["ml"]
    assert home.proxy.post("/api/config", config).status == 200
    home.network.advance(1)
    assert home.searches(2) == {"ml (10.0.0.1)", "ml (10.0.0.2)"}


def test_one_that_fails_does_not_take_the_others_with_it(home: Home) -> None:
    """A failure is the replica's own; another one serves the same request."""
    home.fakes[1].status = 503
    assert home.searches(4) == {"ml (10.0.0.2)"}
    assert home.told("/api/status")["served"] == 4


def test_records_of_a_machine_are_those_of_its_replicas(home: Home) -> None:
    """And what is sent to it again goes to one that is up."""
    proxy = home.proxy
    assert proxy.post("/api/debug/toggle", {"enabled": True}).status == 200
    home.searches(4)
    counts = [
        proxy.get(f"/api/debug/records?backend={name}").json()["matching"]
        for name in ("ml", "ml%20(10.0.0.1)", "m")
    ]
    assert counts == [4, 2, 0]
    [row, *_] = proxy.get("/api/debug/records?backend=ml").json()["rows"]
    path = f"/api/debug/records/{row['id']}/send"
    home.network.close("10.0.0.1")
    home.network.advance(ROUND)
    told = proxy.post(path, {"machine": "ml"})
    assert (told.status, told.json()["machine"]) == (200, "ml (10.0.0.2)")
    assert proxy.post(path, {"machine": "ml (10.0.0.9)"}).status == 404


def test_replicas_that_come_and_go_leave_nothing_behind(home: Home) -> None:
    """Not in the pool, the connections, the history or the timers."""

    def alive() -> int:
        gc.collect()
        return sum(isinstance(one, Server) for one in gc.get_objects())

    home.search()
    home.network.advance(65)
    before, timers = alive(), len(home.network.getDelayedCalls())
    for number in range(3, 203):
        home.run(number, number + 1)
        home.network.advance(10)
        assert home.search() in {f"ml (10.0.0.{number + one})" for one in (0, 1)}
        home.network.close(f"10.0.0.{number}")
    home.network.advance(65)
    home.network.connections.clear()
    assert alive() <= before + 2
    # Two that all connections share are there or not, as it happens.
    assert len(home.network.getDelayedCalls()) <= timers + 2
    assert len(home.proxy.get("/api/overview").body) < 20_000
