"""The connection of a client: what it reads is what Twisted's own reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.web.http import HTTPChannel, Request

from immich_ml_proxy.downstream import head
from immich_ml_proxy.downstream.channel import ProxyChannel
from tests.fakes import document, serve
from tests.memory_proxy import Proxy, http, posted, text_form
from tests.network import Network

Start = Callable[..., Proxy]
SEARCH = {"clip": {"textual": {"modelName": "ViT-B-32__openai"}}}


class Kept(Request):
    """A request that is kept, and answered with its own body."""

    def gotLength(self, length: int | None) -> None:
        super().gotLength(length)
        self.announced = length

    def process(self) -> None:
        assert self.content is not None
        body = self.content.read()
        channel: Any = self.channel
        channel.kept.append(
            (
                self.method,
                self.uri,
                self.clientproto,
                self.announced,
                list(self.requestHeaders.getAllRawHeaders()),
                body,
                bool(channel.persistent),
            )
        )
        self.setHeader(b"Content-Length", b"%d" % len(body))
        self.write(body)
        self.finish()


@attrs.define
class Site:
    """What a channel wants of its site."""

    clock: Clock = attrs.field(factory=Clock)


def read(make: Callable[[], Any], *pieces: bytes) -> tuple[Any, ...]:
    """Return what a channel makes of bytes: requests, answers, the connection's end."""
    channel = make()
    channel.requestFactory = Kept
    channel.site = Site()
    channel.callLater = channel.site.clock.callLater
    channel.timeOut = 60
    channel.kept = []
    transport = StringTransport()
    channel.makeConnection(transport)
    for piece in pieces:
        if piece and not transport.disconnecting:
            channel.dataReceived(piece)
    return channel.kept, transport.value(), transport.disconnecting


def check_alike(said: bytes) -> None:
    """In one piece, in two, and byte by byte: it is what Twisted reads of the whole."""
    expected = read(HTTPChannel, said)
    assert read(ProxyChannel, said) == expected
    middle = len(said) // 2
    assert read(ProxyChannel, said[:middle], said[middle:]) == expected
    assert read(ProxyChannel, *(bytes([one]) for one in said)) == expected


LINES = [
    b"Host: proxy:3004",
    b"host: x",
    b"Host : x",
    b"Content-Length: 4",
    b"content-length:  4 ",
    b"Content-Length: 004",
    b"Content-Length: +4",
    b"Content-Length: 4, 4",
    b"Content-Length:",
    b"Content-Length: 5000000000000000000",
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: identity",
    b"Transfer-Encoding: gzip, chunked",
    b"Connection: keep-alive",
    b"Connection: Keep-Alive",
    b"Connection: close",
    b"Connection: x",
    b"Expect: 100-continue",
    b"Cookie: a=b",
    b"Upgrade: h2c",
    b"Accept: */*",
    b"accept: x",
    b"X-Empty:",
    b"X-Tab:\ta\tb\t",
    b"X-Bell: \x07",
    b"X-Nul: \x00",
    b"X-Latin: \xe9",
    b"X-Long: " + b"x" * 9000,
    b" folded",
    b"\tfolded",
    b"no colon",
    b": no name",
    b"bad name: x",
    b"b\xe4d: x",
    b"bare\rreturn: x",
    b"bare\nfeed: x",
    b"ETAG: 1",
    b"content-MD5: 1",
    b"",
]
FIRST = [
    b"GET / HTTP/1.1",
    b"POST /predict HTTP/1.1",
    b"HEAD /ping?a=b HTTP/1.1",
    b"OPTIONS * HTTP/1.1",
    b"GET http://other/ping HTTP/1.1",
    b"GET / HTTP/1.0",
    b"GET / HTTP/2.0",
    b"get / HTTP/1.1",
    b"G@T / HTTP/1.1",
    b"GET  / HTTP/1.1",
    b"GET /a b HTTP/1.1",
    b"GET /\xff HTTP/1.1",
    b"GET /\x00 HTTP/1.1",
    b"GET /",
    b"GET / http/1.1",
    b"",
]
BODIES = [b"", b"body", b"4\r\nbody\r\n0\r\n\r\n", b"bo", b"body more", b"0\r\n\r\n"]


