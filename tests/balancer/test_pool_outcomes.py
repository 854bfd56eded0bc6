"""What a pool makes of outcomes: what counts at once, and what when another served."""

from __future__ import annotations

import pytest

from immich_ml_proxy.balancer.abilities import IN_A_ROW
from immich_ml_proxy.balancer.breaker import FIRST_OUTAGE, TRIP_AFTER
from immich_ml_proxy.balancer.limit import START
from immich_ml_proxy.balancer.outcome import Kind
from tests.balancer.backends import ABC, NOW, Backends, routed
from tests.balancer.demands import image
from tests.balancer.tries import tried

FAILURES = {Kind.FAILED, Kind.MISFIT, Kind.UNABLE, Kind.LOST, Kind.LATE}
CANNOT = "cannot do clip/visual (ViT-B-32__openai)"
LOGIN = "needs a login: 401 at /predict"
UNSERVED = [kind for kind in Kind if kind is not Kind.SERVED]


def pair() -> Backends:
    """Return two backends that are well."""
    return Backends(*ABC[:2], healthy="ab")


def busy_pair() -> Backends:
    """Return two backends with four pictures each."""
    backends = pair()
    for _ in range(START):
        backends.fill("a")
        backends.fill("b")
    return backends


@pytest.mark.parametrize("kind", UNSERVED)
def test_failures_are_counted_at_once(kind: Kind) -> None:
    """What the server may do nothing about is not; nothing is retried yet."""
    backends = pair()
    backends.failed("a", kind)
    server = backends.pool["a"]
    assert server.failed == (kind in FAILURES)
    assert (server.retried, server.ejections, server.served) == (0, 0, 0)
    assert server.breakers["clip"].failures == 0
    assert backends.pool["b"].failed == 0


@pytest.mark.parametrize("kind", UNSERVED)
def test_who_cannot_be_reached_is_unhealthy_at_once(kind: Kind) -> None:
    """Others are asked now; all else is for a ping, or for another's answer, to say."""
    backends = pair()
    backends.failed("a", kind)
    is_out = kind in (Kind.LOST, Kind.LATE)
    assert backends.pool["a"].is_healthy(NOW) is not is_out
    assert backends.flips == ([("a", "healthy", "unhealthy")] if is_out else [])
    assert backends.pool["a"].health.error == (kind.value if is_out else "")


def test_who_cannot_now_is_left_alone_for_a_second() -> None:
    """For this task only, while a ping is under way."""
    backends = pair()
    backends.failed("a", Kind.UNABLE)
    server = backends.pool["a"]
    assert not server.is_ready(image(), NOW + 0.9)
    assert server.is_ready(image(), NOW + 1.0)
    assert server.is_ready(image(task="ocr"), NOW)


def test_who_is_busy_is_left_alone_as_long_as_it_says() -> None:
    """Whatever is asked; never shorter than it said before; no breaker moves."""
    backends = busy_pair()
    server = backends.pool["a"]
    backends.failed("a", Kind.BUSY, pause=30.0)
    backends.failed("a", Kind.BUSY, pause=2.0)
    assert server.busy_until == NOW + 30.0
    assert not server.breakers
    # It was given more than it can do: 4 are 2, then 1.
    assert not server.task_limits.allow(["clip"], {"clip": 1})
    assert server.is_healthy(NOW)
    assert backends.choose() is None


@pytest.mark.parametrize("kind", UNSERVED)
def test_only_400_and_422_are_known_to_be_refused(kind: Kind) -> None:
    """500 is a server that chokes; it may choke on anything."""
    for status in (400, 422, 500):
        backends = pair()
        known = [
            backends.failed("a", kind, had_served=True, status=status) for _ in "12"
        ]
        is_opinion = kind is Kind.OPINION and status != 500
        assert known == [False, is_opinion]


def test_all_who_may_do_it_must_have_refused() -> None:
    """Who cannot is not asked, nor one of another route; whom a request has met is."""
    backends = routed("abcd")
    demand = backends.demand("ocr")

    def refuse(name: str) -> bool:
        return backends.failed(name, Kind.OPINION, demand)

    assert [refuse("a"), refuse("a"), refuse("b"), refuse("a")] == [
        False,
        False,
        False,
        True,
    ]
    backends.served("b", demand)
    for _ in range(IN_A_ROW):
        backends.pool["b"].abilities.refused(demand.need, NOW)
    assert [refuse("a"), refuse("a")] == [False, True]


