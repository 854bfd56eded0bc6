"""Refusals on their way: who else is asked, what is learned, and what is passed on."""

from __future__ import annotations

import pytest

from immich_ml_proxy.errors import Unavailable
from tests.balancer.forwarding import Forward, pictured
from tests.fakes import Fleet, switch


def fleet_of(names: str, served: str = "", **more: object) -> Fleet:
    """Return servers that are well; those in ``served`` have served a picture."""
    fleet = Fleet(*names, **more)
    for server in fleet.pool:
        fleet.pool.evidence.observe(server, None, 0.0)
        if server.name in served:
            fleet.pool.evidence.served(server, pictured(fleet), 0.0)
    fleet.flips.clear()
    return fleet


def refuse(fleet: Fleet, names: str, status: int, **headers: str) -> None:
    """Have servers refuse, each in its own words."""
    for name in names:
        switch(name, status=status, answer=f"{name}: no".encode())(fleet)
        fleet[name].headers |= headers


@pytest.mark.parametrize("status", [400, 422, 404, 413, 501, 403, 302])
def test_if_all_refuse_the_first_refusal_is_passed_on(status: int) -> None:
    """As it came, status and body; nothing is held against anybody."""
    fleet = fleet_of("ab")
    refuse(fleet, "ab", status)
    served = Forward(fleet).served
    assert (served.backend, served.reply.status) == ("a", status)
    assert served.reply.body == b"a: no"
    assert served.members == {}
    assert fleet.asked == ["a", "b"]
    assert all(server.is_untroubled for server in fleet.pool)
    assert [server.abilities.cannot(0.0) for server in fleet.pool] == [[], []]
    assert (fleet.flips, fleet["a"].pings) == ([], 0)


@pytest.mark.parametrize(("served", "asked"), [("", 4), ("b", 2), ("bcd", 2)])
def test_a_bad_request_costs_one_extra_try(served: str, asked: int) -> None:
    """One that has served such requests is asked; without one, all are."""
    fleet = fleet_of("abcd", served)
    refuse(fleet, "abcd", 422)
    assert Forward(fleet).served.reply.body == b"a: no"
    assert len(set(fleet.asked)) == len(fleet.asked) == asked
    assert fleet.asked[1] in (served or "bcd")


def test_a_request_that_is_known_to_be_wrong_costs_none() -> None:
    """Where the one that refuses has served such requests, and has refused before."""
    fleet = fleet_of("ab", "ab")
    refuse(fleet, "ab", 400)
    Forward(fleet)
    assert fleet.asked == ["a", "b"]
    for count in (3, 4, 5):
        assert Forward(fleet).served.reply.status == 400
        assert len(fleet.asked) == count


@pytest.mark.parametrize("status", [400, 404, 422, 500, 501])
def test_what_another_serves_is_learned_at_once(status: int) -> None:
    """Of one that has never served it: it is not asked again, and stays healthy."""
    fleet = fleet_of("ab")
    refuse(fleet, "a", status)
    for _ in range(6):
        assert Forward(fleet).served.backend == "b"
    assert fleet.asked.count("a") == 1
    cannot = fleet.pool["a"].abilities.cannot(0.0)
    assert cannot == ["clip/visual (ViT-B-32__openai)"]
    assert fleet.pool["a"].ejections == 0
    fleet.network.advance(600)
    Forward(fleet)
    Forward(fleet)
    assert fleet.asked.count("a") == 2


def test_who_all_cannot_do_it_is_said() -> None:
    """503, without anybody being asked."""
    fleet = fleet_of("ab")
    for server in fleet.pool:
        server.abilities.refused(pictured(fleet).need, 0.0)
    error = Forward(fleet).error
    assert isinstance(error, Unavailable)
    assert str(error) == "clip/visual: a and b cannot do this"
    assert fleet.asked == []


def test_a_login_is_told() -> None:
    """It is asked for nothing else, and is unhealthy in these words."""
    fleet = fleet_of("ab")
    refuse(fleet, "a", 401)
    assert Forward(fleet).served.backend == "b"
    assert fleet.health("a").error == "needs a login: 401 at /predict"
    assert [name for name, _ in fleet.flips] == ["a"]


@pytest.mark.parametrize("status", [429, 503])
def test_who_is_busy_is_left_alone(status: int) -> None:
    """Another is asked; no breaker moves, no ping is sent."""
    fleet = fleet_of("ab")
    refuse(fleet, "a", status, **{"Retry-After": "20"})
    for _ in range(3):
        assert Forward(fleet).served.backend == "b"
    assert fleet.asked.count("a") == 1
    assert not fleet.pool["a"].breakers
    assert (fleet["a"].pings, fleet.flips) == (0, [])
    fleet["a"].status, fleet["a"].answer = 200, None
    fleet.network.advance(20)
    assert {Forward(fleet).served.backend for _ in range(2)} == {"a", "b"}


def test_the_only_one_that_is_busy_is_waited_for() -> None:
    """As long as it says; then it is asked again."""
    fleet = fleet_of("a")
    refuse(fleet, "a", 429, **{"Retry-After": "5"})
    forward = Forward(fleet, wait=4.9)
    assert (forward.results, fleet.asked) == ([], ["a"])
    fleet["a"].status, fleet["a"].answer = 200, None
    fleet.network.advance(0.6)
    assert forward.served.backend == "a"
    assert fleet.pool["a"].in_flight == 0


def test_nobody_waits_for_a_busy_one_for_ever() -> None:
    """After a minute it is 503, with what it said."""
    fleet = fleet_of("a")
    refuse(fleet, "a", 429, **{"Retry-After": "7"})
    forward = Forward(fleet, wait=60)
    assert forward.results == []
    fleet.network.advance(8)
    assert isinstance(forward.error, Unavailable)
    assert str(forward.error) == "clip/visual: a answered 429: a: no"
    assert fleet.timers == []


def test_a_gateway_that_cannot_now_is_pinged() -> None:
    """503 without a time: others are asked meanwhile."""
    fleet = fleet_of("ab")
    refuse(fleet, "a", 503)
    for _ in range(3):
        assert Forward(fleet).served.backend == "b"
    assert (fleet.asked.count("a"), fleet["a"].pings) == (1, 1)
    assert fleet.health("a").status == "healthy"
    assert fleet.pool["a"].abilities.cannot(0.0) == []


def test_an_answer_of_the_wrong_form_goes_to_another() -> None:
    """It is a failure of this task, and counts when another serves."""
    fleet = fleet_of("ab")
    fleet["a"].answer = b"[]"
    assert Forward(fleet).served.backend == "b"
    assert fleet.pool["a"].breakers["clip"].failures == 1
    assert (fleet.pool["a"].failed, fleet.pool["a"].retried) == (1, 1)
    assert fleet["a"].pings == 0
