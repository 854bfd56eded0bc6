"""A body that stops arriving gives its place to those whose bodies do arrive."""

from __future__ import annotations

import pytest

from immich_ml_proxy.protocol.body import Body
from tests.balancer.forwarding import Forward
from tests.demo_requests import VISUAL
from tests.fakes import Fleet
from tests.memory_proxy import photo_form

PHOTO = photo_form(VISUAL, bytes(3000))


class Upload:
    """A form of which 600 bytes have arrived, and what becomes of it."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.body = Body(len(PHOTO))
        self.body.append(PHOTO[:600])
        self.forward = Forward(fleet, body=self.body)

    def arrives(self, size: int | None = None) -> None:
        """Have more bytes of it arrive; without a size, the rest."""
        begin = self.body.size
        end = len(PHOTO) if size is None else begin + size
        self.body.append(PHOTO[begin:end])
        if end == len(PHOTO):
            self.body.finish()
        self.fleet.network.flush()


def fleet_of(*names: str, places: int = 1) -> Fleet:
    """Return servers that are well and are given so many requests at once."""
    backends = [
        {"name": name, "url": f"http://{name}:3003", "maxConcurrent": places}
        for name in names
    ]
    fleet = Fleet(*names, backends=backends, healthCheckInterval=600)
    fleet.checker.startService()
    fleet.network.flush()
    return fleet


def in_flight(fleet: Fleet) -> int:
    """How many places are taken."""
    return sum(server.in_flight for server in fleet.pool)


def stop(fleet: Fleet) -> None:
    """End the proxy's part of it; nothing may be left then."""
    assert in_flight(fleet) == 0
    fleet.checker.stopService()
    fleet.connections.close()
    fleet.network.flush()
    assert fleet.timers == []
    assert not any(one.is_open for one in fleet.network.connections)


def test_its_place_is_given_to_who_waits() -> None:
    """After 2 s without a byte; it is held against nobody."""
    fleet = fleet_of("a")
    stalled, waiting = Upload(fleet), Forward(fleet)
    fleet.network.advance(1.9)
    assert waiting.results == []
    fleet.network.advance(1.2)
    assert waiting.served.backend == "a"
    assert stalled.forward.results == []
    assert (fleet.health("a").status, fleet.pool["a"].failed) == ("healthy", 0)
    assert in_flight(fleet) == 0
    stalled.arrives()
    assert stalled.forward.served.backend == "a"
    stop(fleet)


def test_it_keeps_its_place_while_nobody_waits() -> None:
    """Slow clients are served as ever."""
    fleet = fleet_of("a")
    stalled = Upload(fleet)
    fleet.network.advance(50)
    assert in_flight(fleet) == 1
    stalled.arrives()
    assert stalled.forward.served.backend == "a"
    assert len(fleet["a"].predicts) == 1
    stop(fleet)


def test_one_that_arrives_slowly_keeps_its_place() -> None:
    """A byte in 2 s is progress."""
    fleet = fleet_of("a")
    slow, waiting = Upload(fleet), Forward(fleet)
    for _ in range(20):
        fleet.network.advance(1.5)
        slow.arrives(1)
    assert (waiting.results, in_flight(fleet)) == ([], 1)
    slow.arrives()
    assert slow.forward.served.backend == waiting.served.backend == "a"
    stop(fleet)


def test_one_that_is_complete_keeps_its_place() -> None:
    """What takes long then is the server."""
    fleet = fleet_of("a")
    fleet["a"].silent = True
    working, waiting = Forward(fleet), Forward(fleet)
    fleet.network.advance(50)
    assert (working.results, waiting.results, in_flight(fleet)) == ([], [], 1)
    fleet["a"].speak()
    fleet.network.flush()
    assert working.served.backend == waiting.served.backend == "a"
    stop(fleet)


