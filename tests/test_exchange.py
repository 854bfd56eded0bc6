"""One request to one backend: its whole answer, or why there is none."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import CancelledError
from twisted.internet.error import ConnectError, NoRouteError, TCPTimedOutError
from twisted.internet.error import TimeoutError as ConnectTimeout
from twisted.python.failure import Failure
from twisted.web.http_headers import Headers

from immich_ml_proxy.body_reader import BodyReader
from immich_ml_proxy.core.body import Body
from immich_ml_proxy.core.config import Backend
from immich_ml_proxy.exchange import (
    MAX_ANSWER,
    ExchangeFailed,
    Outgoing,
    Reply,
    in_words,
)
from tests.demo_requests import MULTIPART, VISUAL
from tests.fakes import Fleet, Script, outcome
from tests.memory_proxy import photo_form

PING = Outgoing("GET", "/ping", Headers({b"Accept": [b"*/*"]}), "trace")
HEAD = b"HTTP/1.1 200 OK\r\n"


def predict(body: Body) -> Outgoing:
    """Return a predict with this body, which may still be arriving."""
    return Outgoing(
        method="POST",
        path="/predict",
        headers=Headers({b"Content-Type": [MULTIPART.encode()]}),
        trace_id="trace",
        make_body=lambda: BodyReader(body),
        chunks=lambda: body.chunks,
    )


def arriving() -> Body:
    """Return a body of which the last ten bytes are still under way."""
    whole = photo_form(VISUAL)
    body = Body(len(whole))
    body.append(whole[:-10])
    return body


def arrived() -> Body:
    """Return a body that is complete."""
    body = arriving()
    body.append(photo_form(VISUAL)[-10:])
    body.finish()
    return body


class Sending:
    """
    An exchange with the backend ``gpu`` of a fleet.

    :ivar results: gets the reply or the failure.
    """

    def __init__(
        self,
        fleet: Fleet,
        outgoing: Outgoing = PING,
        timeout: float = 5,
        url: str = "http://gpu:3003",
    ) -> None:
        backend = Backend(name="gpu", url=url)
        self.deferred = fleet.exchange.send(backend, outgoing, timeout)
        self.results = outcome(self.deferred)
        fleet.network.flush()

    @property
    def reply(self) -> Reply:
        """The reply that came."""
        assert isinstance(self.results[0], Reply), self.results
        return self.results[0]

    @property
    def failed(self) -> ExchangeFailed:
        """Why none came."""
        failure: Any = self.results[0]
        assert isinstance(failure, Failure)
        assert isinstance(failure.value, ExchangeFailed), failure
        return failure.value

    @property
    def cancelled(self) -> bool:
        """Whether it ended as cancelled."""
        return [one.type for one in self.results] == [CancelledError]


def says(said: bytes, hang_up: bool = False) -> Callable[[Fleet], object]:
    """Return what makes ``gpu`` say some raw bytes."""
    return lambda fleet: fleet.network.serve("gpu", Script(said, hang_up))


@pytest.mark.parametrize(
    ("prepare", "words", "timed_out"),
    [
        (lambda fleet: fleet.network.close("gpu"), "connection refused", False),
        (
            lambda fleet: fleet.network.names.addresses.clear(),
            "host name not found",
            False,
        ),
        (
            lambda fleet: fleet.network.unreachable.add("gpu"),
            "connecting timed out after 2 s",
            True,
        ),
        (
            lambda fleet: fleet.network.names.silent.add("gpu"),
            "connecting timed out after 2 s",
            True,
        ),
        (
            lambda fleet: setattr(fleet["gpu"], "silent", True),
            "timed out after 5 s",
            True,
        ),
        (
            says(HEAD + b"Content-Length: 10\r\n\r\nabc"),
            "timed out after 5 s",
            True,
        ),
        (says(b"", True), "closed the connection without an answer", False),
        (
            says(HEAD + b"Content-Length: 10\r\n\r\nabc", True),
            "broke off its answer",
            False,
        ),
        (says(HEAD + b"Content-", True), "broke off its answer", False),
        (
            says(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab", True),
            "broke off its answer",
            False,
        ),
        (says(b"SSH-2.0-OpenSSH_9.9\r\n"), "connection failed: ", False),
    ],
)
def test_a_failure_is_told_in_words(
    prepare: Callable[[Fleet], object], words: str, timed_out: bool
) -> None:
    """A person reads them on the page and knows what to look at."""
    fleet = Fleet("gpu")
    prepare(fleet)
    sending = Sending(fleet)
    fleet.network.advance(5)
    assert str(sending.failed).startswith(words)
    assert sending.failed.timed_out is timed_out
    assert sending.failed.status == 0
    fleet.network.advance(2)
    assert fleet.network.getDelayedCalls() == []
    assert not any(link.is_open for link in fleet.network.links)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (NoRouteError(113), "no route to host"),
        (ConnectError(99), "connecting failed"),
        (TCPTimedOutError(110), "connecting failed"),
        (ConnectTimeout(), "connecting timed out"),
        (ZeroDivisionError("by zero"), "ZeroDivisionError: by zero"),
    ],
)
def test_other_errors_have_words_too(error: Exception, words: str) -> None:
    """Those of the operating system, and what nobody has thought of."""
    assert in_words(error) == words


@pytest.mark.parametrize("status", [200, 204, 302, 404, 500])
def test_any_status_is_an_answer(status: int) -> None:
    """Judging it is not the exchange's business; nor are redirects followed."""
    fleet = Fleet("gpu")
    fleet["gpu"].ping_status = status
    fleet["gpu"].headers |= {"Location": "http://gpu:3003/other", "X-Other": "1"}
    reply = Sending(fleet).reply
    assert reply.status == status
    assert reply.headers.getRawHeaders(b"X-Other") == [b"1"]
    assert len(fleet["gpu"].received) == 1


