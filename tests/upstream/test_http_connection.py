"""What becomes of a connection when its answer has been read."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.testing import StringTransport

from immich_ml_proxy.upstream.http_connection import Answer, Connection
from tests.fakes import outcome
from tests.upstream.reading import BODY, CHUNKED, CHUNKS, OK, SIZED, read

#: Answers whose connections are kept.
KEEPING = [
    SIZED,
    CHUNKED + CHUNKS,
    CHUNKED + CHUNKS[:-2] + b"X-Took: 12ms\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\n\r\n",
    OK + b"Content-Length: 0\r\n\r\n",
]


@pytest.mark.parametrize("said", KEEPING)
@pytest.mark.parametrize("more", [b"x", b"\r\n", b"\n", SIZED, b"0\r\n\r\n"])
def test_a_connection_with_bytes_left_over_is_not_kept(
    said: bytes, more: bytes
) -> None:
    """They would be taken for the next answer; the one that is whole is good."""
    alone = read(said)
    assert alone.kept
    for cuts in ((), (len(said),), range(len(said + more))):
        both = read(said + more, cuts)
        assert both.said == alone.said
        assert not both.kept


@pytest.mark.parametrize(
    ("version", "value", "kept"),
    [
        (b"1.1", b"", True),
        (b"1.1", b"keep-alive", True),
        (b"1.1", b"close", False),
        (b"1.1", b"Close", False),
        (b"1.1", b"keep-alive, close", False),
        (b"1.1", b"close, keep-alive", False),
        (b"1.1", b"close , x", False),
        (b"1.1", b"enclose", True),
        (b"1.0", b"", False),
        (b"1.0", b"close", False),
        (b"1.0", b"Keep-Alive", True),
    ],
)
@pytest.mark.parametrize(
    ("framing", "body"),
    [
        (b"Content-Length: 17", BODY),
        (b"Content-Length: 0", b""),
        (b"Transfer-Encoding: chunked", CHUNKS),
    ],
)
def test_the_server_says_whether_it_keeps_the_connection(
    version: bytes, value: bytes, kept: bool, framing: bytes, body: bytes
) -> None:
    """It is a list of words; without it the version decides."""
    line = b"Connection: " + value + b"\r\n" if value else b""
    head = b"HTTP/" + version + b" 200 OK\r\n" + line + framing + b"\r\n\r\n"
    assert read(head + body).kept == kept


def test_a_kept_connection_carries_answers_of_all_kinds() -> None:
    """Nothing of one is left in the next."""
    connection = Connection(lambda idle: None)
    connection.makeConnection(StringTransport())
    for said in [*KEEPING, *reversed(KEEPING)]:
        [result] = asked(connection, said)
        assert isinstance(result, Answer)
        alone = read(said).said
        assert alone is not None
        fields = list(result.headers.getAllRawHeaders())
        assert (result.code, fields, result.body) == alone


def asked(connection: Connection, said: bytes) -> list[Any]:
    """Return what comes of a request to which this is the answer."""
    results = outcome(connection.send(b"GET / HTTP/1.1\r\n\r\n", None))
    connection.dataReceived(said)
    return results
