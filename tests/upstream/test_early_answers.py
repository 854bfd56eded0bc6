"""Answers of servers that do not want the body: they answer, and close at once."""

from __future__ import annotations

import select
import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from threading import Event, Thread
from typing import Any

import attrs
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from twisted.internet.error import ConnectionLost
from twisted.internet.selectreactor import SelectReactor
from twisted.python.failure import Failure

from immich_ml_proxy.config.model import Backend
from immich_ml_proxy.protocol.body import Body
from immich_ml_proxy.records.recorder import Recorder
from immich_ml_proxy.upstream.client import BackendClient
from immich_ml_proxy.upstream.endpoints import BLOCK, connections
from immich_ml_proxy.upstream.reply import Reply
from tests.fakes import Fleet, outcome
from tests.upstream.reading import SIZED
from tests.upstream.sending import HEAD, Sending, arrived, arriving, complete, predict

TEXT = b"too large"
EARLY = (
    b"HTTP/1.1 413 Too Large\r\nContent-Length: 9\r\nConnection: close\r\n\r\n" + TEXT
)
#: Longer than what is read at once.
LONG = HEAD + b"Content-Length: 200000\r\n\r\n" + bytes(200_000)


def lost(said: bytes) -> Sending:
    """Return an exchange whose connection is lost when this has come, unread."""
    fleet = Fleet("gpu")
    fleet["gpu"].silent = True
    sending = Sending(fleet, predict(arriving()))
    [connection] = fleet.connections_to("gpu")
    connection.server.write(said)
    connection.client.lose(ConnectionLost())
    fleet.network.flush()
    assert not connection.is_open
    assert len(fleet.network.dialled) == 1
    return sending


@pytest.mark.parametrize(("said", "status"), [(EARLY, 413), (LONG, 200)])
def test_what_a_lost_connection_holds_is_read_first(said: bytes, status: int) -> None:
    """The answer was there before the connection was seen to be lost."""
    assert lost(said).reply.status == status


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"", "is gone: the connection broke without an answer"),
        (EARLY[:-1], "broke off its answer"),
        (HEAD + b"\r\nends with its connection", "broke off its answer"),
        (b"220 ready\r\n", "answered wrongly: it is not HTTP/1"),
    ],
)
def test_what_it_holds_may_be_no_answer(said: bytes, words: str) -> None:
    """It fails as it would have while the connection was there."""
    assert str(lost(said).failed) == words


def test_a_lost_connection_is_not_kept_for_the_answer_it_held() -> None:
    """The next request would go out over it before it is known to be gone."""
    fleet = Fleet("gpu")
    fleet["gpu"].silent = True
    body = arriving()
    sending = Sending(fleet, predict(body))
    complete(body)
    [connection] = fleet.connections_to("gpu")
    connection.server.write(SIZED)
    connection.client.lose(ConnectionLost())
    assert sending.reply.status == 200
    assert fleet.connections_to("gpu") == [connection]
    assert not any("_sweep" in str(call) for call in fleet.network.getDelayedCalls())


def test_after_an_early_answer_the_body_is_let_go() -> None:
    """The rest of it is not sent, and the connection is closed for that."""
    fleet = Fleet("gpu")
    fleet["gpu"].silent = True
    body = arriving()
    sending = Sending(fleet, predict(body))
    [connection] = fleet.connections_to("gpu")
    connection.server.write(SIZED)
    fleet.network.flush()
    assert sending.reply.status == 200
    assert not connection.is_open
    assert body.watchers == []


def test_a_body_that_was_taken_holds_nothing_up() -> None:
    """Else a transport that is to close would wait for its producer."""
    fleet = Fleet("gpu")
    fleet["gpu"].silent = True
    body = Body(100_000)
    body.append(bytes(100_000))
    body.finish()
    Sending(fleet, predict(body))
    [connection] = fleet.connections_to("gpu")
    assert fleet["gpu"].holds == 1
    assert connection.client._producer is None


def test_one_body_after_the_other_goes_over_a_connection() -> None:
    """Each is done with when its answer has come."""
    fleet = Fleet("gpu")
    for _ in range(3):
        assert Sending(fleet, predict(arrived())).reply.status == 200
    assert len(fleet.network.dialled) == 1


@pytest.fixture
def reactor() -> Iterator[Any]:
    """A reactor of its own, with real sockets; it moves when it is told to."""
    reactor: Any = SelectReactor()
    yield reactor
    for call in reactor.getDelayedCalls():
        call.cancel()
    for one in reactor.removeAll():
        one.connectionLost(Failure(ConnectionLost()))


def until(reactor: Any, condition: Callable[[], Any]) -> None:
    """Let the reactor move until something is so."""
    while not condition():
        reactor.iterate(0.01)


@attrs.define
class Refuser:
    """
    A server that takes some of a request, answers and resets the connection.

    :ivar asked: it has got something.
    :ivar goes: is set for it to go on.
    """

    listener: socket.socket
    tls: ssl.SSLContext | None
    asked: Event = attrs.field(factory=Event)
    goes: Event = attrs.field(factory=Event)

    def run(self) -> None:
        """Serve one connection."""
        server, _ = self.listener.accept()
        if self.tls is not None:
            server = self.tls.wrap_socket(server, server_side=True)
        # A reset takes with it what still waits to be sent.
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with server:
            server.recv(1000)
            self.asked.set()
            self.goes.wait()
            server.sendall(EARLY)
            # So that it does not end in an orderly way, whatever was read.
            linger = struct.pack("ii", 1, 0)
            server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


@pytest.fixture
def certified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's side of TLS, whose certificate is trusted here."""
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "gpu")])
    address = x509.IPAddress(ip_address("127.0.0.1"))
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, SHA256())
    )
    trusted, both = tmp_path / "trusted.pem", tmp_path / "both.pem"
    trusted.write_bytes(certificate.public_bytes(Encoding.PEM))
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    both.write_bytes(secret + trusted.read_bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return context


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_write_error_does_not_hide_the_answer(
    reactor: Any, certified: ssl.SSLContext, scheme: str
) -> None:
    """It may be seen before the answer is: both came between two looks."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        refuser = Refuser(listener, certified if scheme == "https" else None)
        thread = Thread(target=refuser.run, daemon=True)
        thread.start()
        body = Body(64 * 2**20)
        for _ in range(64):
            body.append(b"x" * 2**20)
        body.finish()
        client = BackendClient(
            reactor, connections(reactor), Recorder(), reactor.seconds
        )
        url = f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"
        results = outcome(
            client.send(
                Backend(name="gpu", url=url), predict(body), lambda taken: 60 - taken
            )
        )
        until(reactor, refuser.asked.is_set)
    [transport] = reactor.getWriters()
    assert (transport.getTcpNoDelay(), transport.SEND_LIMIT) == (True, BLOCK)
    # The kernel takes no more: the rest of the body waits.
    until(reactor, lambda: not select.select([], [transport], [], 0)[1])
    refuser.goes.set()
    thread.join()
    lost = select.poll()
    lost.register(transport, select.POLLHUP)
    assert lost.poll(10_000)
    assert results == []
    # What a reactor does that has seen that it can write, and no more.
    error = transport.doWrite()
    assert isinstance(error, ConnectionLost)
    reactor.removeReader(transport)
    reactor.removeWriter(transport)
    transport.connectionLost(Failure(error))
    [reply] = results
    assert isinstance(reply, Reply)
    assert (reply.status, reply.body) == (413, TEXT)
    client.close()
    assert reactor.getDelayedCalls() == []
