"""What the head of a request must be like."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.downstream import head_rules
from immich_ml_proxy.downstream.head_rules import connection_options, is_host, refusal

HOST = (b"Host", b"proxy:3004")


@pytest.mark.parametrize(
    "host",
    [
        b"a",
        b"immich_ml_proxy",
        b"A.b-c.~d:3004",
        b"a:",
        b"a:65535",
        b"a..b",
        b"192.168.1.7:3004",
        b"[::1]",
        b"[fe80::1]:80",
        b"[::ffff:10.0.0.1]:80",
        b"xn--bcher-kva.example",
        b"b%C3%BCcher",
    ],
)
def test_what_people_call_their_hosts_is_a_host(host: bytes) -> None:
    """Names with underscores and dots, addresses, with a port or without."""
    assert is_host(host)
    assert refusal(b"HTTP/1.1", b"/", [(b"hOST", host)]) is None


@pytest.mark.parametrize(
    "host",
    [
        b"",
        b" ",
        b"a b",
        b"a,b",
        b"a/b",
        b"http://a",
        b"a@b",
        b"a?b",
        b"a#b",
        b"a\\b",
        b'"a"',
        b":80",
        b"a:b",
        b"a:1:2",
        b"a:65536",
        b"a:123456",
        b"a:-1",
        b"[::1",
        b"::1]",
        b"::1",
        b"[a]",
        b"[]",
        b"[1.2.3.4]",
        b"[:::1]",
        b"[::1]a",
        b"[::1%25eth0]",
        b"\xe4",
        b"%zz",
        b"a\x00",
        b"a\n",
        b"a" * 301,
    ],
)
def test_all_else_is_none(host: bytes) -> None:
    """It could mean another host to somebody else."""
    assert not is_host(host)
    assert refusal(b"HTTP/1.0", b"/", [(b"Host", host)]) is not None


def test_there_is_one_host() -> None:
    """HTTP/1.0 may do without."""
    assert refusal(b"HTTP/1.1", b"/", []) == "there is no Host"
    assert refusal(b"HTTP/1.0", b"/", []) is None
    for version in (b"HTTP/1.0", b"HTTP/1.1"):
        told = refusal(version, b"/", [HOST, HOST])
        assert told == "there is more than one Host"


@pytest.mark.parametrize("code", [*range(9), *range(10, 32), 127])
def test_no_header_has_a_control_character(code: int) -> None:
    """But for a tab."""
    value = b"a" + bytes([code]) + b"b"
    told = refusal(b"HTTP/1.1", b"/", [HOST, (b"X-Y", value)])
    assert told == "the header X-Y has a control character"
    assert refusal(b"HTTP/1.1", b"/", [HOST, (b"X-Y", b"a\tb\xff")]) is None


@pytest.mark.parametrize(
    ("target", "good"),
    [
        (b"/", True),
        (b"*", True),
        (b"http://a/b", True),
        (b"/%c3%a4", True),
        (b"/?%ff%00", True),
        (b"/a%2fb", True),
        (b"/%", True),
        (b"/%zz", True),
        (b"", False),
        (b"/a b", False),
        (b"/\x7f", False),
        (b"/\xc3\xa4", False),
        (b"/%ff", False),
        (b"/%00", False),
        (b"/%0A", False),
        (b"/%09", False),
        (b"/%7f", False),
        (b"/%ed%a0%80", False),
    ],
)
def test_a_path_is_text(target: bytes, good: bool) -> None:
    """It is UTF-8 without control characters, however it is written."""
    assert head_rules.is_target(target) == good
    assert (refusal(b"HTTP/1.1", target, [HOST]) is None) == good


def test_chunks_are_for_those_who_know_them() -> None:
    """A proxy that speaks HTTP/1.0 would read on behind the head."""
    lines = [HOST, (b"Transfer-Encoding", b"chunked")]
    assert refusal(b"HTTP/1.1", b"/", lines) is None
    assert refusal(b"HTTP/1.0", b"/", lines) == "Transfer-Encoding is for HTTP/1.1"


@pytest.mark.parametrize(
    ("values", "options"),
    [
        ([], set()),
        ([b""], set()),
        ([b"close"], {b"close"}),
        ([b"Close, x"], {b"close", b"x"}),
        ([b"keep-alive,close"], {b"keep-alive", b"close"}),
        ([b"x", b" ,,CLOSE\t, "], {b"x", b"close"}),
    ],
)
def test_connection_is_a_list(values: list[bytes], options: set[bytes]) -> None:
    """On one line or on several."""
    assert connection_options(values) == options


@given(st.binary(max_size=30), st.binary(max_size=40))
def test_any_head_is_taken_or_told(target: bytes, host: bytes) -> None:
    """Nothing is raised, and what is told is a short text."""
    told = refusal(b"HTTP/1.1", target, [(b"Host", host), (b"X", target)])
    assert told is None or (told.isprintable() and len(told) < 100)
