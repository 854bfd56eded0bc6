"""What is told of a refusal's body: a line of text, whatever it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.web.http_headers import Headers

from immich_ml_proxy.balancer.outcome import TOLD, excerpt, of_refusal
from immich_ml_proxy.upstream.reply import Reply

LONG = b'{"detail": "' + b"x" * 1000


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", ""),
        (b" \r\n\t ", ""),
        (b"no", "no"),
        (b'{"detail": "bad"}', '{"detail": "bad"}'),
        (b"one\r\n\ttwo   three\n", "one two three"),
        (b"a < b and c > d", "a < b and c > d"),
        ("schlie\xdflich \u65e5\u672c".encode(), "schlie\xdflich \u65e5\u672c"),
        (b"\x1b[31mred\x07\x00", "[31mred"),
        ("left\u202eright\u200b".encode(), "left right"),
        (LONG, LONG[:TOLD].decode()),
        (b"<h1>502 Bad Gateway</h1>", "502 Bad Gateway"),
        (
            b"\n <!DOCTYPE html><html><head><title>Nope</title>"
            b"<STYLE type='a'>p {\n}</STYLE><script>if (a < b) {}</script></head>"
            b"<body class=x><p>Not<br/>here</p></body></html>\n",
            "Nope Not here",
        ),
        (b"<html><style>unfinished { }", ""),
        (b"<html><p>text <a href='cut", "text"),
        (b"<styled>kept</styled>", "kept"),
        (b"<style>a</script>b</style>c", "c"),
        (b"<" * 5000, ""),
    ],
)
def test_it_is_a_line_of_text(body: bytes, told: str) -> None:
    """Without markup, control characters and line ends."""
    assert excerpt(body) == told


def test_it_is_told_behind_the_status() -> None:
    """Nothing is told of nothing."""
    for body, reason in [
        (b"Method Not Allowed\n", "answered 405: Method Not Allowed"),
        (b" \n", "answered 405"),
        (b"", "answered 405"),
    ]:
        assert of_refusal(Reply(405, Headers(), body), True, 0.0).reason == reason


def test_only_the_beginning_is_looked_at() -> None:
    """A gateway's page may be a megabyte; 4 KB of it are enough."""
    page = b"<!--" + b"-" * 4083 + b"--> begun and more"
    assert excerpt(page) == "begun"
    assert len(excerpt(b"y" * 10**6)) == TOLD == 200


@given(st.binary(max_size=600) | st.text(max_size=300).map(str.encode))
def test_it_never_fails(body: bytes) -> None:
    """Whatever the bytes: what comes of it can be printed, in a line."""
    for given_body in (body, b"<" + body):
        told = excerpt(given_body)
        assert told.isprintable()
        assert len(told) <= TOLD
        assert told == " ".join(told.split())


@given(st.text(max_size=60) | st.from_regex(r"\w{3}, \d+ \w{3} \d+ \d+:\d+:\d+ .*"))
def test_a_time_to_wait_is_always_between_a_second_and_a_minute(wait: str) -> None:
    """Whatever a server says."""
    raw = wait.encode("latin-1", "replace").replace(b"\r", b"").replace(b"\n", b"")
    answer = Reply(429, Headers({b"Retry-After": [raw]}), b"")
    assert 1.0 <= of_refusal(answer, True, 0.0).pause <= 60.0
