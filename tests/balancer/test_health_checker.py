"""Pings: when they go out, what is made of them, and that they end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from immich_ml_proxy.config import document as config_document
from tests.fakes import Fleet, document, outcome, serve
from tests.records.reading import records_of


def started(*names: str, **more: Any) -> Fleet:
    """Return a fleet whose checks run."""
    fleet = Fleet(*names, **more)
    fleet.checker.startService()
    fleet.network.flush()
    return fleet


def pings(fleet: Fleet) -> list[int]:
    """How many pings each backend got."""
    return [fake.pings for fake in fleet.fakes.values()]


def reconfigure(fleet: Fleet, *names: str, **more: Any) -> None:
    """Put another configuration in force."""
    new = config_document.parse(msgspec.json.encode(document(*names, **more)))
    fleet.pool.reconfigure(new)
    fleet.checker.reconfigured()
    fleet.network.flush()


@pytest.mark.parametrize("interval", [10, 3.5])
def test_all_are_pinged_at_the_start_and_then_again_and_again(interval: float) -> None:
    """Every ``healthCheckInterval`` seconds."""
    fleet = started("a", "b", healthCheckInterval=interval)
    for count in range(1, 5):
        assert pings(fleet) == [count, count]
        fleet.network.advance(interval - 0.1)
        assert pings(fleet) == [count, count]
        fleet.network.advance(0.1)
    assert fleet.health("a").last_check == 4 * interval


@pytest.mark.parametrize(
    ("fail", "reason"),
    [
        (lambda fleet: setattr(fleet["a"], "ping_status", 503), "answered 503"),
        (
            lambda fleet: setattr(fleet["a"], "ping_status", 302),
            "answers, but is no Immich ML server: it redirects to elsewhere",
        ),
        (lambda fleet: setattr(fleet["a"], "silent", True), "timed out after 1.5 s"),
        (lambda fleet: fleet.network.close("a"), "connection refused"),
        (lambda fleet: fleet.network.names.silent.add("a"), "timed out after 1.5 s"),
        (lambda fleet: fleet.network.unreachable.add("a"), "timed out after 1.5 s"),
    ],
)
def test_a_backend_that_stops_answering_is_taken_out_with_the_reason(
    fail: Callable[[Fleet], None], reason: str
) -> None:
    """And put back when it answers; each is told once."""
    fleet = started("a")
    fleet.network.advance(5)
    fail(fleet)
    # Twice: what is the same as before is not news.
    fleet.network.advance(16.5)
    health = fleet.health("a")
    assert (health.status, health.error) == ("unhealthy", reason)
    assert 20 <= health.last_check <= 21.5
    fleet.network.names.silent.clear()
    fleet.network.unreachable.clear()
    fleet.fakes |= serve(fleet.network, "a")
    fleet.network.advance(10)
    assert fleet.health("a").status == "healthy"
    assert fleet.flips == [("a", ""), ("a", reason), ("a", "")]


@pytest.mark.parametrize("status", [200, 201, 299])
def test_any_2xx_is_good(status: int) -> None:
    """As it is for Immich, if it says ``pong``."""
    fleet = Fleet("a")
    fleet["a"].ping_status = status
    fleet.checker.check()
    fleet.network.flush()
    assert fleet.health("a").status == "healthy"


def test_a_slow_backend_delays_no_other() -> None:
    """They are pinged in parallel, and each is written down when it answers."""
    fleet = Fleet("slow", "b", "c")
    fleet["slow"].silent = True
    fleet.checker.startService()
    fleet.network.flush()
    assert [fleet.health(name).status for name in fleet.fakes] == [
        "unknown",
        "healthy",
        "healthy",
    ]
    fleet.network.advance(10)
    assert pings(fleet) == [2, 2, 2]


def test_who_wants_to_know_is_told_after_every_ping() -> None:
    """Whatever came of it, when it is written down; not when the service stops."""
    fleet = started("a", "b")
    told: list[tuple[str, str]] = []
    fleet.checker.observers.append(
        lambda server: told.append((server.name, server.health.status))
    )
    fleet["a"].silent = True
    fleet.network.advance(10)
    assert told == [("b", "healthy")]
    fleet.network.advance(1.5)
    assert told == [("b", "healthy"), ("a", "unhealthy")]
    fleet.network.advance(8.6)
    fleet.checker.stopService()
    fleet.network.flush()
    assert told[2:] == [("b", "healthy")]


def test_a_disabled_backend_is_not_pinged() -> None:
    """Nor one among others; one that drains is."""
    backends = [
        {"name": name, "url": f"http://{name}:3003", "state": state}
        for name, state in {"a": "enabled", "b": "disabled", "c": "drain"}.items()
    ]
    fleet = started("a", "b", "c", backends=backends)
    assert pings(fleet) == [1, 0, 1]


def test_a_round_waits_for_the_one_before() -> None:
    """However short the interval, no backend has two pings under way."""
    fleet = Fleet("slow", "b", healthCheckInterval=0.5)
    fleet["slow"].silent = True
    fleet.checker.startService()
    for _ in range(60):
        fleet.network.advance(0.1)
        assert fleet["slow"].holds <= 1
    assert fleet["slow"].pings == fleet["b"].pings > 2


def test_rounds_share_the_pings_under_way() -> None:
    """Ten requests to /ping in the same moment are one ping for a backend."""
    fleet = Fleet("a", "b")
    fleet["a"].silent = True
    checks = [outcome(fleet.checker.check()) for _ in range(3)]
    checks.append(outcome(fleet.checker.ping(fleet.pool["a"])))
    fleet.network.flush()
    checks.append(outcome(fleet.checker.check()))
    fleet.network.flush()
    assert pings(fleet) == [1, 2]
    assert checks == [[]] * 5
    fleet["a"].speak()
    fleet.network.flush()
    assert checks == [[None]] * 5
    outcome(fleet.checker.check())
    fleet.network.flush()
    assert pings(fleet) == [2, 3]


def test_one_who_no_longer_waits_takes_the_ping_from_nobody() -> None:
    """A client of /ping that leaves cancels its own waiting only."""
    fleet = Fleet("a")
    fleet["a"].silent = True
    impatient, patient = fleet.checker.check(), outcome(fleet.checker.check())
    fleet.network.flush()
    left = outcome(impatient)
    impatient.cancel()
    fleet.network.flush()
    assert (len(left), fleet["a"].left) == (1, 0)
    fleet["a"].speak()
    fleet.network.flush()
    assert patient == [None]
    assert fleet.health("a").status == "healthy"


def test_a_check_ends_in_time_whatever_the_backends_do() -> None:
    """Immich gives our /ping up after 2 s."""
    fleet = Fleet("silent", "lost", "off", "well")
    fleet["silent"].silent = True
    fleet.network.names.silent.add("lost")
    fleet.network.unreachable.add("off")
    check = outcome(fleet.checker.check())
    fleet.network.advance(1.4)
    assert check == []
    fleet.network.advance(0.1)
    assert check == [None]
    assert [fleet.health(name).status for name in fleet.fakes] == [
        *["unhealthy"] * 3,
        "healthy",
    ]
    assert not any(connection.is_open for connection in fleet.connections_to("silent"))


def test_a_new_interval_holds_from_now_on() -> None:
    """The round with which it begins comes at once."""
    fleet = started("a")
    fleet.network.advance(4)
    reconfigure(fleet, "a", healthCheckInterval=60)
    assert pings(fleet) == [2]
    fleet.network.advance(59)
    assert pings(fleet) == [2]
    fleet.network.advance(1)
    assert pings(fleet) == [3]


def test_backends_that_come_and_go_are_pinged_accordingly() -> None:
    """A new one at once: until then nobody knows whether it is there."""
    fleet = started("a")
    fleet.fakes |= serve(fleet.network, "b")
    reconfigure(fleet, "b")
    assert pings(fleet) == [1, 1]
    assert fleet.health("b").status == "healthy"
    fleet.network.advance(10)
    assert pings(fleet) == [1, 2]


def test_a_configuration_may_come_while_pings_are_under_way() -> None:
    """The old round ends by itself, and there is one loop still."""
    fleet = Fleet("a")
    fleet["a"].silent = True
    fleet.checker.startService()
    fleet.network.flush()
    for _ in range(3):
        reconfigure(fleet, "a", healthCheckInterval=20)
    assert pings(fleet) == [1]
    fleet.network.advance(1.5)
    fleet["a"].speak()
    fleet.network.advance(18.5)
    assert pings(fleet) == [2]


def test_nothing_is_pinged_before_the_start() -> None:
    """Saving a configuration does not start what was not running."""
    fleet = Fleet("a")
    reconfigure(fleet, "a")
    fleet.network.advance(60)
    assert pings(fleet) == [0]


@pytest.mark.parametrize("state", ["idle", "look-up", "connect", "wait"])
def test_stopping_leaves_nothing_behind(state: str) -> None:
    """No timer, no connection; what was not answered yet says nothing of health."""
    fleet = Fleet("a")
    fleet["a"].silent = state == "wait"
    if state == "look-up":
        fleet.network.names.silent.add("a")
    elif state == "connect":
        fleet.network.unreachable.add("a")
    fleet.checker.startService()
    fleet.network.flush()
    waiting = outcome(fleet.checker.check())
    stopped = outcome(fleet.checker.stopService())
    fleet.connections.close()
    fleet.network.flush()
    assert stopped == waiting == [None]
    assert fleet.timers == []
    assert not any(connection.is_open for connection in fleet.network.connections)
    assert fleet.health("a").status == ("healthy" if state == "idle" else "unknown")
    count = pings(fleet)
    fleet.network.advance(60)
    assert pings(fleet) == count


def test_it_can_be_started_again() -> None:
    """As services can."""
    fleet = started("a")
    fleet.checker.stopService()
    fleet.checker.startService()
    fleet.network.flush()
    assert pings(fleet) == [2]
    fleet.network.advance(10)
    assert pings(fleet) == [3]


def test_pings_are_recorded_under_the_name_of_their_round() -> None:
    """That of the request to /ping, or one of their own."""
    fleet = Fleet("a", "b")
    fleet.recorder.enabled = True
    outcome(fleet.checker.check("asked"))
    fleet.network.flush()
    outcome(fleet.checker.check())
    fleet.network.flush()
    assert [
        (record.trace_id, record.backend, record.request.url)
        for record in records_of(fleet.recorder)
    ] == [
        ("asked", "a", "http://a:3003/ping"),
        ("asked", "b", "http://b:3003/ping"),
        ("round", "a", "http://a:3003/ping"),
        ("round", "b", "http://b:3003/ping"),
    ]