def test_the_first_byte_takes_it_back_into_the_line() -> None:
    """Behind who is served meanwhile; what was sent before is sent again."""
    fleet = fleet_of("a")
    stalled, waiting = Upload(fleet), Forward(fleet)
    fleet["a"].silent = fleet["a"].answers_pings = True
    fleet.network.advance(3.5)
    assert (fleet["a"].holds, in_flight(fleet)) == (1, 1)
    stalled.arrives(1)
    assert sum(fleet.places.scheduler.waiting().values()) == 1
    fleet["a"].speak()
    fleet.network.flush()
    assert waiting.served.backend == "a"
    assert (stalled.forward.results, in_flight(fleet)) == ([], 1)
    stalled.arrives()
    assert stalled.forward.served.backend == "a"
    assert fleet["a"].predicts[-1].body == PHOTO
    stop(fleet)


def test_it_may_stall_again_and_again() -> None:
    """Each time it loses its place, and gets one."""
    fleet = fleet_of("a")
    stalled = Upload(fleet)
    for _ in range(3):
        waiting = Forward(fleet)
        fleet.network.advance(3.5)
        assert waiting.served.backend == "a"
        stalled.arrives(10)
        assert in_flight(fleet) == 1
    stalled.arrives()
    assert stalled.forward.served.backend == "a"
    stop(fleet)


@pytest.mark.parametrize("is_stalled", [False, True])
def test_its_client_may_leave(is_stalled: bool) -> None:
    """With a place and without; nothing is left of it."""
    fleet = fleet_of("a")
    stalled, waiting = Upload(fleet), Forward(fleet)
    fleet.network.advance(3.5 if is_stalled else 1)
    stalled.forward.deferred.cancel()
    fleet.network.flush()
    assert waiting.served.backend == "a"
    assert stalled.body.watchers == []
    stalled.arrives()
    assert len(fleet["a"].predicts) == 1
    stop(fleet)


def test_all_that_stall_make_room() -> None:
    """Six uploads of one client that hangs, and one whose body is there."""
    fleet = fleet_of("a", "b", places=3)
    stalled = [Upload(fleet) for _ in range(6)]
    waiting = Forward(fleet)
    fleet.network.advance(3.5)
    assert waiting.served.backend in ("a", "b")
    assert in_flight(fleet) == 0
    for one in stalled:
        one.arrives()
    assert all(one.forward.served for one in stalled)
    stop(fleet)


def test_one_that_stalls_in_line_has_its_place_for_a_moment_only() -> None:
    """It is known by then: a crowd of them does not make the others wait for each."""
    fleet = fleet_of("a")
    stalled = [Upload(fleet) for _ in range(6)]
    waiting = Forward(fleet)
    fleet.network.advance(2.6)
    assert waiting.served.backend == "a"
    for one in stalled:
        one.arrives()
    assert all(one.forward.served for one in stalled)
    assert fleet.forwarder._means.under_way == {}
    stop(fleet)


def test_one_that_two_are_asked_for_goes_back_into_the_line_once() -> None:
    """The first of them missed its pings; one place is taken when it arrives again."""
    fleet = fleet_of("a", "b")
    stalled = Upload(fleet)
    [first] = (server for server in fleet.pool if server.in_flight)
    fleet.pool.evidence.observe(first, "timed out", fleet.network.seconds())
    fleet.forwarder.observed(first)
    fleet.network.flush()
    assert in_flight(fleet) == 2
    fleet.pool.evidence.observe(first, None, fleet.network.seconds())
    waiting = Forward(fleet)
    fleet.network.advance(3.5)
    assert (bool(waiting.results), in_flight(fleet)) == (True, 0)
    stalled.arrives(1)
    assert in_flight(fleet) == 1
    stalled.arrives()
    assert stalled.forward.served
    stop(fleet)


def test_a_server_that_dies_meanwhile_is_no_concern_of_it() -> None:
    """It is asked of another when it arrives again."""
    fleet = fleet_of("a", "b")
    stalled = [Upload(fleet), Upload(fleet)]
    waiting = Forward(fleet)
    fleet.network.advance(3.5)
    assert waiting.results
    fleet.network.close("a")
    for one in stalled:
        one.arrives()
    fleet.network.advance(3)
    assert [one.forward.served.backend for one in stalled] == ["b", "b"]
    stop(fleet)
