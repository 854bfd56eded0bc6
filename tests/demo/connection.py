"""A client's connection to a simulated server, in memory, and what it may send."""

from __future__ import annotations

from typing import Any

from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransportWithDisconnection
from twisted.python.failure import Failure

from immich_ml_proxy.demo import SimulatedServer, site
from tests.demo_requests import (
    FACES,
    MULTIPART,
    OCR,
    PHOTO,
    TEXTUAL,
    VISUAL,
    entries_part,
    form,
    image_part,
    part,
)


def get(path: str) -> bytes:
    """Return a GET."""
    return f"GET {path} HTTP/1.1\r\nHost: ml\r\n\r\n".encode()


class Connection:
    """A client's connection to a server, in memory: bytes in, bytes out."""

    def __init__(self, server: SimulatedServer) -> None:
        listening: Any = site(server)
        self.protocol = listening.buildProtocol(None)
        self.transport: Any = StringTransportWithDisconnection()
        self.transport.protocol = self.protocol
        self.protocol.makeConnection(self.transport)

    def send(self, data: bytes) -> Connection:
        """Give the server some bytes of a request."""
        self.protocol.dataReceived(data)
        return self

    def leave(self) -> None:
        """Close the connection from the client's side."""
        self.protocol.connectionLost(Failure(ConnectionDone()))

    @property
    def answered(self) -> bool:
        """Whether anything came back."""
        return bool(self.transport.value())

    @property
    def closed(self) -> bool:
        """Whether the server closed it."""
        return not self.transport.connected

    def response(self) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body of the one response there is."""
        head, _, body = self.transport.value().partition(b"\r\n\r\n")
        self.transport.clear()
        status, *lines = head.decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        assert int(headers["content-length"]) == len(body)
        return int(status.split()[1]), headers, body


def post(body: bytes, kind: str = MULTIPART) -> bytes:
    """Return a request as Immich sends it."""
    head = f"Host: ml\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}"
    return f"POST /predict HTTP/1.1\r\n{head}\r\n\r\n".encode() + body


SEARCH = post(form(entries_part(TEXTUAL), part("text", b"a dog")))
PHOTO_SEARCH = post(form(entries_part(VISUAL), image_part(PHOTO)))
READ_TEXT = post(form(entries_part(OCR), image_part(PHOTO)))
FIND_FACES = post(form(entries_part(FACES), image_part(PHOTO)))


PING = get("/ping")


def served(connection: Connection) -> bool:
    """Tell whether the connection got a 200, or nothing yet."""
    if not connection.answered:
        return False
    assert connection.response()[0] == 200
    return True


def ask(server: SimulatedServer, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers (in lower case) and body of what is answered at once."""
    return Connection(server).send(request).response()
