"""What befalls a simulated server's requests, on the wire: faults, loads, overload."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from twisted.internet.task import Clock

from immich_ml_proxy.demo import (
    KINDS,
    Behaviour,
    Fault,
    SimulatedServer,
)
from immich_ml_proxy.demo.fronts import LOGIN
from tests.demo.connection import (
    FIND_FACES,
    PHOTO_SEARCH,
    PING,
    READ_TEXT,
    SEARCH,
    Connection,
    ask,
    get,
    post,
    served,
)
from tests.demo_requests import (
    LINE,
    MULTIPART,
    PHOTO,
    TEXTUAL,
    entries_part,
    form,
    image_part,
)


def server(
    clock: Clock | None = None, *faults: Fault, **fields: Any
) -> SimulatedServer:
    """Return a server of this behaviour."""
    behaviour = Behaviour(faults=faults, **fields)
    return SimulatedServer(clock or Clock(), "gpu", behaviour)


def statuses(there: SimulatedServer, request: bytes, count: int) -> list[int]:
    """Return the statuses that so many requests are answered with."""
    return [ask(there, request)[0] for _ in range(count)]


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (500, "text/plain; charset=utf-8", b"Internal Server Error"),
        (503, "application/json", b'{"detail":"Service Unavailable"}'),
        (429, "application/json", b'{"detail":"Too Many Requests"}'),
        (401, "application/json", b'{"detail":"Unauthorized"}'),
    ],
)
def test_a_status_is_answered_as_the_service_writes_it(
    status: int, kind: str, body: bytes
) -> None:
    """A crash is bare text, all else FastAPI's JSON; a ping is still well."""
    there = server(None, Fault(what=status))
    got, headers, content = ask(there, SEARCH)
    assert (got, headers["content-type"], content) == (status, kind, body)
    assert "retry-after" not in headers
    assert ask(there, PING)[2] == b"pong"
    assert there.counts.outcomes == {"clip": {str(status): 1}}
    assert there.counts.served == {}


@pytest.mark.parametrize(
    ("status", "title"),
    [(502, b"502 Bad Gateway"), (521, b"521 Web server is down")],
)
def test_a_gateway_answers_everything_with_a_page(status: int, title: bytes) -> None:
    """Whatever is asked, and it is no JSON."""
    there = server(None, Fault(what=status, at="all", html=True))
    for request in (SEARCH, PING, get("/"), get("/api/server/ping")):
        got, headers, body = ask(there, request)
        assert (got, headers["content-type"]) == (status, "text/html")
        assert b"<title>" + title + b"</title>" in body


def test_retry_after_is_sent_as_it_is_or_as_a_date() -> None:
    """Seconds, rubbish, or a date so many seconds from now."""
    for value, due in (
        ("5", "5"),
        ("soon", "soon"),
        ("-1", "-1"),
        ("date+30", "Sun, 09 Sep 2001 01:47:10 GMT"),
    ):
        there = server(None, Fault(what=429, retry_after=value))
        there.wall = lambda: 1_000_000_000.0
        assert ask(there, SEARCH)[1]["retry-after"] == due.lower()


def test_a_fault_befalls_each_nth_and_passes() -> None:
    """The first few, each third, or for a time, counted per fault."""
    clock = Clock()
    assert statuses(server(clock, Fault(what=503, first=2)), SEARCH, 4) == [
        *(503, 503),
        *(200, 200),
    ]
    assert statuses(server(clock, Fault(what=503, every=3)), SEARCH, 6) == [
        *(200, 200, 503),
        *(200, 200, 503),
    ]
    passing = server(clock, Fault(what=503, seconds=10))
    assert statuses(passing, SEARCH, 1) == [503]
    clock.advance(10)
    assert statuses(passing, SEARCH, 1) == [200]
    both = server(clock, Fault(what=429, first=1), Fault(what=502, every=2))
    assert statuses(both, SEARCH, 4) == [429, 200, 502, 200]


def test_a_fault_may_be_of_a_task_alone() -> None:
    """A server that fails OCR goes on with searches."""
    there = server(None, Fault(what=500, tasks=("ocr",)))
    assert statuses(there, READ_TEXT, 2) == [500, 500]
    assert statuses(there, SEARCH, 2) == [200, 200]
    assert there.counts.outcomes == {"ocr": {"500": 2}, "clip": {"200": 2}}


