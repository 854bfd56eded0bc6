"""What is held against a backend, for how long, and what is not."""

from __future__ import annotations

import pytest
from twisted.internet.defer import CancelledError

from immich_ml_proxy.balancer.latency import Kind, size_class
from tests.balancer.forwarding import REFUSED, Forward, pictured
from tests.fakes import Fleet, switch
from tests.upstream.sending import PHOTO, arriving, complete


def used(*names: str) -> Fleet:
    """Return servers that have all served a picture."""
    fleet = Fleet(*names)
    for server in fleet.pool:
        fleet.pool.evidence.observe(server, None, 0.0)
        fleet.pool.evidence.served(server, pictured(fleet), 0.0)
    fleet.flips.clear()
    return fleet


def test_a_backend_that_choked_once_stays() -> None:
    """A broken picture must not keep a server out; it is pinged, and is well."""
    fleet = used("a", "b")
    fleet["a"].status = 500
    assert Forward(fleet).served.backend == "b"
    assert fleet["a"].pings == 1
    assert fleet.health("a").status == "healthy"
    assert fleet.flips == []
    assert fleet.pool["a"].breakers["clip"].failures == 1


def test_a_backend_whose_ping_fails_too_is_out() -> None:
    """The next requests go to the others."""
    fleet = used("a", "b", "c")
    switch("a", status=500, ping_status=503)(fleet)
    for _ in range(6):
        assert Forward(fleet).served.backend != "a"
    assert fleet.health("a").error == "answered 503"
    assert (fleet.asked.count("a"), fleet["a"].pings) == (1, 1)


def test_a_server_that_fails_what_others_serve_is_put_out() -> None:
    """It answers its pings, and would get every second request for ever."""
    fleet = used("a", "b")
    fleet["a"].status = 500
    for _ in range(8):
        assert Forward(fleet).served.backend == "b"
    assert (len(fleet["a"].predicts), fleet["a"].pings) == (3, 3)
    assert fleet.health("a").status == "unhealthy"
    assert fleet.health("a").error == (
        "clip: failed 3 requests in a row that other machines then answered; "
        "tried again in 5 s"
    )
    fleet.network.advance(5)
    fleet["a"].status = 200
    assert {Forward(fleet).served.backend for _ in range(2)} == {"a", "b"}
    assert fleet.health("a").status == "healthy"


@pytest.mark.parametrize("status", [500, 422])
def test_a_failure_that_nobody_can_do_better_is_not_counted(status: int) -> None:
    """A broken picture fails everywhere; that puts no server out."""
    fleet = used("a", "b")
    fleet["a"].status = 500
    fleet["b"].status = status
    for _ in range(8):
        Forward(fleet)
    assert len(fleet["a"].predicts) >= 4
    assert [bool(server.breakers) for server in fleet.pool] == [False, False]
    assert fleet.health("a").status == "healthy"


@pytest.mark.parametrize("stage", ["look-up", "connect", "wait"])
def test_a_client_that_leaves_counts_against_nobody(stage: str) -> None:
    """Nor is the next backend asked, and no place stays taken."""
    fleet = Fleet("a", "b")
    if stage == "look-up":
        fleet.network.names.silent.add("a")
    elif stage == "connect":
        fleet.network.unreachable.add("a")
    fleet["a"].silent = True
    forward = Forward(fleet)
    assert fleet.pool["a"].in_flight == 1
    forward.deferred.cancel()
    fleet.network.flush()
    assert [one.type for one in forward.results] == [CancelledError]
    assert [server.in_flight for server in fleet.pool] == [0, 0]
    assert (fleet.flips, fleet["a"].pings, fleet["b"].received) == ([], 0, [])
    assert fleet.timers == []


def test_a_client_that_leaves_during_failover_spares_the_second_backend() -> None:
    """What the first one did still counts; the second one did nothing wrong."""
    fleet = Fleet("a", "b")
    fleet.network.close("a")
    fleet["b"].silent = True
    forward = Forward(fleet, wait=REFUSED)
    forward.deferred.cancel()
    fleet.network.flush()
    assert fleet.flips == [("a", "connection refused")]
    assert fleet["b"].left == 1


def used_to(seconds: float) -> Fleet:
    """Return two healthy servers that usually take so long for a picture."""
    fleet = Fleet("a", "b")
    for server in fleet.pool:
        fleet.pool.evidence.observe(server, None, 0)
        server.times.add(Kind("clip/visual", size_class(len(PHOTO))), seconds)
    fleet.flips.clear()
    return fleet


def test_a_server_that_takes_far_too_long_is_not_the_only_one_asked() -> None:
    """It may load a model: it goes on, another is asked beside it, the first wins."""
    fleet = used_to(0.5)
    fleet["a"].silent = True
    forward = Forward(fleet, wait=9.9)
    assert (forward.results, fleet.asked) == ([], ["a"])
    fleet.network.advance(0.1)
    assert forward.served.backend == "b"
    assert (fleet["a"].left, fleet.flips, fleet.forwarder.hedges.hedged) == (1, [], 0)
    assert [server.in_flight for server in fleet.pool] == [0, 0]
    # Others go first for a while; it is as well as before.
    assert [Forward(fleet).served.backend for _ in range(2)] == ["b", "b"]
    assert fleet.health("a").status == "healthy"
    assert fleet.timers == []


def test_a_client_that_sends_slowly_counts_against_nobody() -> None:
    """The time begins when the server has all that it needs; so do its times."""
    fleet = used_to(0.5)
    body = arriving()
    forward = Forward(fleet, body=body, wait=600)
    assert (forward.results, fleet.flips) == ([], [])
    fleet["a"].silent = True
    complete(body, fleet.network.seconds())
    fleet.network.advance(3)
    fleet["a"].speak()
    fleet.network.flush()
    assert forward.served.backend == "a"
    assert fleet.flips == []
    times = fleet.pool["a"].times.percentiles()["clip/visual"]
    assert (times.count, times.p99) == (2, 3000)
