"""Servers on real sockets that pong, and answer work as no server should."""

from __future__ import annotations

import gzip
import json
import random
import socket
import socketserver
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from typing import Any

import attrs

from tests.hostile.backend import answer_to, read_request
from tests.serving import serve_beside

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


class Peer:
    """The proxy, as a server sees it."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def say(self, *pieces: bytes) -> None:
        """Send something."""
        for piece in pieces:
            self._connection.sendall(piece)

    def reset(self) -> None:
        """Close the connection with a reset."""
        linger = struct.pack("ii", 1, 0)
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._connection.close()
        raise ConnectionResetError

    def hang(self) -> None:
        """Say nothing more until the proxy has gone."""
        while self._connection.recv(65536):
            pass


#: What a server does with a predict; given the answer that would be right.
Behaviour = Callable[[Peer, bytes], None]


class BadBackend(socketserver.ThreadingTCPServer):
    """
    :param behave: what it does when a predict has come, and then closes.
    :param early: it does so when the first line of one has come.
    :ivar asked: how many came.
    """

    allow_reuse_address = daemon_threads = True
    request_queue_size = 64

    def __init__(self, behave: Behaviour, early: bool = False) -> None:
        self.behave = behave
        self.early = early
        self.asked = 0
        super().__init__(("127.0.0.1", 0), _Conversation)
        serve_beside(self)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def close(self) -> None:
        """Refuse from now on."""
        self.shutdown()
        self.server_close()


class _Conversation(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        """Talk until either side has enough."""
        with suppress(OSError):
            self._talk()

    def _talk(self) -> None:
        server: Any = self.server
        peer = Peer(self.connection)
        while True:
            first = self.rfile.readline()
            if not first:
                return
            if first.startswith(b"GET /ping"):
                read_request(self.rfile, first)
                peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npong")
                continue
            server.asked += 1
            right = b""
            if not server.early:
                got = read_request(self.rfile, first)
                if got is None:
                    return
                right = answer_to(got)
            server.behave(peer, right)
            return


def says(*pieces: bytes) -> Behaviour:
    """Return what says some bytes and closes."""
    return lambda peer, right: peer.say(*pieces)


def says_and_hangs(*pieces: bytes) -> Behaviour:
    """Return what says some bytes and then nothing."""

    def behave(peer: Peer, right: bytes) -> None:
        peer.say(*pieces)
        peer.hang()

    return behave


def resets(peer: Peer, right: bytes) -> None:
    """Break off before a word."""
    peer.reset()


def byte_by_byte(peer: Peer, right: bytes) -> None:
    """Answer rightly, in the smallest pieces."""
    for at in range(len(right)):
        peer.say(right[at : at + 1])


def breaks_off(part: float) -> Behaviour:
    """Return what says so much of the right answer and closes."""
    return lambda peer, right: peer.say(right[: int(len(right) * part)])


def endless(start: bytes, piece: bytes) -> Behaviour:
    """Return what never stops."""

    def behave(peer: Peer, right: bytes) -> None:
        peer.say(start)
        while True:
            peer.say(piece)

    return behave


def flaps() -> Behaviour:
    """Return what answers every second request rightly."""
    turns = count()

    def behave(peer: Peer, right: bytes) -> None:
        if next(turns) % 2:
            peer.say(right)

    return behave


def http_1_0(peer: Peer, right: bytes) -> None:
    """Answer rightly in HTTP/1.0, without a length."""
    body = right.partition(b"\r\n\r\n")[2]
    peer.say(b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n", body)


def with_trailers(peer: Peer, right: bytes) -> None:
    """Answer rightly in chunks, with a trailer."""
    body = right.partition(b"\r\n\r\n")[2]
    peer.say(
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n",
        b"%x;x=y\r\n%s\r\n0\r\nX-Trailer: 1\r\n\r\n" % (len(body), body),
    )


def two_answers(peer: Peer, right: bytes) -> None:
    """Answer rightly, and with another answer that nobody asked for."""
    other = json.dumps({"clip": "[9]"}).encode()
    peer.say(right + HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(other), other))


@attrs.frozen
class Bad:
    """
    :ivar name: what it does.
    :ivar early: before it has read what is asked.
    :ivar serves: what it says is right after all.
    """

    name: str
    behave: Behaviour
    early: bool = False
    serves: bool = False


def _with_length(length: bytes, body: bytes = b'{"clip": "[1]"}') -> bytes:
    return HEAD + b"Content-Length: " + length + b"\r\n\r\n" + body


def _chunks(body: bytes) -> bytes:
    return HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + body


def _zipped(body: bytes) -> bytes:
    packed = gzip.compress(body)
    return (
        HEAD
        + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
        + packed
    )


def behaviours() -> Iterator[Bad]:
    """Return them all, but for those that hang."""
    yield Bad("resets", resets)
    yield Bad("resets early", resets, early=True)
    yield Bad("closes", says())
    yield Bad("closes early", says(), early=True)
    yield Bad(
        "says no early", says(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"), True
    )
    yield Bad("says too much early", says(b"HTTP/1.1 429 No\r\n\r\n"), True)
    yield Bad("says yes early", says(_with_length(b"15")), early=True)
    yield Bad("answers byte by byte", byte_by_byte, serves=True)
    yield Bad("answers in HTTP/1.0", http_1_0, serves=True)
    yield Bad("has trailers", with_trailers, serves=True)
    yield Bad("answers twice", two_answers, serves=True)
    yield Bad("flaps", flaps(), serves=True)
    for part in range(0, 100, 12):
        yield Bad(f"breaks off after {part} %", breaks_off(part / 100))
    for length in (
        b"16",
        b"14",
        b"15, 15",
        b"15, 16",
        b"-1",
        b"x",
        b"1e1",
        b"0x0f",
        b"",
    ):
        yield Bad(f"has the length {length!r}", says(_with_length(length)))
    yield Bad(
        "has two lengths",
        says(HEAD + b'Content-Length: 15\r\nContent-Length: 2\r\n\r\n{"clip": "[1]"}'),
    )
    yield Bad(
        "has a length and chunks",
        says(
            HEAD + b"Content-Length: 15\r\nTransfer-Encoding: chunked\r\n\r\n",
            b'f\r\n{"clip": "[1]"}\r\n0\r\n\r\n',
        ),
    )
    for name, body in (
        ("without a size", b"\r\n\r\n"),
        ("of a size that is a word", b"x\r\n{}\r\n0\r\n\r\n"),
        ("of a negative size", b"-2\r\n{}\r\n0\r\n\r\n"),
        ("of a huge size", b"f" * 17 + b"\r\n{}\r\n0\r\n\r\n"),
        ("too short", b"9\r\n{}\r\n0\r\n\r\n"),
        ("too long", b"1\r\n{}\r\n0\r\n\r\n"),
        ("ended by LF", b"2\n{}\n0\n\n"),
        ("without a last one", b"2\r\n{}\r\n"),
        ("with a space", b"2 \r\n{}\r\n0\r\n\r\n"),
    ):
        yield Bad(f"has chunks {name}", says(_chunks(body)))
    chance = random.Random(13)
    for number in range(2):
        yield Bad(f"says garbage, {number}", says(chance.randbytes(3000)))
    for name, text in (
        ("speaks SSH", b"SSH-2.0-OpenSSH_9.2\r\n"),
        ("speaks HTTP/0.9", b'{"clip": "[1]"}'),
        ("speaks HTTP/2", b"HTTP/2 200 OK\r\n\r\n{}"),
        ("has no status", b"HTTP/1.1\r\n\r\n{}"),
        ("has a status of two digits", b"HTTP/1.1 20 OK\r\n\r\n{}"),
        ("has a status of four digits", b"HTTP/1.1 2000 OK\r\n\r\n{}"),
        ("has a negative status", b"HTTP/1.1 -200 OK\r\n\r\n{}"),
        ("switches protocols", b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"),
        ("ends lines by LF", b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}"),
        ("folds a header", HEAD + b"X: a\r\n b\r\nContent-Length: 2\r\n\r\n{}"),
        ("has NUL in a header", HEAD + b"X: a\0b\r\nContent-Length: 2\r\n\r\n{}"),
        ("has a bare CR", HEAD + b"X: a\rb\r\nContent-Length: 2\r\n\r\n{}"),
        ("has a header without a colon", HEAD + b"X\r\nContent-Length: 2\r\n\r\n{}"),
        ("redirects", b"HTTP/1.1 302 Found\r\nLocation: http://a/\r\n\r\n"),
        ("redirects to itself", b"HTTP/1.1 307 X\r\nLocation: /predict\r\n\r\n"),
        ("says nothing more", b"HTTP/1.1 204 No Content\r\n\r\n"),
        ("is not modified", b"HTTP/1.1 304 Not Modified\r\n\r\n"),
        ("fails", b"HTTP/1.1 500 X\r\nContent-Length: 1\r\n\r\nx"),
        ("has a page", b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>"),
        ("answers an empty object", _with_length(b"2", b"{}")),
        ("answers null", _with_length(b"4", b"null")),
        ("answers no JSON", _with_length(b"4", b'{"cl')),
        ("answers no UTF-8", _with_length(b"12", b'{"clip":"\xff"}')),
        ("answers what is nested", _with_length(b"100000", b"[" * 100_000)),
        ("zips what is none", HEAD + b"Content-Encoding: gzip\r\n\r\nxxxx"),
        ("zips in a way of its own", HEAD + b"Content-Encoding: zz\r\n\r\n{}"),
        ("is a bomb", _zipped(b" " * 80_000_000)),
    ):
        yield Bad(name, says(text))
    yield Bad("has an endless head", endless(HEAD, b"X: " + b"y" * 1000 + b"\r\n"))
    yield Bad("has an endless line", endless(b"HTTP/1.1 200 ", b"O" * 5000))
    yield Bad("has an endless body", endless(HEAD + b"\r\n", b" " * 1_000_000))
    yield Bad(
        "has endless chunks",
        endless(_chunks(b""), b"f4240\r\n" + b" " * 1_000_000 + b"\r\n"),
    )


def hanging() -> Iterator[Bad]:
    """Return those that say too little, and do not close."""
    yield Bad("hangs", says_and_hangs())
    yield Bad("hangs early", says_and_hangs(), early=True)
    yield Bad("hangs in the first line", says_and_hangs(b"HTTP/1.1 2"))
    yield Bad("hangs in the head", says_and_hangs(HEAD))
    yield Bad(
        "hangs before the body", says_and_hangs(HEAD + b"Content-Length: 9\r\n\r\n")
    )
    yield Bad("hangs in the body", says_and_hangs(_with_length(b"99")))
    yield Bad("hangs in a chunk", says_and_hangs(_chunks(b"9\r\n{}")))
    yield Bad("hangs before the last chunk", says_and_hangs(_chunks(b"2\r\n{}\r\n")))
    yield Bad("asks for more", says_and_hangs(b"HTTP/1.1 100 Continue\r\n\r\n" * 9))
