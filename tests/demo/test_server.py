"""A simulated server on the wire: connections, places, time, failures, counters."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from treq.testing import StubTreq
from twisted.internet.task import Clock

from immich_ml_proxy.demo import (
    KINDS,
    SIMULATED,
    Behaviour,
    Mode,
    SimulatedServer,
    expected_answer,
)
from tests.demo.connection import (
    FIND_FACES,
    PHOTO_SEARCH,
    PING,
    SEARCH,
    Connection,
    post,
    served,
)
from tests.demo_requests import (
    FACES,
    MULTIPART,
    PHOTO,
    TEXTUAL,
    VISUAL,
    entries_part,
    form,
    image_part,
    part,
)


@pytest.mark.parametrize(
    ("request_", "status", "body"),
    [
        (b"GET / HTTP/1.1", 200, b'{"message":"Immich ML (simulated)"}'),
        (b"GET /ping HTTP/1.1", 200, b"pong"),
        (b"GET /models HTTP/1.1", 404, b'{"detail":"Not Found"}'),
        (b"GET /predict HTTP/1.1", 405, b'{"detail":"Method Not Allowed"}'),
    ],
)
def test_every_response_says_that_it_is_simulated(
    request_: bytes, status: int, body: bytes
) -> None:
    """Nobody may take its answers for those of a model."""
    connection = Connection(SimulatedServer(Clock(), "nas"))
    got, headers, content = connection.send(
        request_ + b"\r\nHost: ml\r\n\r\n"
    ).response()
    assert (got, content) == (status, body)
    assert headers["x-simulated"] == SIMULATED
    assert headers["x-simulated-server"] == "nas"


def test_a_predict_is_answered_over_the_same_connection() -> None:
    """The connection is kept, and every answer carries its length."""
    connection = Connection(SimulatedServer(Clock(), "gpu"))
    for request, due in (
        (SEARCH, expected_answer(TEXTUAL, None, "a dog")),
        (PHOTO_SEARCH, expected_answer(VISUAL, PHOTO, None)),
    ):
        status, headers, body = connection.send(request).response()
        assert (status, headers["content-type"]) == (200, "application/json")
        assert list(json.loads(body).items()) == list(due.items())
        assert headers["x-simulated"] == SIMULATED


def test_a_chunked_upload_and_expect_continue_are_taken() -> None:
    """Not Immich's way, but other clients'."""
    body = form(entries_part(VISUAL), image_part(PHOTO))
    head = f"POST /predict HTTP/1.1\r\nHost: ml\r\nContent-Type: {MULTIPART}\r\n"
    chunked = head + "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
    connection = Connection(SimulatedServer(Clock(), "gpu")).send(chunked.encode())
    assert connection.transport.value() == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection.transport.clear()
    for piece in (body[:100], body[100:], b""):
        connection.send(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
    assert json.loads(connection.response()[2]) == expected_answer(VISUAL, PHOTO, None)


@pytest.mark.parametrize("kind", [MULTIPART, "multipart/form-data"])
def test_a_broken_form_reaches_the_service(kind: str) -> None:
    """Cut short or without a boundary, Twisted does not refuse it first."""
    body = form(entries_part(VISUAL), image_part(PHOTO))[:-300]
    connection = Connection(SimulatedServer(Clock(), "gpu")).send(post(body, kind))
    status, headers, _ = connection.response()
    assert (status, headers["x-simulated"]) == (400, SIMULATED)
    assert not connection.closed


def test_an_idle_connection_is_closed_after_two_seconds() -> None:
    """So a client's pooled connection is often stale."""
    clock = Clock()
    connection = Connection(SimulatedServer(clock, "gpu"))
    for _ in range(2):
        connection.send(PING).response()
        clock.advance(1.9)
        assert not connection.closed
    clock.advance(0.2)
    assert connection.closed
    assert clock.getDelayedCalls() == []


def test_only_a_connection_without_a_request_is_idle() -> None:
    """Neither a client that pauses in its upload nor slow work ends it."""
    clock = Clock()
    connection = Connection(SimulatedServer(clock, "gpu", Behaviour(seconds=60)))
    connection.send(SEARCH[:-10])
    clock.advance(30)
    connection.send(SEARCH[-10:])
    clock.advance(59)
    assert not connection.closed
    clock.advance(1)
    assert served(connection)
    clock.advance(2)
    assert connection.closed


