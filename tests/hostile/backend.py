"""A server on a real socket that keeps what it got, byte for byte."""

from __future__ import annotations

import json
import re
import socketserver
import threading
from contextlib import suppress
from typing import Any

import attrs

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.I)
_TEXT = re.compile(rb'name="text"\r\n\r\n(.*?)\r\n--', re.S)


@attrs.frozen
class Got:
    """A request that came whole."""

    head: bytes
    body: bytes

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
        assert found is not None, self.body
        return found[1].decode()


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
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Conversation(socketserver.StreamRequestHandler):
    """One connection."""

    def handle(self) -> None:
        """Talk until the proxy leaves."""
        with suppress(ConnectionError):
            self._talk()

    def _talk(self) -> None:
        server: Any = self.server
        while True:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                line = self.rfile.readline()
                if not line:
                    return
                head += line
            if head.startswith(b"GET /ping"):
                self._say(b"pong")
                continue
            length = _LENGTH.search(head)
            assert length is not None, head
            body = self.rfile.read(int(length[1]))
            if len(body) < int(length[1]):
                return
            server.predicts.append(Got(head, body))
            vector = json.dumps([0.5] * 512)
            self._say(json.dumps({"clip": vector}).encode(), b"application/json")

    def _say(self, body: bytes, kind: bytes = b"text/plain") -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
        self.wfile.write(head % (kind, len(body)) + body)
