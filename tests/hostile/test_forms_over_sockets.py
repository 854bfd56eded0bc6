"""Forms that are nearly right, over real sockets: all of one arrives, or nothing."""

from __future__ import annotations

import os
import re
import socket

from immich_ml_proxy.errors import ProxyError
from immich_ml_proxy.protocol import form, routing
from tests.hostile import form_mutations
from tests.hostile.building import HOST, LINE, length, raw
from tests.hostile.door import Door
from tests.hostile.outcome import Answers

COUNT = int(os.environ.get("HOSTILE_FORMS", "3000")) // 2
PIECE = 7
#: A type that HTTP itself has no objection to.
_SENDABLE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")


def is_good(kind: bytes, body: bytes) -> bool:
    """Tell whether the proxy takes a form, and what it asks for, to be one."""
    try:
        scanner = form.scanner(kind.strip(b" \t"))
        if not body:
            return False
        scanner.feed(body)
        tasks = routing.read(scanner.finish().value)
    except ProxyError:
        return False
    return len(tasks) <= 1


class Sender:
    """Sends one form after the other, over one connection where that stays open."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._client: socket.socket | None = None

    def send(self, kind: bytes, body: bytes, size: int) -> int:
        """Send a form in pieces of this size; return the status of its answer."""
        if self._client is None:
            self._client = self._door.connect()
            self._client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        request = raw(LINE, HOST, b"Content-Type: " + kind, length(body), body=body)
        for at in range(0, len(request), size):
            self._client.sendall(request[at : at + size])
        answers = Answers()
        while not answers.statuses:
            data = self._client.recv(65536)
            assert data, "closed"
            answers.take(data)
        [status] = answers.statuses
        return status

    def close(self) -> None:
        """Leave."""
        if self._client is not None:
            self._client.close()


def test_a_form_arrives_as_it_was_sent_or_not_at_all(door: Door) -> None:
    """Whole, and in pieces of seven bytes; the next one is not disturbed."""
    sender = Sender(door)
    sent = 0
    for seed in range(COUNT):
        kind, body = form_mutations.form(seed)
        if not _SENDABLE.fullmatch(kind):
            continue
        for size in (len(body) + 1000, PIECE):
            door.backend.predicts.clear()
            status = sender.send(kind, body, size)
            arrived = [got.body for got in door.backend.predicts]
            if is_good(kind, body):
                sent += 1
                assert (status, arrived) == (200, [body]), (seed, kind, body)
            else:
                assert status in (400, 413, 422), (seed, kind, body)
                assert arrived == [], (seed, kind, body)
    sender.close()
    assert sent > COUNT / 5
    assert "Traceback" not in door.newly_logged()
