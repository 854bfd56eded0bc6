"""Reading an answer: what is one, and where it ends."""

from __future__ import annotations

import string

import pytest
from twisted.internet.error import ConnectionLost

from tests.upstream.reading import (
    BODY,
    CHUNKED,
    CHUNKS,
    OK,
    SIZED,
    body_of,
    error_of,
    read,
)

# Where an answer ends.


@pytest.mark.parametrize("version", [b"HTTP/1.0", b"HTTP/1.1"])
def test_a_body_without_bounds_ends_with_its_connection(version: bytes) -> None:
    """There is no other way to tell; nothing can follow."""
    said = version + b" 200 OK\r\n\r\n" + BODY
    whole = read(said)
    assert whole.said is not None
    assert whole.said[2] == BODY
    assert (whole.ended, whole.kept) == (True, False)
    assert body_of(said) == BODY
    assert body_of(version + b" 200 OK\r\n\r\n") == b""


def test_it_ends_with_an_orderly_end_only() -> None:
    """A connection that was reset, or whose TLS was cut, has lost who knows what."""
    assert error_of(OK + b"\r\n" + BODY, ConnectionLost()) == "broken off"


@pytest.mark.parametrize(
    "said",
    [
        b"HT",
        OK,
        SIZED[:-1],
        CHUNKED,
        CHUNKED + CHUNKS[:-1],
        CHUNKED + b"11\r\n" + BODY + b"\r\n0\r\nX-Took: 12ms\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
)
def test_an_end_before_that_is_none(said: bytes) -> None:
    """What is cut short is not taken for an answer."""
    assert error_of(said) == "broken off"


def test_an_end_without_a_byte_is_another_error() -> None:
    """A connection that was idle may be stale: asking once more is safe."""
    assert error_of(b"") == "nothing came"


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
@pytest.mark.parametrize(
    "field",
    [b"", b"Content-Length: 17\r\n", b"Transfer-Encoding: chunked\r\n"],
)
def test_some_answers_have_no_body_whatever_they_say(
    status: bytes, field: bytes
) -> None:
    """Their length is that of what they stand for."""
    whole = read(b"HTTP/1.1 " + status + b"\r\n" + field + b"\r\n")
    assert whole.said is not None
    assert (whole.said[2], whole.ended, whole.kept) == (b"", False, True)


def test_a_length_may_be_told_twice() -> None:
    """Some servers say again what the application did: it is clear all the same."""
    twice = b"Content-Length: 17\r\nX: y\r\ncontent-length:17\r\n"
    assert body_of(OK + twice + b"\r\n" + BODY) == BODY
    assert body_of(OK + twice + twice + b"\r\n" + BODY) == BODY


@pytest.mark.parametrize(
    "fields",
    [
        b"Content-Length: 17\r\nContent-Length: 18\r\n",
        b"Content-Length: 17\r\nContent-Length: 17\r\nContent-Length: 18\r\n",
        b"Content-Length: 17\r\nContent-Length:\r\n",
        b"Content-Length:\r\n",
        b"Content-Length: +17\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length: 0x11\r\n",
        b"Content-Length: 1 7\r\n",
        b"Content-Length: 99999999999999999999999999\r\n",
        b"Content-Length: 17\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 17\r\n",
    ],
)
def test_a_length_that_is_not_clear_is_a_broken_answer(fields: bytes) -> None:
    """Whoever guessed wrong would read the next answer in the middle."""
    assert error_of(OK + fields + b"\r\n" + BODY).startswith("its head is malformed: ")


@pytest.mark.parametrize(
    "fields",
    [
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"Transfer-Encoding: gzip\r\n",
        b"Transfer-Encoding: identity\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked, chunked\r\n",
        b"Transfer-Encoding: xchunked\r\n",
    ],
)
def test_only_chunks_are_understood(fields: bytes) -> None:
    """Nothing else was asked for, and nobody sends it."""
    assert error_of(OK + fields + b"\r\n" + CHUNKS) == (
        "its transfer encoding is not just chunked"
    )


@pytest.mark.parametrize("value", [b"Chunked", b"chunked ", b" \tCHUNKED"])
def test_chunked_is_a_word_not_a_spelling(value: bytes) -> None:
    """Case and surrounding blanks say nothing."""
    said = OK + b"transfer-encoding:" + value + b"\r\n\r\n" + CHUNKS
    assert body_of(said) == BODY


@pytest.mark.parametrize(
    "chunks",
    [
        b"x\r\n",
        b"-1\r\n",
        b"\r\n",
        b"5\r\nabcdefgh\r\n",
        b"11\r\n" + BODY + b"0\r\n\r\n",
        b"11\n" + BODY + b"\n0\n\n",
        b"fffffffffffffffff\r\n",
        b"0\r\nno trailer\r\n\r\n",
    ],
)
def test_malformed_chunks_are_a_broken_answer(chunks: bytes) -> None:
    """They are told as what they are, wherever the network cuts them."""
    assert error_of(CHUNKED + chunks).startswith("its chunks are malformed: ")


def test_trailers_are_dropped() -> None:
    """They come when the headers have been handed on, and nobody asked for them."""
    trailers = b"Content-Type: text/html\r\nX-Took: 12ms\r\n"
    said = CHUNKED[:-2] + b"Content-Type: application/json\r\n\r\n" + CHUNKS[:-2]
    whole = read(said + trailers + b"\r\n")
    assert whole.said is not None
    assert dict(whole.said[1]) == {
        b"Content-Type": [b"application/json"],
        b"Transfer-Encoding": [b"chunked"],
    }
    assert whole.kept
    assert body_of(said + trailers + b"\r\n") == BODY


# What is no answer.


@pytest.mark.parametrize(
    "said",
    [
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"<html>",
        b"\r\n" + SIZED,
        b"HTTP/2.0 200 OK\r\n\r\n",
        b"HTTP/0.9 200 OK\r\n\r\n",
        b"RTSP/1.0 200 OK\r\n\r\n",
        b"http/1.1 200 OK\r\n\r\n",
        b"\x15\x03\x03\x00\x02\x02\x46",
    ],
)
def test_other_protocols_are_known_by_their_first_bytes(said: bytes) -> None:
    """Nobody waits for the rest, which may never come."""
    assert error_of(said) == "it is not HTTP/1"
    assert not read(said).ended


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 OK\r\n",
        b"HTTP/1.1 20 OK\r\n",
        b"HTTP/1.1 2000 OK\r\n",
        b"HTTP/1.1200 OK\r\n",
        b"HTTP/1.7 200 OK\r\n",
        OK + b"no colon\r\n",
        OK + b": no name\r\n",
        OK + b"Na me: x\r\n",
        OK + b"Name : x\r\n",
        OK + b"Name: x\r\n folded\r\n",
        OK + b"Name: \x00\r\n",
        OK + b"Name: a\rb\r\n",
        OK + b"Name: a\nOther: b\r\n",
    ],
)
def test_a_malformed_head_is_a_broken_answer(head: bytes) -> None:
    """Readers that make something of it make different things of it."""
    assert error_of(head + b"\r\n").startswith("its head is malformed: ")


def test_any_byte_in_a_header_is_allowed_or_refused() -> None:
    """Nothing in between: an error of any other kind would not be caught."""
    token = (string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~").encode()
    for byte in set(range(256)) - {ord(":")}:
        for name, value, fine in (
            (b"X%cY" % byte, b"", byte in token),
            (b"XY", b"a%cb" % byte, byte == 9 or (byte >= 32 and byte != 127)),
        ):
            whole = read(OK + name + b": " + value + b"\r\nContent-Length: 0\r\n\r\n")
            assert (whole.said is not None) == fine, (name, value)


@pytest.mark.parametrize("fields", [b"", b"Upgrade: h2c\r\nConnection: Upgrade\r\n"])
def test_another_protocol_was_not_asked_for(fields: bytes) -> None:
    """What follows a 101 is no answer, and there will be none."""
    said = b"HTTP/1.1 101 Switching Protocols\r\n" + fields + b"\r\n" + SIZED
    assert error_of(said) == "it switches protocols"