def test_an_answer_may_come_compressed_or_without_a_length() -> None:
    """It is decoded, and ends with its connection."""
    fleet = Fleet("gpu")
    packed = gzip.compress(b'{"clip": 1}')
    says(HEAD + b"Content-Encoding: gzip\r\n\r\n" + packed, True)(fleet)
    reply = Sending(fleet).reply
    assert reply.body == b'{"clip": 1}'
    assert reply.content_type == b"application/octet-stream"


def test_what_is_sent_is_what_was_given() -> None:
    """Method, path, headers and body; the length is announced."""
    fleet = Fleet("gpu")
    body = arriving()
    sending = Sending(fleet, predict(body), url="http://gpu:3003/ml")
    assert sending.results == []
    body.append(photo_form(VISUAL)[-10:])
    body.finish()
    fleet.network.flush()
    assert sending.reply.content_type == b"application/json"
    [received] = fleet["gpu"].received
    assert (received.method, received.path) == ("POST", "/ml/predict")
    assert received.body == photo_form(VISUAL)
    assert received.headers["content-type"] == MULTIPART
    assert received.headers["content-length"] == str(len(received.body))
    assert "transfer-encoding" not in received.headers


def test_the_time_is_for_the_whole_exchange() -> None:
    """A backend that dribbles its answer is given up like one that is silent."""
    fleet = Fleet("gpu")
    says(HEAD + b"Content-Length: 100\r\n\r\n")(fleet)
    sending = Sending(fleet)
    for _ in range(9):
        fleet.network.advance(0.5)
        fleet.links("gpu")[0].server.write(b"x")
    assert sending.results == []
    fleet.network.advance(0.5)
    assert str(sending.failed) == "timed out after 5 s"
    assert not fleet.links("gpu")[0].is_open