def test_so_many_are_worked_on_at_once_and_the_rest_wait_in_order() -> None:
    """First come, first served; each takes the service time once it has a place."""
    clock = Clock()
    server = SimulatedServer(clock, "mac", Behaviour(seconds=1, places=2))
    clients = [Connection(server).send(SEARCH) for _ in range(5)]
    for in_progress, waiting, done in ((2, 3, 0), (2, 1, 2), (1, 0, 4), (0, 0, 5)):
        assert (server.counts.in_progress, server.counts.waiting) == (
            in_progress,
            waiting,
        )
        assert [client.answered for client in clients] == [
            number < done for number in range(5)
        ]
        clock.advance(1)
    assert server.counts.peak_in_progress == 2
    assert server.counts.served == Counter(clip=5)


def test_the_service_time_may_depend_on_the_task() -> None:
    """A request takes as long as its slowest task; an unnamed task takes none."""
    clock = Clock()
    times = {"facial-recognition": 3.0, "ocr": 5.0}
    server = SimulatedServer(clock, "gpu", Behaviour(seconds=times, places=3))
    both = post(form(entries_part(FACES | VISUAL), image_part(PHOTO)))
    search = Connection(server).send(SEARCH)
    faces, mixed = Connection(server).send(FIND_FACES), Connection(server).send(both)
    assert served(search)
    clock.advance(2.9)
    assert [faces.answered, mixed.answered] == [False, False]
    clock.advance(0.1)
    assert served(faces)
    assert served(mixed)
    assert server.counts.served == {"clip": 2, "facial-recognition": 2}


def test_a_client_that_leaves_frees_its_place() -> None:
    """Its work is cancelled, whether begun or still waiting."""
    clock = Clock()
    server = SimulatedServer(clock, "nas", Behaviour(seconds=1))
    working, waiting, last = (Connection(server).send(SEARCH) for _ in range(3))
    clock.advance(0.5)
    waiting.leave()
    assert (server.counts.in_progress, server.counts.waiting) == (1, 1)
    working.leave()
    assert (server.counts.in_progress, server.counts.waiting) == (1, 0)
    clock.advance(0.9)
    assert not last.answered
    clock.advance(0.1)
    assert served(last)
    assert server.counts.served == {"clip": 1}
    assert (server.counts.predicts, server.counts.in_progress) == (3, 0)


def test_a_refused_request_takes_no_place_and_no_time() -> None:
    """Only what is worked on waits for its turn, and only that is counted as served."""
    server = SimulatedServer(Clock(), "nas", Behaviour(seconds=1))
    Connection(server).send(SEARCH)
    broken = Connection(server).send(post(form(entries_part(VISUAL))))
    assert broken.response()[0] == 400
    assert (server.counts.predicts, server.counts.waiting, server.counts.served) == (
        2,
        0,
        {},
    )


@pytest.mark.parametrize(
    ("mode", "ping", "predict"),
    [
        ("up", 200, 200),
        ("hang", 200, None),
        ("hang_all", None, None),
        ("error", 200, 500),
        ("ping_error", 503, 200),
    ],
)
def test_a_mode_decides_what_fails(
    mode: Mode, ping: int | None, predict: int | None
) -> None:
    """What hangs is never answered, not even later, and is over when the client is."""
    clock = Clock()
    server = SimulatedServer(clock, "gpu")
    server.behaviour = KINDS[mode]
    clients = [Connection(server).send(PING), Connection(server).send(SEARCH)]
    clock.advance(1)
    got = [client.response()[0] if client.answered else None for client in clients]
    assert got == [ping, predict]
    assert server.counts.hanging == [ping, predict].count(None)
    server.behaviour = KINDS["up"]
    assert served(Connection(server).send(SEARCH))
    clock.advance(1000)
    for client in clients:
        if not client.closed:
            assert not client.answered
            client.leave()
    assert server.counts.hanging == 0
    assert (server.counts.pings, server.counts.predicts) == (1, 2)


def test_it_can_be_used_in_memory_by_a_client() -> None:
    """``server.app.resource()`` behind treq's in-memory agent is a whole server."""
    server = SimulatedServer(Clock(), "gpu")
    client: Any = StubTreq(server.app.resource())
    headers = {"Content-Type": MULTIPART}
    body = form(entries_part(TEXTUAL), part("text", b"a dog"))
    asked = client.post("http://gpu/predict", data=body, headers=headers)
    answers: list[object] = []
    asked.addCallback(client.json_content).addCallback(answers.append)
    assert answers == [expected_answer(TEXTUAL, None, "a dog")]
