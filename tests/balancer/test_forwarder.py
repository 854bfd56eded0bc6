"""A group on its way: what an outcome means for the backend and for the group."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from twisted.logger import capturedLogs, formatEvent

from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.errors import BackendFailed, ProxyError, TimedOut, Unavailable
from immich_ml_proxy.upstream.body_producer import Splice
from tests.balancer.forwarding import REFUSED, Forward, pictured
from tests.demo_requests import MULTIPART, VISUAL
from tests.fakes import Fleet, document, says, serve, switch
from tests.records.reading import records_of
from tests.upstream.sending import HALF, PHOTO

FAILURES = [
    (lambda fleet: fleet.network.close("a"), "connection refused"),
    (
        lambda fleet: fleet.network.unreachable.add("a"),
        "connecting timed out after 2 s",
    ),
    (switch("a", silent=True), "timed out after 30 s"),
    (
        says("a", HALF, hang_up=True),
        "broke off its answer",
    ),
]
#: It was reached: what it is said to be rests with its pings, and with others.
IN_VAIN = [
    (switch("a", status=500), "answered 500"),
    (switch("a", status=503), "answered 503"),
    (switch("a", status=302), "answered 302"),
    (switch("a", status=422), "answered 422"),
    (switch("a", status=404), "answered 404"),
    (switch("a", status=429), "answered 429"),
    (switch("a", status=413, answer=b"too large"), "answered 413: too large"),
    (switch("a", answer=b"[1]"), "answers an array, not an object"),
    (switch("a", answer=b""), "answers nothing"),
    (switch("a", answer=b'{"clip": '), "answers what is not JSON; "),
]


@pytest.mark.parametrize("status", [200, 201, 299])
def test_a_2xx_with_an_object_is_served_and_healthy(status: int) -> None:
    """The reply is given as it came."""
    fleet = Fleet("a", "b")
    fleet.network.advance(7)
    fleet["a"].status = status
    served = Forward(fleet).served
    assert (served.backend, served.reply.status) == ("a", status)
    assert json.loads(served.reply.body)["clip"] == "a"
    assert fleet.asked == ["a"]
    assert fleet.health("a").status == "healthy"
    assert fleet.health("a").last_check == 7
    assert fleet.health("b").status == "unknown"
    assert fleet["a"].pings == 0


@pytest.mark.parametrize(("fail", "reason"), FAILURES)
def test_a_failure_is_taken_to_the_next_backend(
    fail: Callable[[Fleet], None], reason: str
) -> None:
    """Who cannot be reached is unhealthy, and is pinged at once."""
    fleet = Fleet("a", "b", requestTimeout=30)
    fail(fleet)
    forward = Forward(fleet)
    fleet.network.advance(30)
    assert forward.served.backend == "b"
    assert fleet.flips[0] == ("a", reason)
    assert fleet.asked[-1] == "b"
    assert len(fleet["a"].predicts) + len(fleet["b"].predicts) <= 2
    # The ping comes over the same connection, if there is one left.
    dialled = [host for host, _ in fleet.network.dialled].count("a")
    assert dialled + fleet["a"].pings >= 2


@pytest.mark.parametrize(("fail", "reason"), IN_VAIN)
def test_what_one_does_not_serve_another_does(
    fail: Callable[[Fleet], None], reason: str
) -> None:
    """Whatever it answered; the log says what. Nobody is unhealthy for it."""
    fleet = Fleet("a", "b")
    for server in fleet.pool:
        fleet.pool.evidence.observe(server, None, 0.0)
    fleet.flips.clear()
    fail(fleet)
    with capturedLogs() as events:
        assert Forward(fleet).served.backend == "b"
    told = [formatEvent(one) for one in events if "trace_id" in one]
    assert told[0].startswith(f"a {reason}"), told
    assert told[0].endswith(" (clip/visual, request trace)")
    assert len(told) == 1
    assert (fleet.asked, fleet.flips[1:]) == (["a", "b"], [])
    assert fleet.timers == []


def test_every_backend_is_asked_at_most_once() -> None:
    """Then the group has failed, and all of them are named with their reasons."""
    fleet = Fleet("a", "b", "c")
    fleet["a"].answer = b"[]"
    fleet.network.close("b")
    fleet["c"].status = 500
    error = Forward(fleet, wait=REFUSED).error
    assert isinstance(error, BackendFailed)
    group, _, told = str(error).partition(": ")
    assert group == "clip/visual"
    assert sorted(told.split("; ")) == [
        "a answers an array, not an object",
        "b connection refused",
        "c answered 500",
    ]
    assert sorted(error.backends) == ["a", "b", "c"]
    assert sorted(fleet.asked) == ["a", "c"]
    assert len(fleet["a"].predicts) == len(fleet["c"].predicts) == 1


def test_a_second_500_ends_it() -> None:
    """If two servers choke on what they usually do, the request is the culprit."""
    fleet = Fleet("a", "b", "c", "d", "e")
    for server in fleet.pool:
        fleet.pool.evidence.served(server, pictured(fleet), 0.0)
    fleet.network.close("a")
    for name in "bcde":
        fleet[name].status = 500
    error = Forward(fleet, wait=REFUSED).error
    assert isinstance(error, BackendFailed)
    first, second = fleet.asked
    assert error.backends == ("a", first, second)
    assert str(error) == (
        f"clip/visual: a connection refused; {first} answered 500; "
        f"{second} answered 500"
    )


@pytest.mark.parametrize(
    ("seconds", "kind", "told"),
    [
        ((30, 30), TimedOut, "a timed out after 30 s; b timed out after 30 s"),
        ((0, 30), TimedOut, "a connection refused; b timed out after 30 s"),
        ((30, 0), BackendFailed, "a timed out after 30 s; b connection refused"),
    ],
)
def test_the_last_reason_decides_between_502_and_504(
    seconds: tuple[int, int], kind: type[ProxyError], told: str
) -> None:
    """504 says: trying again later may help."""
    fleet = Fleet("a", "b", requestTimeout=30)
    for name, wait in zip("ab", seconds, strict=True):
        if wait:
            fleet[name].silent = True
        else:
            fleet.network.close(name)
    forward = Forward(fleet, wait=sum(seconds) + REFUSED)
    assert type(forward.error) is kind
    assert forward.error.status == (504 if kind is TimedOut else 502)
    assert str(forward.error) == f"clip/visual: {told}"


@pytest.mark.parametrize("names", ["b", ""])
def test_a_route_whose_backends_are_gone_is_looked_up_again(names: str) -> None:
    """A new configuration came in between; 503 when it has no backends at all."""
    fleet = Fleet("a")
    fleet.fakes |= serve(fleet.network, "b")
    fleet.pool.reconfigure(config_document.parse(msgspec.json.encode(document(*names))))
    forward = Forward(fleet)
    if names:
        assert forward.served.backend == "b"
    else:
        assert isinstance(forward.error, Unavailable)
        assert str(forward.error) == "clip/visual: there is no machine to ask"
        assert (forward.error.status, forward.error.retry_after) == (503, 5)


def test_the_form_goes_on_byte_for_byte() -> None:
    """With its own Content-Type, and the name of the request."""
    fleet = Fleet("a")
    Forward(fleet)
    [received] = fleet["a"].predicts
    assert received.body == PHOTO
    assert received.headers["content-type"] == MULTIPART
    assert received.headers["x-request-id"] == "trace"
    assert received.headers["accept"] == "*/*"


@pytest.mark.parametrize("fails", [False, True])
def test_only_entries_are_replaced(fails: bool) -> None:
    """The next backend gets the same bytes as the first one did."""
    fleet = Fleet("a", "b")
    fleet.recorder.enabled = True
    fleet["a"].status = 500 if fails else 200
    whole = PHOTO
    old = json.dumps(VISUAL).encode()
    start = whole.index(old)
    Forward(fleet, Splice(start, start + len(old), b'{"ocr": {}}'))
    due = whole.replace(old, b'{"ocr": {}}')
    bodies = [one.body for name in "ab" for one in fleet[name].predicts]
    assert bodies == [due] * (1 + fails)
    records: Any = records_of(fleet.recorder)
    shown = [one.request.body.parts[0].value for one in records if one.request.body]
    assert shown == ['{"ocr": {}}'] * (1 + fails)


def test_waiting_and_work_are_told_apart() -> None:
    """``waited`` is what the proxy and failed servers cost, ``took`` the server."""
    fleet = Fleet("a", "b", requestTimeout=30)
    fleet["a"].silent = fleet["b"].silent = True
    forward = Forward(fleet)
    fleet.network.advance(34)
    fleet["b"].speak()
    fleet.network.flush()
    assert (forward.served.waited, forward.served.took) == (30, 4)


def test_load_is_spread_in_turns() -> None:
    """All of the route's servers are kept busy."""
    fleet = Fleet("a", "b", "c")
    for server in fleet.pool:
        fleet.pool.evidence.observe(server, None, 0)
    assert [Forward(fleet).served.backend for _ in range(6)] == list("abcabc")


def test_a_failure_is_logged_in_a_line() -> None:
    """It names server, group, reason and request."""
    fleet = Fleet("a", "b")
    fleet["a"].status = 500
    with capturedLogs() as events:
        Forward(fleet)
    told = [formatEvent(one) for one in events if "trace_id" in one]
    assert told == ["a answered 500 (clip/visual, request trace)"]