def test_an_answer_over_the_limit_is_not_taken() -> None:
    """A backend gone wild must not take all memory: the connection is closed."""
    fleet = Fleet("gpu")
    says(HEAD + b"\r\n")(fleet)
    sending = Sending(fleet)
    [link] = fleet.links("gpu")
    piece = bytes(MAX_ANSWER // 8)
    for _ in range(8):
        assert sending.results == []
        link.server.write(piece)
        fleet.network.flush()
    link.server.write(b"x")
    fleet.network.flush()
    assert str(sending.failed) == "answered more than 64 MB"
    assert not link.is_open


@pytest.mark.parametrize("stage", ["look-up", "connect", "upload", "wait", "answer"])
@pytest.mark.parametrize("reused", [False, True])
def test_cancelling_closes_the_connection(stage: str, reused: bool) -> None:
    """Wherever it stands: nobody wants the answer, and nothing is sent again."""
    fleet = Fleet("gpu")
    if reused:
        assert Sending(fleet).reply.status == 200
    elif stage in ("look-up", "connect"):
        names = fleet.network.names.silent, fleet.network.unreachable
        names[stage == "connect"].add("gpu")
    fleet["gpu"].silent = True
    sending = Sending(fleet, predict(arriving() if stage == "upload" else arrived()))
    links = fleet.links("gpu")
    if stage == "answer" and links:
        links[0].server.write(HEAD + b"Content-Length: 10\r\n\r\nabc")
        fleet.network.flush()
    assert sending.results == []
    dialled = len(fleet.network.dialled)
    sending.deferred.cancel()
    fleet.network.flush()
    assert sending.cancelled
    assert len(fleet.network.dialled) == dialled
    assert not any(link.is_open for link in links)
    assert fleet.network.getDelayedCalls() == []


@pytest.mark.parametrize("make_body", [None, arrived, arriving])
def test_a_stale_connection_costs_nothing(
    make_body: Callable[[], Body] | None,
) -> None:
    """ML servers close idle ones: the same backend again, on a fresh connection."""
    fleet = Fleet("gpu")
    Sending(fleet)
    fleet.links("gpu")[0].hang_up()
    body = make_body() if make_body is not None else None
    sending = Sending(fleet, predict(body) if body is not None else PING)
    if body is not None and not body.complete:
        body.append(photo_form(VISUAL)[-10:])
        body.finish()
        fleet.network.flush()
    assert sending.reply.status == 200
    assert len(fleet.network.dialled) == 2
    assert fleet["gpu"].received[-1].body == (photo_form(VISUAL) if body else b"")
    assert len(fleet["gpu"].received) == 2


def test_it_is_sent_again_once_only() -> None:
    """A backend that hangs up on the fresh connection as well is broken."""
    fleet = Fleet("gpu")
    Sending(fleet)
    fleet.links("gpu")[0].hang_up()
    says(b"", True)(fleet)
    sending = Sending(fleet, predict(arrived()))
    assert str(sending.failed) == "closed the connection without an answer"
    assert len(fleet.network.dialled) == 2


def test_a_new_connection_that_dies_is_not_stale() -> None:
    """It is the backend that died, perhaps of this very request."""
    fleet = Fleet("gpu")
    fleet["gpu"].silent = True
    sending = Sending(fleet, predict(arrived()))
    fleet.links("gpu")[0].drop()
    fleet.network.flush()
    assert str(sending.failed) == "closed the connection without an answer"
    assert len(fleet.network.dialled) == 1


def test_a_connection_that_dies_while_it_answers_is_not_stale() -> None:
    """Its backend was alive, whether the connection is new or not."""
    fleet = Fleet("gpu")
    Sending(fleet)
    fleet["gpu"].silent = True
    sending = Sending(fleet, predict(arrived()))
    [link] = fleet.links("gpu")
    link.server.write(HEAD + b"Content-Length: 10\r\n\r\nabc")
    link.drop()
    fleet.network.flush()
    assert str(sending.failed) == "broke off its answer"
    assert len(fleet.network.dialled) == 1


def recorded(fleet: Fleet) -> Any:
    """Return the one record there is."""
    [record] = fleet.recorder.records()
    return record


def test_an_exchange_is_recorded() -> None:
    """Where it went, whose it was, how long it took, and both messages."""
    fleet = Fleet("gpu")
    fleet.recorder.enabled = True
    fleet.network.advance(100)
    fleet["gpu"].silent = True
    Sending(fleet, predict(arrived()))
    fleet.network.advance(2)
    assert fleet.recorder.record_count == 0
    fleet["gpu"].speak()
    fleet.network.flush()
    record = recorded(fleet)
    assert (record.type, record.trace_id, record.backend) == (
        "outgoing",
        "trace",
        "gpu",
    )
    assert record.timestamp == "1970-01-01T00:01:40.000Z"
    assert (record.duration_ms, record.error) == (2000, None)
    assert (record.request.method, record.request.url) == (
        "POST",
        "http://gpu:3003/predict",
    )
    assert record.request.headers == {"Content-Type": [MULTIPART]}
    assert record.request.body.size == len(photo_form(VISUAL))
    assert record.response.status_code == 200
    assert '"clip": "gpu"' in record.response.body.text


@pytest.mark.parametrize(
    ("end", "error"),
    [
        (lambda sending, fleet: fleet.network.advance(5), "timed out after 5 s"),
        (lambda sending, fleet: sending.deferred.cancel(), "cancelled"),
    ],
)
def test_an_exchange_without_an_answer_is_recorded_with_the_reason(
    end: Callable[[Sending, Fleet], object], error: str
) -> None:
    """Also one that nobody waited for to its end."""
    fleet = Fleet("gpu")
    fleet.recorder.enabled = True
    fleet["gpu"].silent = True
    end(Sending(fleet), fleet)
    record = recorded(fleet)
    assert record.response is None
    assert record.error.startswith(error)


def test_nothing_is_recorded_while_debug_is_off() -> None:
    """Not even looked at: recording has its price."""
    fleet = Fleet("gpu")
    asked: list[None] = []
    outgoing = Outgoing("GET", "/ping", Headers(), "trace", None, lambda: asked)  # type: ignore[arg-type,return-value]
    assert Sending(fleet, outgoing).reply.status == 200
    assert fleet.recorder.record_count == 0
