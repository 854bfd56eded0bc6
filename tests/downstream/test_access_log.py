"""The lines of requests: one each, in batches, by one owner, whatever becomes of it."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.logger import capturedLogs
from twisted.web.http_headers import Headers

from immich_ml_proxy.balancer.leg import Leg
from immich_ml_proxy.downstream import access_log
from immich_ml_proxy.downstream.access_log import AccessLog, ToLogger, to_stdout
from immich_ml_proxy.downstream.ended_requests import EndedRequests
from immich_ml_proxy.downstream.names import Names
from immich_ml_proxy.headers import KnownHeaders
from immich_ml_proxy.metrics.traffic import Traffic
from immich_ml_proxy.protocol.body import Body
from tests.demo_requests import OCR, TEXTUAL, VISUAL
from tests.fakes import document, serve
from tests.memory_proxy import Proxy, http, photo_form, posted, text_form
from tests.network import Network

Start = Callable[..., Proxy]
SEARCH = posted(text_form(TEXTUAL))
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class Request:
    """What is looked at of a request."""

    def __init__(self, path: bytes = b"/predict") -> None:
        self.client = None
        self.method, self.path, self.uri = b"POST", path, path + b"?token=geheim"
        self.clientproto = b"HTTP/1.1"
        self.sentLength = 3
        self.started = 0.0
        self.body = Body(0)
        self.names = Names(b"trace", PARENT.encode())
        self.legs = (Leg("default", "gpu", 1, 0.1, 0.2, "served"),)
        self.requestHeaders = Headers()


class Output:
    """
    Takes what is written.

    :ivar takes: so many bytes at a time; raises ``error`` instead, if there is one.
    """

    def __init__(self) -> None:
        self.got = b""
        self.writes = 0
        self.takes = sys.maxsize
        self.error: OSError | None = None

    def __call__(self, data: bytes) -> int:
        """Take some of it."""
        if self.error is not None:
            raise self.error
        self.writes += 1
        taken = data[: self.takes]
        self.got += taken
        return len(taken)

    @property
    def lines(self) -> list[str]:
        """The lines that came."""
        return self.got.decode().splitlines()


@pytest.fixture
def clock() -> Clock:
    """The source of time."""
    return Clock()


@pytest.fixture
def output() -> Output:
    """Where the lines go."""
    return Output()


def told_to(log: AccessLog, clock: Clock) -> EndedRequests:
    """Return what gathers requests for a log."""
    return EndedRequests(clock, clock.seconds, Traffic(), log)


@pytest.fixture
def ended(clock: Clock, output: Output) -> EndedRequests:
    """What gathers requests, started."""
    made = told_to(AccessLog(output), clock)
    made.startService()
    return made


def add(ended: EndedRequests, count: int = 1, path: bytes = b"/predict") -> None:
    """Have so many requests end."""
    for _ in range(count):
        ended.add(Request(path), 200)


def test_lines_are_written_once_a_second(
    clock: Clock, output: Output, ended: EndedRequests
) -> None:
    """In one piece, and nothing when there is nothing."""
    add(ended, 10)
    assert output.got == b""
    clock.advance(1)
    assert (len(output.lines), output.writes) == (10, 1)
    clock.advance(10)
    assert output.writes == 1


def test_many_lines_are_written_before(
    clock: Clock, output: Output, ended: EndedRequests
) -> None:
    """64 KB at the most are left until the second is over."""
    add(ended, 1000)
    assert output.writes == 3
    clock.advance(1)
    assert len(output.lines) == 1000


def test_nothing_is_left_at_the_end(
    clock: Clock, output: Output, ended: EndedRequests
) -> None:
    """What ends after that is written at once."""
    add(ended)
    ended.stopService()
    assert len(output.lines) == 1
    add(ended)
    assert len(output.lines) == 2
    assert clock.getDelayedCalls() == []


def test_what_clients_say_is_cut_off(clock: Clock, output: Output) -> None:
    """A line is never longer than a few KB, however long a head is."""
    request = Request(b"/" + b"p" * 5000)
    for name in (b"Referer", b"User-Agent"):
        request.requestHeaders.addRawHeader(name, b"r" * 5000)
    told_to(AccessLog(output), clock).add(request, 200)
    [line] = output.lines
    assert "p" * 299 in line and "p" * 300 not in line
    assert line.count("r" * 300) == 2
    assert len(line) < 1500


@given(*[st.binary(max_size=400)] * 3)
def test_whatever_is_sent_a_line_is_not_longer_than_a_few_kb(
    target: bytes, agent: bytes, referer: bytes
) -> None:
    """Each byte may take four characters, in both forms."""
    request = Request(target)
    request.requestHeaders = KnownHeaders(
        {b"Referer": [referer], b"User-Agent": [agent]}
    )
    for is_json in (False, True):
        output = Output()
        told_to(AccessLog(output, is_json), Clock()).add(request, 200)
        [line] = output.lines
        assert len(line) < 5000


def test_what_is_taken_in_pieces_is_whole(
    clock: Clock, output: Output, ended: EndedRequests
) -> None:
    """A pipe may take a part only."""
    output.takes = 7
    add(ended, 3)
    clock.advance(1)
    assert len(output.lines) == 3


def test_who_reads_slowly_gets_it_later(
    clock: Clock, output: Output, ended: EndedRequests, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As much as is kept for it, from the beginning of a line on; nobody waits."""
    add(ended, 2)
    output.error = BlockingIOError()
    clock.advance(1)
    add(ended, 1)
    output.error = None
    clock.advance(1)
    assert len(output.lines) == 3
    monkeypatch.setattr(access_log, "KEPT", 500)
    output.error = BlockingIOError()
    add(ended, 100)
    clock.advance(1)
    output.error = None
    output.got = b""
    clock.advance(1)
    assert 0 < len(output.got) <= 500
    assert all(line.startswith("- - - [") for line in output.lines)


