"""One request to one backend: its whole answer, or why there is none."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.error import ConnectError, NoRouteError, TCPTimedOutError
from twisted.internet.error import TimeoutError as ConnectTimeout

from immich_ml_proxy.protocol.body import Body
from immich_ml_proxy.upstream.answer_reader import MAX_ANSWER
from immich_ml_proxy.upstream.client import in_words
from tests.demo_requests import MULTIPART
from tests.fakes import Fleet, says, switch
from tests.upstream.sending import (
    HALF,
    HEAD,
    PHOTO,
    Sending,
    arrived,
    arriving,
    complete,
    predict,
)


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
            False,
        ),
        (
            lambda fleet: fleet.network.names.silent.add("gpu"),
            "connecting timed out after 2 s",
            False,
        ),
        (
            switch("gpu", silent=True),
            "timed out after 5 s",
            True,
        ),
        (
            says("gpu", HALF),
            "timed out after 5 s",
            True,
        ),
        (says("gpu", b"", True), "closed the connection without an answer", False),
        (
            says("gpu", HALF, True),
            "broke off its answer",
            False,
        ),
        (says("gpu", HEAD + b"Content-", True), "broke off its answer", False),
        (
            says("gpu", HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab", True),
            "broke off its answer",
            False,
        ),
        (says("gpu", b"SSH-2.0-OpenSSH_9.9\r\n\r\n"), "answered wrongly: ", False),
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
    fleet.network.advance(2)
    assert fleet.network.getDelayedCalls() == []
    assert not any(connection.is_open for connection in fleet.network.connections)


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
    says("gpu", HEAD + b"Content-Encoding: gzip\r\n\r\n" + packed, True)(fleet)
    reply = Sending(fleet).reply
    assert reply.body == b'{"clip": 1}'
    assert reply.content_type == b"application/octet-stream"


def test_what_is_sent_is_what_was_given() -> None:
    """Method, path, headers and body; the length is announced."""
    fleet = Fleet("gpu")
    body = arriving()
    sending = Sending(fleet, predict(body), url="http://gpu:3003/ml")
    assert sending.results == []
    complete(body)
    fleet.network.flush()
    assert sending.reply.content_type == b"application/json"
    [received] = fleet["gpu"].received
    assert (received.method, received.path) == ("POST", "/ml/predict")
    assert received.body == PHOTO
    assert received.headers["content-type"] == MULTIPART
    assert received.headers["content-length"] == str(len(received.body))
    assert "transfer-encoding" not in received.headers


BODY = b'{"clip": "[0.5]"}'
CHUNKED = b"6\r\n" + BODY[:6] + b"\r\nb;x=y\r\n" + BODY[6:] + b"\r\n0\r\n\r\n"


LENGTH = b"Content-Length: 17\r\n"
#: Answers, and whether their connections can be used again.
ANSWERS = [
    (HEAD + b"content-length:17\r\n\r\n" + BODY, True),
    (HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKED, True),
    (HEAD + LENGTH + b"Connection: close\r\n\r\n" + BODY, False),
    (
        b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD + LENGTH + b"\r\n" + BODY,
        True,
    ),
    (b"HTTP/1.0 200 OK\r\n" + LENGTH + b"\r\n" + BODY, False),
]


@given(st.sampled_from(ANSWERS), st.sets(st.integers(1, 120)))
def test_an_answer_may_come_in_any_pieces(
    answer: tuple[bytes, bool], cuts: set[int]
) -> None:
    """The network cuts where it likes, also in the middle of a line."""
    said, reusable = answer
    fleet = Fleet("gpu")
    fleet["gpu"].silent = True
    sending = Sending(fleet)
    [connection] = fleet.connections_to("gpu")
    borders = [0, *sorted(cut for cut in cuts if cut < len(said)), len(said)]
    for start, end in pairwise(borders):
        assert sending.results == []
        connection.server.write(said[start:end])
        fleet.network.flush()
    assert (sending.reply.status, sending.reply.body) == (200, BODY)
    assert connection.is_open == reusable


def test_the_time_is_for_the_whole_exchange() -> None:
    """A backend that dribbles its answer is given up like one that is silent."""
    fleet = Fleet("gpu")
    says("gpu", HEAD + b"Content-Length: 100\r\n\r\n")(fleet)
    sending = Sending(fleet)
    for _ in range(9):
        fleet.network.advance(0.5)
        fleet.connections_to("gpu")[0].server.write(b"x")
    assert sending.results == []
    fleet.network.advance(0.5)
    assert str(sending.failed) == "timed out after 5 s"
    assert not fleet.connections_to("gpu")[0].is_open


def test_a_backend_that_reads_slowly_is_not_flooded() -> None:
    """What it has not taken yet is not written: it would be held twice."""
    fleet = Fleet("gpu")
    Sending(fleet)
    [connection] = fleet.connections_to("gpu")
    connection.server.pauseProducing()
    chunks = [bytes(40_000)] * 10
    body = Body(400_000)
    for chunk in chunks:
        body.append(chunk)
    body.finish()
    sending = Sending(fleet, predict(body))
    before = len(connection.asked)
    assert before < 150_000
    connection.server.resumeProducing()
    fleet.network.flush()
    assert len(connection.asked) - before > 250_000
    assert sending.reply.status == 200
    assert fleet["gpu"].predicts[0].body == b"".join(chunks)


def test_an_answer_over_the_limit_is_not_taken() -> None:
    """A backend gone wild must not take all memory: the connection is closed."""
    fleet = Fleet("gpu")
    says("gpu", HEAD + b"\r\n")(fleet)
    sending = Sending(fleet)
    [connection] = fleet.connections_to("gpu")
    piece = bytes(MAX_ANSWER // 8)
    for _ in range(8):
        assert sending.results == []
        connection.server.write(piece)
        fleet.network.flush()
    connection.server.write(b"x")
    fleet.network.flush()
    assert "64 MB" in str(sending.failed)
    assert not connection.is_open


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
    connections = fleet.connections_to("gpu")
    if stage == "answer" and connections:
        connections[0].server.write(HEAD + b"Content-Length: 10\r\n\r\nabc")
        fleet.network.flush()
    assert sending.results == []
    dialled = len(fleet.network.dialled)
    sending.deferred.cancel()
    fleet.network.flush()
    assert sending.cancelled
    assert len(fleet.network.dialled) == dialled
    assert not any(connection.is_open for connection in connections)
    fleet.client.close()
    assert fleet.network.getDelayedCalls() == []