@given(
    st.sampled_from(FIRST),
    st.lists(st.sampled_from(LINES), max_size=5),
    st.sampled_from(BODIES),
    st.sampled_from([b"", http("GET", "/next"), b"\r\n"]),
)
@example(FIRST[1], [LINES[0], LINES[3]], b"body", http("GET", "/next"))
@example(FIRST[1], [LINES[0], LINES[3]], b"bo", b"")
@example(FIRST[0], [LINES[0], LINES[13]], b"", http("GET", "/next") * 3)
def test_it_reads_what_twisted_reads(
    first: bytes, lines: list[bytes], body: bytes, more: bytes
) -> None:
    """Nothing is taken that was refused, nothing is understood in another way."""
    check_alike(b"\r\n".join([first, *lines, b"", body]) + more)


@given(st.binary(max_size=80), st.integers(0, 90))
def test_a_usual_request_with_a_flaw_anywhere_is_read_alike(
    flaw: bytes, place: int
) -> None:
    """Whatever bytes stand in it."""
    said = http("POST", "/predict", b"body", {"Connection": "keep-alive"})
    check_alike(said[:place] + flaw + said[place:])


@pytest.mark.parametrize("size", [head.LONGEST - 4, head.LONGEST, head.LONGEST + 100])
def test_a_head_that_is_too_long_is_refused_as_ever(size: int) -> None:
    """It may be longer than one read brings."""
    line = b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: "
    check_alike(line + b"x" * (size - len(line)) + b"\r\n\r\n")


def test_a_usual_head_is_read_in_one_go() -> None:
    """What Immich sends, through a reverse proxy or not: all this is for that."""
    said = (
        b"POST /predict HTTP/1.1\r\nhost: proxy:3004\r\nconnection: keep-alive\r\n"
        b"content-type: multipart/form-data; boundary=----formdata-0123\r\n"
        b"accept: */*\r\naccept-language: *\r\nsec-fetch-mode: cors\r\n"
        b"user-agent: node\r\naccept-encoding: gzip, deflate\r\n"
        b"x-forwarded-for: ::1\r\nX-Forwarded-Proto: http\r\ncontent-length: 288"
    )
    usual = head.read(said)
    assert usual is not None
    assert (usual.method, usual.target, usual.length) == (b"POST", b"/predict", 288)
    assert usual.headers.getRawHeaders(b"Sec-Fetch-Mode") == [b"cors"]


def test_names_that_clients_make_up_are_not_kept_for_ever() -> None:
    """Each connection may send others."""
    for number in range(head.MOST_NAMES + 100):
        assert head.read(b"GET / HTTP/1.1\r\nHost: x\r\nX-%d: 1" % number) is not None
    assert len(head.names) <= head.MOST_NAMES


def test_thousands_of_requests_may_come_at_once() -> None:
    """Each is answered before the next is read, and that goes on, not down."""
    kept, answers, _ = read(ProxyChannel, http("GET", "/") * 5000)
    assert len(kept) == 5000
    assert answers.count(b"HTTP/1.1 200") == 5000


@pytest.fixture
def proxy(network: Network, start_proxy: Start) -> Proxy:
    """A proxy with a server that answers 1 MB."""
    serve(network, "gpu")["gpu"].answer = b'{"more": "%s"}' % (b"x" * 1_000_000)
    return start_proxy(document("gpu", checkAnswers="off"))


def test_answers_that_nobody_reads_are_bounded(proxy: Proxy, network: Network) -> None:
    """The next request is taken up when the client has taken the answer before it."""
    client = proxy.connect()
    client.connection.client.pauseProducing()
    client.send(*[posted(text_form(SEARCH))] * 40)
    asked = [one for one in network.connections if one.name == "gpu"]
    assert sum(one.asked.count(b"POST /predict") for one in asked) <= 2
    assert len(client.connection.server.sent) < 2_100_000
    client.connection.client.resumeProducing()
    network.flush()
    assert [one.status for one in client.answers()] == [200] * 40


def test_a_client_that_never_reads_is_sent_away(proxy: Proxy, network: Network) -> None:
    """Else it would keep its connection, and what it was answered, for ever."""
    client = proxy.connect()
    client.connection.client.pauseProducing()
    client.send(posted(text_form(SEARCH)))
    network.advance(61)
    network.advance(16)
    assert client.closed


def test_the_timer_of_a_connection_is_moved_not_made(
    proxy: Proxy, network: Network
) -> None:
    """One for each connection, however many requests it carries."""
    client = proxy.connect()
    before = network.getDelayedCalls()
    for _ in range(3):
        network.advance(30)
        client.send(http("GET", "/ping"))
        after = [call for call in network.getDelayedCalls() if "_look" in str(call)]
        assert [call for call in after if "ProxyChannel" in str(call)]
    assert len(before) >= 1
    network.advance(59)
    assert not client.closed
    network.advance(2)
    assert client.closed
