"""A proxy as a process, and clients on real sockets that send it raw bytes."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from tests.end_to_end.processes import Proxy
from tests.hostile.backend import RawBackend
from tests.hostile.outcome import SENTINEL, Answers, Case, Outcome

#: Seconds after which an answer counts as missing; far longer than it ever takes.
PATIENCE = 30.0
#: The headers that a backend gets, each at most once.
PASSED_ON = {
    b"host",
    b"content-type",
    b"content-length",
    b"accept",
    b"accept-encoding",
    b"x-request-id",
    b"via",
    b"traceparent",
    b"tracestate",
}


class Door:
    """A proxy as a process, a backend behind it, and clients that send raw bytes."""

    def __init__(self, proxy: Proxy, backend: RawBackend) -> None:
        self.proxy = proxy
        self.backend = backend
        self._logged = 0

    def outcome(self, case: Case) -> Outcome:
        """Send the bytes, and tell what came of them."""
        self.backend.predicts.clear()
        answers = Answers()
        with self.connect() as client:
            open_ = self._ask(client, case, answers)
        for got in self.backend.predicts:
            assert got.names <= PASSED_ON, got.head
        reached = tuple(got.text for got in self.backend.predicts)
        return Outcome(tuple(answers.statuses), reached, open_)

    def newly_logged(self) -> str:
        """Return what was logged since this was asked the last time."""
        output = self.proxy.output
        new, self._logged = output[self._logged :], len(output)
        return new

    def connect(self) -> socket.socket:
        """Return a new connection."""
        address = urlsplit(self.proxy.url)
        return socket.create_connection((address.hostname, address.port), PATIENCE)

    def _ask(self, client: socket.socket, case: Case, answers: Answers) -> bool:
        expected = case.outcome
        try:
            client.sendall(case.raw)
            if expected.open and not expected.statuses:
                client.shutdown(socket.SHUT_WR)
                return not _read(client, answers, 1) or not answers.statuses
            if not _read(client, answers, len(expected.statuses)) and expected.open:
                before = len(answers.statuses)
                client.sendall(SENTINEL)
                if not _read(client, answers, before + 1):
                    assert answers.statuses.pop() == 200
                    return True
            if answers.last:
                client.shutdown(socket.SHUT_WR)  # it would linger, to have it read
            _read(client, answers, 1000)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before all was read
        return False


def _read(client: socket.socket, answers: Answers, count: int) -> bool:
    """Read so many answers; return whether the connection has ended before."""
    while len(answers.statuses) < count:
        data = client.recv(65536)
        if not data:
            return True
        answers.take(data)
    return False