def test_a_disk_that_is_full_is_told_once(
    clock: Clock, output: Output, ended: EndedRequests, logged: Any
) -> None:
    """The lines are lost; the proxy serves on."""
    output.error = OSError(28, "No space left on device")
    for _ in range(3):
        add(ended)
        clock.advance(1)
    [told] = logged.expect()
    assert "cannot be written: No space left on device" in told
    output.error = None
    add(ended)
    clock.advance(1)
    assert len(output.lines) == 1


@pytest.mark.parametrize(("level", "paths"), [("all", 4), ("work", 2), ("off", 0)])
def test_what_is_worth_a_line_can_be_chosen(
    clock: Clock, output: Output, level: str, paths: int
) -> None:
    """Open pages ask every second."""
    ended = told_to(AccessLog(output, level=level), clock)
    for path in (b"/predict", b"/ping", b"/api/overview", b"/"):
        add(ended, path=path)
    assert len(output.lines) == paths


def test_the_time_is_told_as_each_form_has_it(clock: Clock, output: Output) -> None:
    """To the second in the one, to the millisecond in the other."""
    clock.advance(1_795_912_407.25)
    add(told_to(AccessLog(output), clock))
    assert " [29/Nov/2026:00:33:27 +0000] " in output.lines[0]
    ended = told_to(AccessLog(output, is_json=True), clock)
    for _ in range(2):
        add(ended)
        clock.advance(0.5)
    times = [json.loads(line)["time"] for line in output.lines[1:]]
    assert times == ["2026-11-29T00:33:27.250Z", "2026-11-29T00:33:27.750Z"]


def test_where_the_log_has_a_file_each_line_is_an_event(
    clock: Clock, output: Output
) -> None:
    """It is written as the rest is; a brace in it is no field."""
    ended = told_to(AccessLog(ToLogger()), clock)
    with capturedLogs() as events:
        add(ended, path=b"/{path}")
    [event] = events
    assert event["log_format"] == "{line}"
    assert '"POST /{path} HTTP/1.1" 200 3' in event["line"]


