"""A whole proxy in memory, wired as in production, and clients that talk to it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn
from unittest.mock import patch

import attrs
from twisted.internet.address import IPv4Address
from twisted.internet.protocol import Protocol
from werkzeug.routing import Rule

from immich_ml_proxy.tap import Options, makeService
from tests import described
from tests.demo_requests import MULTIPART, entries_part, form, image_part, part
from tests.memory_connection import MemoryConnection
from tests.network import Network

PICTURE = b"\xff\xd8 a picture \r\n with line ends \xff\xd9"


def http(
    method: str,
    path: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """Return a request; with a body, its length is announced."""
    lines = {"Host": "proxy:3004", **(headers or {})}
    if body is not None:
        lines = {"Content-Length": str(len(body)), **lines}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + (body or b"")


def photo_form(entries: object, image: bytes = PICTURE) -> bytes:
    """Return the body that Immich sends for a picture."""
    return form(entries_part(entries), image_part(image))


def text_form(entries: object, text: str = "a dog") -> bytes:
    """Return the body that Immich sends for a search."""
    return form(entries_part(entries), part("text", text.encode()))


def posted(body: bytes, kind: str = MULTIPART, **headers: str) -> bytes:
    """Return a ``POST /predict``; ``Some_Name`` is the header ``Some-Name``."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return http("POST", "/predict", body, {"Content-Type": kind, **named})


def chunked(*pieces: bytes, kind: str = MULTIPART) -> list[bytes]:
    """Return a ``POST /predict`` without a length: its head, its chunks, its end."""
    head = {"Content-Type": kind, "Transfer-Encoding": "chunked"}
    return [
        http("POST", "/predict", headers=head),
        *(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces),
        b"0\r\n\r\n",
    ]


@attrs.frozen
class Answer:
    """What a client got; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body's value; it must be JSON."""
        assert self.headers["content-type"] == "application/json"
        return json.loads(self.body)

    @property
    def error(self) -> str:
        """The text of ``{"error": ...}``."""
        error = self.json()["error"]
        assert isinstance(error, str)
        return error


class Client(Protocol):
    """
    A connection to a proxy.

    :ivar sent: all bytes that were sent.
    :ivar got: all bytes that came back.
    """

    def __init__(self, network: Network) -> None:
        self.sent = b""
        self.got = b""
        self.connection: MemoryConnection
        self._network = network

    def dataReceived(self, data: bytes) -> None:
        """Keep what comes back."""
        self.got += data

    def send(self, *pieces: bytes) -> Client:
        """Send pieces, each of which the proxy gets by itself."""
        for piece in pieces:
            self.sent += piece
            self.connection.client.write(piece)
            self._network.flush()
        return self

    def leave(self) -> None:
        """Close the connection."""
        self.connection.client.abortConnection()
        self._network.flush()

    @property
    def paused(self) -> bool:
        """Whether the proxy has stopped reading."""
        return self.connection.server.paused

    @property
    def closed(self) -> bool:
        """Whether the proxy has closed the connection."""
        return not self.connection.is_open

    def answers(self, bodies: bool = True) -> list[Answer]:
        """Return what came; ``bodies=False`` for answers to ``HEAD``."""
        answers, rest = [], self.got
        while rest:
            head, separator, rest = rest.partition(b"\r\n\r\n")
            assert separator, head
            line, *lines = head.decode("latin-1").split("\r\n")
            headers = {
                name.lower(): value
                for name, value in (one.split(": ", 1) for one in lines)
            }
            status = int(line.split()[1])
            if headers.get("transfer-encoding") == "chunked" and bodies:
                body, rest = _joined(rest)
                answers.append(Answer(status, headers, body))
                continue
            has_body = bodies and status >= 200 and status != 304
            size = int(headers["content-length"]) if has_body else 0
            assert len(rest) >= size, "the body is cut short"
            answers.append(Answer(status, headers, rest[:size]))
            rest = rest[size:]
        return answers

    @property
    def answer(self) -> Answer:
        """The one answer that came; it must be as the API's description has it."""
        [answer] = self.answers()
        head, _, asked = self.sent.partition(b"\r\n\r\n")
        line = re.match(rb"([A-Z]+) (/\S*) HTTP/1\.1\r\n", head)
        if line is not None:
            method, target = (one.decode("latin-1") for one in line.groups())
            got = answer.status, answer.headers, answer.body
            described.check(method, target, asked, *got)
        return answer


def _joined(rest: bytes) -> tuple[bytes, bytes]:
    """Return the body of an answer that comes in chunks, and what follows it."""
    body = b""
    while True:
        line, separator, rest = rest.partition(b"\r\n")
        assert separator, "the body is cut short"
        size = int(line, 16)
        piece, rest = rest[:size], rest[size + 2 :]
        if not size:
            return body, rest
        body += piece


def _without_addresses(rule: Rule, append_unknown: bool) -> Callable[..., NoReturn]:
    """
    Stand in for what compiles how a route's address is built, which nobody asks for.

    That is most of what it takes to start a proxy, of which the tests start thousands.
    """

    def build(*_: Any) -> NoReturn:
        raise NotImplementedError

    return build


class Proxy:
    """
    A proxy whose sockets and clock are a network's.

    :param folder: for its ``config.json``.
    :param config: what stands there; nothing when it is ``None``.
    :param options: of the command line.
    """

    def __init__(
        self,
        network: Network,
        folder: Path,
        config: Mapping[str, Any] | None,
        *options: str,
    ) -> None:
        self.network = network
        self.file = folder / "config.json"
        if config is not None:
            self.file.write_text(json.dumps(config))
        parsed = Options()
        parsed.parseOptions(["--config", str(self.file), *options])
        #: What was written of requests, of each that is over.
        self.lines: list[str] = []
        with patch.object(Rule, "_compile_builder", _without_addresses):
            self.service: Any = makeService(parsed, network, network.wall, self._write)
        before = len(network.tcpServers)
        self.service.privilegedStartService()
        #: Of each port, the one for Immich last.
        self.sites: list[Any] = [one[1] for one in network.tcpServers[before:]]
        self.site: Any = self.sites[-1]

    def _write(self, data: bytes) -> int:
        self.lines += data.decode().splitlines()
        return len(data)

    def start_checks(self) -> None:
        """Start the parts that run by themselves: the health checks."""
        for part_ in self.service:
            part_.startService()
        self.network.flush()

    def connect(self, site: Any = None) -> Client:
        """Return a new connection, to the port for Immich if no other is named."""
        client = Client(self.network)
        address = IPv4Address("TCP", "10.0.0.1", 3004)
        client.connection = MemoryConnection(
            "proxy", client, (site or self.site).buildProtocol(address), address
        )
        self.network.connections.append(client.connection)
        return client

    def send(self, *pieces: bytes) -> Client:
        """Send a request, in pieces, over a new connection."""
        return self.connect().send(*pieces)

    def ask(self, request: bytes) -> Answer:
        """Return the answer to a request, also one that comes bit by bit."""
        client = self.send(request)
        while b"chunked\r\n" in client.got and not client.got.endswith(b"0\r\n\r\n"):
            self.network.advance(0)
        return client.answer

    def get(self, path: str, **headers: str) -> Answer:
        """Return the answer to a ``GET``."""
        return self.ask(http("GET", path, headers=headers))

    def post(self, path: str, value: object, **headers: str) -> Answer:
        """Return the answer to a ``POST`` of JSON."""
        return self.ask(http("POST", path, json.dumps(value).encode(), headers))
