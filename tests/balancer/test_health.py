"""What observations make of a server's health."""

from __future__ import annotations

import attrs
import pytest
from twisted.web.http_headers import Headers

from immich_ml_proxy.balancer.health import NEVER, Health, of_ping
from immich_ml_proxy.upstream.reply import Reply

LATE = "timed out after 1.5 s"
IMMICH = "it is Immich itself; its machine-learning service has another port"


def test_at_first_nothing_is_known() -> None:
    """The last check was never: 0."""
    assert Health() == Health("unknown", 0.0, "")


@pytest.mark.parametrize(
    "before", [Health(), Health("healthy", 1.0), Health("unhealthy", 1.0, "timed out")]
)
def test_the_latest_observation_counts(before: Health) -> None:
    """One is enough in both directions, and an old reason does not linger."""
    assert before.observe(None, 7.5) == Health("healthy", 7.5, "")
    refused = Health("unhealthy", 7.5, "connection refused")
    assert before.observe("connection refused", 7.5) == refused


def test_a_reason_without_words_is_a_reason() -> None:
    """Only ``None`` is good."""
    assert Health().observe("", 1.0).status == "unhealthy"


def test_health_is_a_value() -> None:
    """An observation gives the next one and leaves the one before alone."""
    before = Health("healthy", 1.0)
    before.observe("answered 500", 2.0)
    before.miss(LATE, 2.0, NEVER, False, 3.5)
    assert before == Health("healthy", 1.0)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        before.status = "unhealthy"  # type: ignore[misc]


class Pinged:
    """
    A server that is pinged every 10 s, for 1.5 s.

    :ivar answered: when it last answered work.
    """

    def __init__(self) -> None:
        self.health = Health().observe(None, 0.0, sent=0.0)
        self.answered = NEVER
        self.sent = 0.0

    def pong(self) -> str:
        """Have it answer the next ping; return its status."""
        self.sent += 10
        self.health = self.health.observe(None, self.sent + 0.1, sent=self.sent)
        return self.health.status

    def miss(self, is_working: bool = False) -> str:
        """Have it not answer the next ping; return its status."""
        self.sent += 10
        now = self.sent + 1.5
        self.health = self.health.miss(LATE, self.sent, self.answered, is_working, now)
        assert self.health.last_check == now
        return self.health.status


def test_an_idle_server_that_misses_a_ping_is_unhealthy() -> None:
    """Nothing else tells that it is there."""
    one = Pinged()
    assert one.miss() == "unhealthy"
    assert one.health.error == LATE
    assert one.pong() == "healthy"


def test_one_that_answered_work_since_the_ping_before_is_spared() -> None:
    """And no longer, if it answers nothing more; older work says nothing."""
    one = Pinged()
    one.answered = 5.0
    assert one.miss() == "healthy"
    assert (one.health.error, one.health.missed) == ("", 10.0)
    assert one.miss() == "unhealthy"
    one = Pinged()
    one.answered = 5.0
    one.pong()
    assert one.miss() == "unhealthy"


def test_one_that_has_work_that_is_not_overdue_is_spared_once() -> None:
    """Two pings in a row and no answer at all: it hangs."""
    one = Pinged()
    assert [one.miss(True), one.miss(True)] == ["healthy", "unhealthy"]
    one = Pinged()
    assert [one.miss(True), one.pong(), one.miss(True)] == ["healthy"] * 3


def test_work_answered_since_the_first_begins_anew() -> None:
    """A server that pongs late for an hour under work does not flap."""
    one = Pinged()
    for _ in range(360):
        assert one.miss(is_working=True) == "healthy"
        one.answered = one.sent + 3
    assert [one.miss(), one.miss()] == ["healthy", "unhealthy"]


def test_one_that_is_unhealthy_stays_so_until_it_answers() -> None:
    """That it has work says nothing then; nor has it ever been well if unknown."""
    one = Pinged()
    assert [one.miss(), one.miss(True), one.miss(True)] == ["unhealthy"] * 3
    assert Health().miss(LATE, 0.0, NEVER, True, 1.5).status == "unhealthy"


def test_one_that_was_away_stays_so_until_something_answers() -> None:
    """A refusal, then pings without any answer: it is booting."""
    refused = Health().observe("connection refused", 1.0, is_away=True, sent=0.9)
    late = refused.miss(LATE, 10.0, NEVER, False, 11.5)
    assert (late.is_away, late.error) == (True, LATE)
    assert not late.observe(None, 20.0).is_away
    assert not late.observe("answered 503", 20.0).is_away


def test_what_requests_tell_is_no_ping() -> None:
    """The time of the ping before stays."""
    one = Health().observe(None, 10.1, sent=10.0)
    assert one.observe(None, 12.0).pinged == 10.0
    assert one.observe("broke off its answer", 12.0).pinged == 10.0


def reply(status: int, body: bytes, location: str = "") -> Reply:
    """Return the answer to a ping."""
    headers = Headers({"Location": [location]} if location else {})
    return Reply(status, headers, body)


@pytest.mark.parametrize("body", [b"pong", b"pong\n", b"  pong \r\n"])
@pytest.mark.parametrize("status", [200, 204, 299])
def test_only_pong_is_a_pong(status: int, body: bytes) -> None:
    """With a 2xx; white space aside."""
    assert of_ping(reply(status, body)) is None
    assert of_ping(reply(500, body)) == "answered 500"


@pytest.mark.parametrize(
    ("answer", "seems"),
    [
        (reply(200, b'{"res":"pong"}'), IMMICH),
        (reply(404, b'{"RES": "PONG"}'), IMMICH),
        (reply(200, b"<!doctype html><title>Immich</title>"), IMMICH),
        (reply(302, b"", "https://sso.home/"), "it redirects to https://sso.home/"),
        (reply(308, b""), "it redirects to elsewhere"),
        (reply(401, b""), "it wants a login first"),
        (reply(407, b""), "it wants a login first"),
        (reply(200, b'<input type="password">'), "it wants a login first"),
        (reply(200, b"<html>Please Login</html>"), "it wants a login first"),
        (
            reply(200, b"<html><title>\n Welcome  to nginx!</title>"),
            "it is a web page, Welcome to nginx!",
        ),
        (reply(200, b"<HTML><body>It works"), "it is a web page"),
        (reply(404, b"not found"), "404 at /ping"),
        (reply(200, b""), "/ping answers nothing"),
        (reply(200, b"Ollama is running"), "/ping answers Ollama is running"),
        (reply(200, b"\x00\xff" + b"x" * 500), f"/ping answers ?\ufffd{'x' * 78}"),
    ],
)
def test_what_else_answers_is_named(answer: Reply, seems: str) -> None:
    """Somebody gave a wrong address, or something stands before the server."""
    assert of_ping(answer) == f"answers, but is no Immich ML server: {seems}"


@pytest.mark.parametrize("status", [400, 403, 500, 502, 503, 504])
def test_a_status_is_told_where_nothing_else_is_known(status: int) -> None:
    """Of a gateway, or of the server itself."""
    assert of_ping(reply(status, b"Bad Gateway")) == f"answered {status}"


def test_the_page_of_a_gateway_is_its_status() -> None:
    """The server behind it restarts; what the page says is of no interest."""
    page = b"<html><title>502 Bad Gateway</title>"
    assert of_ping(reply(502, page)) == "answered 502"
