"""Answers that break off, at every position: none is passed on, another is asked."""

from __future__ import annotations

import json

import pytest

from tests.balancer.forwarding import Forward
from tests.fakes import Fleet, says

#: Of a model that nobody knows: a few numbers are enough.
ENTRIES = {"clip": {"visual": {"modelName": "our-own"}}}
#: What another server answers: it is told apart by its numbers.
OTHERS = json.dumps({"clip": str([0.25] * 4), "imageHeight": 3, "imageWidth": 4})
BODY = json.dumps({"clip": str([0.5] * 4), "imageHeight": 3, "imageWidth": 4}).encode()
JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKS = (BODY[:9], BODY[9:30], BODY[30:], b"")
ANSWERS = {
    "sized": JSON + b"Content-Length: %d\r\n\r\n%b" % (len(BODY), BODY),
    "in chunks": JSON + b"Transfer-Encoding: chunked\r\n\r\n"
    + b"".join(b"%x\r\n%b\r\n" % (len(one), one) for one in CHUNKS),
    "until the end": JSON + b"\r\n" + BODY,
}  # fmt: skip
ORDERLY, LOST = "closed", "lost"


def forwarded(said: bytes, end: str) -> tuple[Fleet, Forward]:
    """Return what becomes of a picture whose first server says this and is gone."""
    fleet = Fleet("a", "b", checkAnswers="full")
    fleet["b"].answer = OTHERS.encode()
    says("a", said, hang_up=end == ORDERLY)(fleet)
    forward = Forward(fleet, entries=ENTRIES)
    if end == LOST:
        fleet.network.close("a")
        fleet.network.flush()
    return fleet, forward


def check_nothing_left(fleet: Fleet) -> None:
    """No place is taken; no connection to the one that broke off, no timer, is left."""
    assert [server.in_flight for server in fleet.pool] == [0, 0]
    assert not any(one.is_open for one in fleet.connections_to("a"))
    fleet.connections.close()
    fleet.network.advance(60)
    assert not any(one.is_open for one in fleet.network.connections)
    assert fleet.network.getDelayedCalls() == []


@pytest.mark.parametrize("end", [ORDERLY, LOST])
@pytest.mark.parametrize("kind", ANSWERS)
def test_what_is_cut_short_is_no_answer_wherever_it_is_cut(kind: str, end: str) -> None:
    """After each byte of head and body: another server's answer is passed on, once."""
    whole = ANSWERS[kind]
    # Where only an orderly end tells that it is whole, one that is lost never is.
    cuts = len(whole) + (kind == "until the end" and end == LOST)
    for cut in range(cuts):
        fleet, forward = forwarded(whole[:cut], end)
        served = forward.served
        assert (served.backend, len(fleet["b"].predicts)) == ("b", 1), cut
        assert json.loads(served.reply.body) == json.loads(OTHERS), cut
        check_nothing_left(fleet)


@pytest.mark.parametrize("kind", ANSWERS)
def test_the_same_answer_is_passed_on_when_it_is_whole(kind: str) -> None:
    """So it was the cut that the other was asked for."""
    fleet, forward = forwarded(ANSWERS[kind], ORDERLY)
    assert (forward.served.backend, forward.served.reply.body) == ("a", BODY)
    assert fleet["b"].predicts == []
    check_nothing_left(fleet)