@pytest.mark.parametrize("what", ["drop", "reset", "cut"])
def test_a_connection_breaks_off(what: Any) -> None:
    """Before the answer, or in its middle; the next one is well."""
    clock = Clock()
    there = server(clock, Fault(what=what, first=1))
    connection = Connection(there).send(PHOTO_SEARCH)
    clock.advance(0)
    assert connection.closed
    head, _, body = connection.transport.value().partition(b"\r\n\r\n")
    whole = ask(there, PHOTO_SEARCH)[2]
    # What StringTransport calls a connection that was aborted.
    assert connection.transport.disconnected == (what == "reset")
    if what != "cut":
        assert head == b""
    else:
        assert head.startswith(b"HTTP/1.1 200 ")
        assert f"\r\nContent-Length: {len(whole)}\r\n".encode() in head
        assert whole.startswith(body)
        assert 0 < len(body) < len(whole)
    assert there.counts.outcomes == {"clip": {what: 1, "200": 1}}
    assert there.counts.in_progress == 0


def test_a_cut_answer_takes_its_time() -> None:
    """It is the right one, worked out like any other."""
    clock = Clock()
    there = server(clock, Fault(what="cut"), seconds=3)
    connection = Connection(there).send(SEARCH)
    clock.advance(2.9)
    assert not connection.answered
    clock.advance(0.2)
    assert connection.answered
    clock.advance(0)
    assert connection.closed


def test_a_cut_refusal_keeps_its_status() -> None:
    """What is cut is whatever would have been answered."""
    clock = Clock()
    connection = Connection(server(clock, Fault(what="cut"), cannot=("clip",)))
    connection.send(SEARCH)
    clock.advance(0)
    assert connection.transport.value().startswith(b"HTTP/1.1 400 ")
    assert connection.closed


def test_a_client_that_leaves_is_counted_as_such() -> None:
    """So a test sees whom the proxy did not wait for."""
    there = server(Clock(), seconds=5)
    Connection(there).send(SEARCH).leave()
    hanging = server(None, Fault(what="hang"))
    Connection(hanging).send(SEARCH).leave()
    for one in (there, hanging):
        assert one.counts.outcomes == {"clip": {"left": 1}}


def test_a_ping_may_take_its_time_and_say_anything() -> None:
    """A slow one still comes; another word than pong is no ML service's."""
    clock = Clock()
    there = server(clock, ping_delay=3, ping_body="OK")
    connection = Connection(there).send(PING)
    clock.advance(2.9)
    assert not connection.answered
    clock.advance(0.1)
    assert connection.response()[::2] == (200, b"OK")


def test_the_first_request_for_a_model_waits_until_it_is_loaded() -> None:
    """Others for it wait for the same load; each model has one of its own."""
    clock = Clock()
    there = server(clock, load_seconds=8, seconds=1, places=9)
    first = Connection(there).send(SEARCH)
    clock.pump([1] * 5)
    second, faces = Connection(there).send(SEARCH), Connection(there).send(FIND_FACES)
    clock.pump([1] * 3)
    assert not first.answered
    clock.pump([1])
    assert [served(first), served(second), served(faces)] == [True, True, False]
    clock.pump([1] * 5)
    assert served(faces)
    # Text, faces' two types: what is loaded is warm from now on.
    assert there.counts.loads == 3
    warm = [Connection(there).send(SEARCH), Connection(there).send(FIND_FACES)]
    clock.advance(1)
    assert [served(one) for one in warm] == [True, True]
    photo = Connection(there).send(PHOTO_SEARCH)
    clock.pump([1] * 8)
    assert not photo.answered
    clock.pump([1])
    assert served(photo)


def test_a_load_goes_on_when_its_client_leaves() -> None:
    """What has begun 404 seconds ago is not begun again."""
    clock = Clock()
    there = server(clock, load_seconds=404)
    Connection(there).send(SEARCH).leave()
    assert there.counts.in_progress == 0
    clock.advance(404)
    assert served(Connection(there).send(SEARCH))
    assert there.counts.loads == 1


def test_ocr_is_loaded_again_for_another_resolution() -> None:
    """A compiled model is of one shape."""
    clock = Clock()
    there = server(clock, load_seconds=85)
    for loads, resolution in ((1, 736), (1, 736), (2, 1024)):
        entry = LINE | {"options": {"maxResolution": resolution}}
        entries = entries_part({"ocr": {"detection": entry}})
        connection = Connection(there).send(post(form(entries, image_part(PHOTO))))
        clock.advance(85)
        assert served(connection)
        assert there.counts.loads == loads