def test_the_commands_output_is_written_to_directly(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever Twisted puts in its place, and nowhere if there is none."""
    with open("/dev/null", "w") as other:
        monkeypatch.setattr(sys, "stdout", other)
        assert to_stdout(b"a line\n") == 7
    assert capfd.readouterr().out == "a line\n"
    monkeypatch.setattr(sys, "__stdout__", None)
    assert to_stdout(b"a line\n") == 7


# --- In a whole proxy ---------------------------------------------------------------


def fields(line: str) -> dict[str, str]:
    """Return the fields of a line by name."""
    return dict(re.findall(r" (\w+)=(\S+)", line))


def test_a_request_has_one_line_that_tells_how_it_fared(
    network: Network, start_proxy: Start
) -> None:
    """With the name that the answer has, and that the server was sent."""
    fake = serve(network, "gpu")["gpu"]
    proxy = start_proxy(document("gpu"))
    fake.silent = True
    client = proxy.send(SEARCH)
    network.advance(0.25)
    assert proxy.lines == []
    fake.speak()
    network.flush()
    [line] = proxy.lines
    assert line.startswith("10.0.0.1 - - [")
    size = len(client.answer.body)
    assert f' "POST /predict HTTP/1.1" 200 {size} "-" "-" ' in line
    name = client.answer.headers["x-request-id"]
    assert fields(line) == {
        "trace": name,
        "time": "0.2500",
        "route": "default",
        "backend": "gpu",
        "outcome": "served",
        "tries": "1",
        "wait": "0.0000",
        "service": "0.2500",
    }
    assert fake.predicts[0].headers["x-request-id"] == name


def test_a_trace_goes_on_and_comes_back(network: Network, start_proxy: Start) -> None:
    """The client's to the server, under a part of ours, which the client is told."""
    fake = serve(network, "gpu")["gpu"]
    proxy = start_proxy(document("gpu"))
    sent = {"traceparent": PARENT, "tracestate": "vendor=1", "X-Request-ID": "mine"}
    answer = proxy.ask(posted(text_form(TEXTUAL), **sent))
    [received] = fake.predicts
    assert received.headers["traceparent"] == answer.headers["traceresponse"]
    assert received.headers["traceparent"][:36] == PARENT[:36]
    assert received.headers["traceparent"][36:52] != PARENT[36:52]
    assert received.headers["tracestate"] == "vendor=1"
    assert received.headers["x-request-id"] == answer.headers["x-request-id"] == "mine"
    assert fields(proxy.lines[-1])["w3c_trace"] == PARENT[3:35]
    assert fields(proxy.lines[-1])["trace"] == "mine"
    other = proxy.ask(SEARCH)
    made = fake.predicts[1].headers["traceparent"]
    assert made == other.headers["traceresponse"]
    assert made[3:35] != PARENT[3:35]
    assert "tracestate" not in fake.predicts[1].headers
    assert "w3c_trace" not in fields(proxy.lines[-1])


@pytest.mark.parametrize("path", ["/", "/ping", "/livez", "/api/status", "/nothing"])
def test_every_answer_names_its_request(
    network: Network, start_proxy: Start, path: str
) -> None:
    """So that its line is found; it is not counted as work."""
    serve(network, "gpu")
    proxy = start_proxy(document("gpu"))
    client = proxy.send(http("GET", path))
    network.advance(2)
    answer = client.answer
    [line] = proxy.lines
    assert f' "GET {path} HTTP/1.1" {answer.status} ' in line
    assert fields(line)["trace"] == answer.headers["x-request-id"]
    assert re.fullmatch(r"00-\w{32}-\w{16}-01", answer.headers["traceresponse"])
    assert "route" not in fields(line)


def test_a_second_try_and_several_groups_are_told(
    network: Network, start_proxy: Start
) -> None:
    """In one line of the one request."""
    fakes = serve(network, "a", "b")
    route = {"backends": ["a", "b"], "strategy": "in_order"}
    proxy = start_proxy(
        document("a", "b", defaultBackend=route, taskRouting={"ocr": "b"})
    )
    proxy.start_checks()
    fakes["a"].status = 503
    assert proxy.ask(posted(photo_form(OCR | VISUAL))).status == 200
    network.advance(1)
    line = proxy.lines[-1]
    told = fields(line)
    assert told["route"] == "ocr,default"
    assert told["backend"] == "b,b"
    assert told["tries"] == "3"


def test_a_client_that_leaves_has_a_line(network: Network, start_proxy: Start) -> None:
    """With whom it was waiting for."""
    fake = serve(network, "gpu")["gpu"]
    proxy = start_proxy(document("gpu"))
    fake.silent = True
    client = proxy.send(SEARCH)
    network.advance(2)
    client.leave()
    [line] = proxy.lines
    assert " 499 0 " in line
    told = fields(line)
    assert (told["backend"], told["outcome"]) == ("gpu", "cancelled")
    assert (told["tries"], told["service"]) == ("1", "-")


def test_a_client_that_leaves_before_it_has_asked_has_none(
    network: Network, start_proxy: Start
) -> None:
    """Half a head is no request."""
    proxy = start_proxy(document("gpu"))
    proxy.send(b"POST /predict HTTP/1.1\r\nHost: a\r\n").leave()
    proxy.send(b"").leave()
    assert proxy.lines == []


def test_a_body_that_is_refused_has_a_line(
    network: Network, start_proxy: Start
) -> None:
    """And its answer has its name."""
    proxy = start_proxy(document("gpu", maxBodySize=1024))
    answer = proxy.ask(posted(bytes(5000)))
    assert answer.status == 413
    assert "traceresponse" in answer.headers
    [line] = proxy.lines
    assert ' "POST /predict HTTP/1.1" 413 ' in line
    assert fields(line)["trace"] == answer.headers["x-request-id"]


def test_no_secret_and_no_line_of_a_clients_own_is_written(
    network: Network, start_proxy: Start
) -> None:
    """Whatever it sends."""
    serve(network, "gpu")
    proxy = start_proxy(document("gpu"))
    headers = {
        "Authorization": "Bearer geheim",
        "Cookie": "session=geheim",
        "Referer": "http://proxy:3004/config?token=geheim",
        "User-Agent": 'x" 200 0 "-" "-" trace=forged',
    }
    proxy.get("/api/status?token=geheim", **headers)
    [line] = proxy.lines
    assert "geheim" not in line
    assert line.count('"') - line.count('\\"') == 6


def test_a_trusted_proxy_says_who_the_client_is(
    network: Network, start_proxy: Start
) -> None:
    """Nobody else is believed, and what it says must look like an address."""
    serve(network, "gpu")
    given = {"X-Forwarded-For": "192.168.1.7, 10.0.0.1"}
    proxy = start_proxy(document("gpu"))
    proxy.get("/livez", **given)
    assert proxy.lines[-1].startswith("10.0.0.1 - - ")
    trusting = start_proxy(document("gpu"), "--trusted-proxy", "10.0.0.1")
    trusting.get("/livez", **given)
    assert trusting.lines[-1].startswith("192.168.1.7 - - ")
    trusting.get("/livez", **{"X-Forwarded-For": 'x" 200'})
    assert trusting.lines[-1].startswith("- - - ")


def test_json_is_chosen_by_an_option(network: Network, start_proxy: Start) -> None:
    """One object a line."""
    serve(network, "gpu")
    proxy = start_proxy(document("gpu"), "--log-format", "json")
    answer = proxy.ask(SEARCH)
    [line] = proxy.lines
    told = json.loads(line)
    assert told["trace"] == answer.headers["x-request-id"]
    assert (told["status"], told["backend"], told["tries"]) == (200, "gpu", 1)
