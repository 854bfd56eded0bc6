"""A client that sends one request after the other, each in one piece, and no faster.

What a proxy executes depends on how many bytes and connections it finds ready at
once: one request at a time makes that the same in every run.
"""

from __future__ import annotations

import http.client
import socket
from collections.abc import Sequence
from itertools import cycle, islice

from benchmarks.shared.payloads import CONTENT_TYPE

TIMEOUT = 120.0
"""Seconds for one answer: under callgrind everything takes fifty times as long."""


def request_bytes(port: int, body: bytes) -> bytes:
    """Return a predict with ``body`` as Node's fetch writes it."""
    head = (
        f"POST /predict HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n"
        f"connection: keep-alive\r\ncontent-type: {CONTENT_TYPE}\r\n"
        "accept: */*\r\naccept-language: *\r\nsec-fetch-mode: cors\r\n"
        "user-agent: node\r\naccept-encoding: gzip, deflate\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def send(port: int, bodies: Sequence[bytes], count: int) -> None:
    """Send ``count`` requests over one connection; the ``bodies`` take turns.

    Raises RuntimeError for an answer that is not 200, OSError if there is none.
    """
    requests = [request_bytes(port, body) for body in bodies]
    with socket.create_connection(("127.0.0.1", port), TIMEOUT) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for request in islice(cycle(requests), count):
            connection.sendall(request)
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            content = answer.read()
            if answer.status != 200:
                raise RuntimeError(f"answered {answer.status}: {content[:200]!r}")