@pytest.mark.parametrize("status", [500, 503])
def test_a_full_server_refuses_at_once(status: int) -> None:
    """Who waits counts, too; when one is done there is room again."""
    clock = Clock()
    there = server(clock, seconds=1, places=2, full_at=3, full_with=status)
    working = [Connection(there).send(SEARCH) for _ in range(3)]
    assert ask(there, SEARCH)[0] == status
    clock.advance(1)
    assert [served(one) for one in working] == [True, True, False]
    later = Connection(there).send(SEARCH)
    assert not later.answered
    assert there.counts.peak_in_progress == 2
    assert there.counts.outcomes["clip"] == {str(status): 1, "200": 2}


def test_a_full_server_may_say_when_to_come_back() -> None:
    """Which tells that it is busy, not broken."""
    there = server(Clock(), seconds=1, full_at=1, full_retry_after="2")
    Connection(there).send(SEARCH)
    status, headers, _ = ask(there, SEARCH)
    assert (status, headers["retry-after"]) == (503, "2")


def test_a_behaviour_holds_for_requests_yet_to_come() -> None:
    """Those under way end as they began, in their own places."""
    clock = Clock()
    there = server(clock, seconds=10)
    before = [Connection(there).send(SEARCH) for _ in range(2)]
    there.behaviour = Behaviour(places=2, seconds=1)
    after = [Connection(there).send(SEARCH) for _ in range(2)]
    clock.advance(1)
    assert [served(one) for one in after] == [True, True]
    clock.advance(9)
    assert [served(one) for one in before] == [True, False]
    clock.advance(10)
    assert served(before[1])
    assert there.counts.in_progress == there.counts.waiting == 0


def test_a_behaviour_set_anew_begins_anew() -> None:
    """Its faults count from one, and no model is loaded."""
    clock = Clock()
    there = server(clock, Fault(what=503, first=1))
    assert statuses(there, SEARCH, 2) == [503, 200]
    there.behaviour = Behaviour(faults=there.behaviour.faults)
    assert statuses(there, SEARCH, 2) == [503, 200]
    assert there.counts.loads == 2


def test_immich_itself_is_no_ml_service() -> None:
    """It answers its own ping, a page to any GET, and JSON to what it cannot."""
    there = server(None, front="immich")
    assert ask(there, get("/api/server/ping"))[::2] == (200, b'{"res":"pong"}')
    for path in ("/ping", "/"):
        status, headers, body = ask(there, get(path))
        assert (status, headers["content-type"]) == (200, "text/html")
        assert b"<title>Immich</title>" in body
    status, _, body = ask(there, SEARCH)
    assert (status, json.loads(body)["message"]) == (404, "Cannot POST /predict")
    assert ask(there, get("/api/queues"))[0] == 404


def test_a_login_is_before_everything() -> None:
    """As a redirect elsewhere, or as a page with 200."""
    for request in (SEARCH, PING, get("/")):
        status, headers, _ = ask(server(None, front="login"), request)
        assert (status, headers["location"]) == (302, LOGIN.lower())
        status, headers, body = ask(server(None, front="login_page"), request)
        assert (status, headers["content-type"]) == (200, "text/html")
        assert b'type="password"' in body


def test_a_body_too_large_is_refused_before_it_is_read() -> None:
    """As a gateway does, which then closes; what just fits is taken."""
    clock, size = Clock(), len(PHOTO_SEARCH.partition(b"\r\n\r\n")[2])
    fits, there = server(clock, max_body=size), server(clock, max_body=size - 1)
    assert ask(fits, PHOTO_SEARCH)[0] == 200
    connection = Connection(there).send(PHOTO_SEARCH[:-size])
    assert connection.answered
    connection.send(PHOTO_SEARCH[-size:])
    assert connection.closed
    status, headers, body = connection.response()
    assert (status, headers["connection"]) == (413, "close")
    assert b"413 Request Entity Too Large" in body
    assert there.counts.outcomes == {"": {"413": 1}}
    assert there.counts.predicts == 1


def test_a_client_that_stops_sending_what_nobody_reads_is_left() -> None:
    """It has no longer than one that is idle."""
    clock = Clock()
    connection = Connection(server(clock, max_body=9)).send(PHOTO_SEARCH[:-9])
    clock.advance(1.9)
    assert not connection.closed
    clock.advance(0.2)
    assert connection.closed


