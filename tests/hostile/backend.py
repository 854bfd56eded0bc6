"""A server on a real socket that keeps what it got, byte for byte."""

from __future__ import annotations

import json
import re
import socketserver
import zlib
from contextlib import suppress
from io import BufferedIOBase
from typing import Any

import attrs

from tests.serving import serve_beside

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.I)
_ENTRIES = re.compile(rb'name="entries"\r\n\r\n(.*?)\r\n--', re.S)
_TEXT = re.compile(rb'name="text"\r\n\r\n(.*?)\r\n--', re.S)


@attrs.frozen
class Got:
    """A request that came whole."""

    head: bytes
    body: bytes

    @property
    def tasks(self) -> list[str]:
        """What it asks for."""
        found = _ENTRIES.search(self.body)
        try:
            return [*json.loads(found[1])] if found is not None else []
        except ValueError:
            return []

    @property
    def names(self) -> set[bytes]:
        """The names of its headers, in small letters; none may come twice."""
        lines = self.head.removesuffix(b"\r\n\r\n").split(b"\r\n")[1:]
        names = [line.partition(b":")[0].lower() for line in lines]
        assert len(set(names)) == len(names), self.head
        return set(names)

    @property
    def text(self) -> str:
        """What it searches for."""
        found = _TEXT.search(self.body)
        return found[1].decode(errors="replace") if found is not None else ""


class RawBackend(socketserver.ThreadingTCPServer):
    """
    Answers every search, and pongs.

    :ivar predicts: the predicts that came whole, in their order.
    """

    allow_reuse_address = daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        self.predicts: list[Got] = []
        super().__init__(("127.0.0.1", 0), _Conversation)
        serve_beside(self)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_address[1]}"


def read_request(stream: BufferedIOBase, head: bytes = b"") -> Got | None:
    """Return the next request, ``head`` of which was read before, if it comes whole."""
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline()
        if not line:
            return None
        head += line
    length = _LENGTH.search(head)
    size = int(length[1]) if length else 0
    body = stream.read(size)
    return Got(head, body) if len(body) == size else None


def vector_of(text: str) -> str:
    """Return the vector that a search gets, and no other does."""
    return json.dumps([zlib.crc32(text.encode()) / 2**32] * 512)


def answer_to(got: Got) -> bytes:
    """Return the right answer to a request, head and body."""
    if got.head.startswith(b"GET /ping"):
        return b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npong"
    body = json.dumps(dict.fromkeys(got.tasks, vector_of(got.text))).encode()
    head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


class _Conversation(socketserver.StreamRequestHandler):
    """One connection."""

    def handle(self) -> None:
        """Talk until the proxy leaves."""
        server: Any = self.server
        with suppress(ConnectionError):
            while (got := read_request(self.rfile)) is not None:
                if not got.head.startswith(b"GET /ping"):
                    server.predicts.append(got)
                self.wfile.write(answer_to(got))