@pytest.mark.parametrize("kind", UNSERVED)
def test_what_another_served_counts(kind: Kind) -> None:
    """As a failure, as an overload, as something it cannot: by its row."""
    backends = busy_pair()
    learned = backends.outdone("a", kind)
    server = backends.pool["a"]
    assert server.retried == 1
    assert server.breakers["clip"].failures == (kind in FAILURES)
    is_overload = kind in (FAILURES - {Kind.MISFIT}) | {Kind.BUSY}
    assert bool(server.task_limits) == is_overload
    cannot = kind in (Kind.OPINION, Kind.UNWILLING, Kind.OTHER_MODEL)
    assert learned == ([CANNOT] if cannot else [])
    size = image().size
    assert server.can(image(), NOW) == (not cannot and kind is not Kind.TOO_LARGE)
    assert server.abilities.cannot(NOW) == (
        ["clip/visual (ViT-B-32__openai)"]
        if cannot
        else [f"bodies of {size / 1e6:.1f} MB and more"]
        if kind is Kind.TOO_LARGE
        else []
    )
    assert backends.flips == []


@pytest.mark.parametrize("kind", [one for one in Kind if one in FAILURES])
def test_three_in_a_row_put_it_out(kind: Kind) -> None:
    """That is an ejection, and is told; further ones are none until it is back."""
    backends = pair()
    for _ in range(TRIP_AFTER + 2):
        backends.outdone("a", kind)
    server = backends.pool["a"]
    assert (server.retried, server.ejections) == (TRIP_AFTER + 2, 1)
    assert backends.flips == [("a", "healthy", "unhealthy")]
    assert not server.is_healthy(NOW + FIRST_OUTAGE - 0.1)


def test_what_it_cannot_do_ejects_nobody() -> None:
    """Not once, however often."""
    backends = pair()
    for kind in (Kind.OPINION, Kind.UNWILLING, Kind.TOO_LARGE, Kind.OTHER_MODEL) * 5:
        backends.outdone("a", kind)
    assert backends.pool["a"].ejections == 0
    assert backends.flips == []


def test_who_serves_it_itself_the_second_time_has_not_been_outdone() -> None:
    """It was away for a moment."""
    backends = pair()
    server = backends.pool["a"]
    for kind in UNSERVED:
        one = tried(server, kind, denial=LOGIN)
        by = tried(server, Kind.SERVED)
        assert backends.pool.evidence.outdone(one, by, image(), NOW) == []
    assert (server.retried, server.is_untroubled) == (0, True)
    assert server.can(image(), NOW)
    assert not server.task_limits


def test_a_denial_is_told_and_shown() -> None:
    """Of all that it is asked: unhealthy in these words; the flip is told."""
    backends = pair()
    learned = backends.outdone("a", Kind.UNWILLING, denial=LOGIN)
    assert learned == [CANNOT, LOGIN]
    assert backends.flips == [("a", "healthy", "unhealthy")]
    assert backends.pool["a"].reported(NOW).error == LOGIN
    learned = backends.outdone("a", Kind.UNWILLING, denial=LOGIN)
    assert learned == [LOGIN]
    assert len(backends.flips) == 1


def test_a_denial_of_some_is_a_note() -> None:
    """It serves others."""
    backends = pair()
    backends.served("a", image(task="ocr"))
    backends.outdone("a", Kind.UNWILLING, denial=LOGIN)
    assert backends.flips == []
    assert LOGIN in backends.pool["a"].notes(NOW)


def test_what_is_served_shows_that_it_is_well() -> None:
    """Of one that was away, denied, or out; the flip is told."""
    backends = Backends({"name": "a"})
    backends.served("a")
    assert backends.pool["a"].health.status == "healthy"
    assert backends.flips == [("a", "unknown", "healthy")]
    backends.trip("a")
    backends.served("a")
    assert backends.flips[1:] == [
        ("a", "healthy", "unhealthy"),
        ("a", "unhealthy", "healthy"),
    ]
    assert backends.pool["a"].health.last_check == NOW
    assert backends.pool["a"].served == 2


def test_a_kind_that_is_served_is_doubted_again() -> None:
    """Whoever serves it."""
    backends = pair()
    for _ in range(2):
        backends.failed("a", Kind.OPINION, had_served=True)
    backends.served("b")
    assert not backends.failed("a", Kind.OPINION, had_served=True)