def test_a_chunked_body_is_too_large_when_it_has_come() -> None:
    """Nobody knew before."""
    there = server(None, max_body=1000)
    head = f"POST /predict HTTP/1.1\r\nHost: ml\r\nContent-Type: {MULTIPART}\r\n"
    body = form(entries_part(TEXTUAL), image_part(PHOTO))
    chunk = f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
    chunked = f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + chunk
    assert ask(there, chunked)[0] == 413


def test_an_idle_server_exits_once() -> None:
    """So long after the last predict; it forgets its models, and is asked again."""
    clock = Clock()
    there = server(clock, idle_exit=300, seconds=10)
    exits: list[float] = []
    there.exit = lambda: exits.append(clock.seconds())
    for _ in range(2):
        Connection(there).send(SEARCH)
        clock.pump([10] * 20)
    ask(there, PING)
    clock.pump([10] * 10)
    assert exits == []
    clock.pump([10])
    assert exits == [200 + 10 + 300]
    clock.advance(1000)
    assert there.counts.exits == len(exits) == 1
    Connection(there).send(SEARCH)
    assert there.counts.loads == 2


def test_a_server_that_shall_not_exit_any_more_does_not() -> None:
    """Neither under another behaviour, nor when it is stopped."""
    clock = Clock()
    for end in ("behaviour", "stop"):
        there = server(clock, idle_exit=300)
        assert ask(there, SEARCH)[0] == 200
        if end == "behaviour":
            there.behaviour = Behaviour()
        else:
            there.stop()
        clock.advance(1000)
        assert there.counts.exits == 0


def behaviour_of(there: SimulatedServer, document: object) -> tuple[int, Any]:
    """Change the behaviour over HTTP; return status and JSON."""
    body = json.dumps(document).encode()
    head = f"POST /demo/behaviour HTTP/1.1\r\nHost: ml\r\nContent-Length: {len(body)}"
    status, _, answer = ask(there, head.encode() + b"\r\n\r\n" + body)
    return status, json.loads(answer)


def test_a_behaviour_is_changed_over_http() -> None:
    """Fields alone, or all that a kind sets; and is shown as it is then."""
    there = server(None, cannot=("ocr",))
    assert behaviour_of(there, {"refuse_with": 501})[0] == 200
    assert statuses(there, READ_TEXT, 1) == [501]
    status, document = behaviour_of(there, {"kind": "error", "places": 2})
    assert (status, document["places"], document["cannot"]) == (200, 2, [])
    assert statuses(there, SEARCH, 1) == [500]
    assert json.loads(ask(there, get("/demo/behaviour"))[2]) == document
    # Whatever stands before the service, this is the test's own way in.
    there.behaviour = KINDS["login"]
    assert behaviour_of(there, {"kind": "v2"})[0] == 200
    assert statuses(there, SEARCH, 1) == [200]


def test_a_behaviour_that_cannot_be_changes_nothing() -> None:
    """The answer says which field."""
    there = server(None, places=2)
    status, document = behaviour_of(there, {"seconds": 1, "place": 3})
    assert (status, document) == (422, {"detail": "unknown fields: place"})
    assert there.behaviour == Behaviour(places=2)
    assert ask(there, get("/demo/other"))[0] == 404


def test_the_counters_are_shown_over_http() -> None:
    """By task and by what became of it; the controls themselves are no requests."""
    there = server(Clock(), cannot=("ocr",), seconds=1)
    working = Connection(there).send(SEARCH)
    assert statuses(there, READ_TEXT, 2) == [400, 400]
    ask(there, PING)
    document = json.loads(ask(there, get("/demo/counts"))[2])
    assert document == {
        **{"name": "gpu", "pings": 1, "predicts": 3, "served": {}},
        "outcomes": {"ocr": {"400": 2}},
        **{"in_progress": 1, "peak_in_progress": 1, "waiting": 0},
        **{"hanging": 0, "loads": 1, "exits": 0},
    }
    assert not working.answered


def test_a_request_for_several_tasks_counts_for_each() -> None:
    """And one whose form cannot be read for none."""
    there = server()
    ask(there, post(form(entries_part({"clip": {}, "ocr": {}}), image_part(PHOTO))))
    ask(there, post(b""))
    once = Counter({"200": 1})
    assert there.counts.outcomes == {"clip": once, "ocr": once, "": {"422": 1}}
    assert there.counts.served == {"clip": 1, "ocr": 1}
