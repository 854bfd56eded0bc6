"""Tokens, sessions and addresses: what lets somebody in, and for how long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.errors import TooManyAttempts
from immich_ml_proxy.web.access import (
    SESSION,
    Access,
    Shown,
    Token,
    bearer,
    client_address,
    cookies,
    set_cookie,
    unset_cookie,
)
from immich_ml_proxy.web.attempts import FORGET_AFTER, FREE, LONGEST, MOST, Attempts
from immich_ml_proxy.web.hosts import network

TOKEN = Token("correct-horse-battery")
NOW = 1_800_000_000.5


def test_only_the_token_is_the_token() -> None:
    """Not a part of it, and nothing else."""
    assert TOKEN.matches("correct-horse-battery")
    for other in (
        "",
        "correct-horse-batter",
        "correct-horse-batteryx",
        "Correct",
        "\ud800",
    ):
        assert not TOKEN.matches(other)


def test_a_token_is_not_shown() -> None:
    """Not in a traceback, either."""
    assert "horse" not in repr(TOKEN) + str(TOKEN) + repr(Access(token=TOKEN))


@pytest.mark.parametrize(
    ("text", "told"),
    [("", "is empty"), ("a b", "a space"), ("ä", "ASCII"), ("a\n", "AS")],
)
def test_what_no_header_can_carry_is_no_token(text: str, told: str) -> None:
    """Nobody could log in with it."""
    with pytest.raises(ValueError, match=told):
        Token(text)


def test_what_is_wrong_with_who_may_do_what_is_told() -> None:
    """Once, when it starts."""
    assert Access(token=TOKEN).note(None) == ""
    assert "less than 16 characters" in Access(token=Token("short")).note(None)
    assert "whoever reaches this port can send your photos" in Access().note(None)
    assert "whoever reaches tcp:3005 can" in Access().note("tcp:3005")


def test_a_session_holds_for_its_time() -> None:
    """Also in a proxy that was started since, and not in one with another token."""
    value = TOKEN.session(NOW)
    same = Token("correct-horse-battery")
    for later in (0, 1, SESSION - 1):
        assert same.is_session(value, NOW + later)
    assert not same.is_session(value, NOW + SESSION)
    assert not Token("another-token-of-mine").is_session(value, NOW)


@pytest.mark.parametrize(
    "made_up",
    [
        *["", ".", "x", "1900000000.", "9999999999.0", "name.", "\ud800.\ud800"],
        "-1." + "0" * 64,
    ],
)
def test_a_session_cannot_be_made_up(made_up: str) -> None:
    """Nor prolonged."""
    assert not TOKEN.is_session(made_up, NOW)
    until, _, signature = TOKEN.session(NOW).partition(".")
    assert not TOKEN.is_session(f"{int(until) + 1}.{signature}", NOW)
    assert not TOKEN.is_session(f"{until}.{signature[:-1]}", NOW)


def test_a_session_of_a_clock_that_was_ahead_does_not_hold_for_longer() -> None:
    """It may have been years."""
    assert not TOKEN.is_session(TOKEN.session(NOW + 10), NOW)


def test_the_cookie_is_for_the_browser_alone() -> None:
    """No script reads it, no other site sends it, and it has a name by the token."""
    made = set_cookie(TOKEN, NOW, is_https=False)
    assert made.startswith(f"{TOKEN.cookie}={TOKEN.session(NOW)}; Path=/; Max-Age=")
    assert made.endswith("; HttpOnly; SameSite=Strict")
    assert set_cookie(TOKEN, NOW, is_https=True) == f"{made}; Secure"
    assert "Max-Age=0" in unset_cookie(TOKEN, is_https=False)
    assert Token("another-token-of-mine").cookie != TOKEN.cookie


def test_a_session_is_found_among_other_cookies() -> None:
    """Those of other programs on the same host, and old ones of ours."""
    good = f"{TOKEN.cookie}={TOKEN.session(NOW)}"
    for lines in ([good], [f"a=b; {good};c"], ["x", f"{TOKEN.cookie}=old; {good}"]):
        assert Shown(cookies=cookies(lines)).has_session(TOKEN, NOW)
    for lines in ([], ["a=b"], [f"{TOKEN.cookie}=old"], [f"x{good}"]):
        assert not Shown(cookies=cookies(lines)).has_session(TOKEN, NOW)


@pytest.mark.parametrize(
    ("header", "token"),
    [
        (None, None),
        ("", None),
        ("Basic abc", None),
        ("Bearer abc", "abc"),
        ("bearer  abc ", "abc"),
        ("Bearer", ""),
    ],
)
def test_a_bearer_shows_a_token(header: str | None, token: str | None) -> None:
    """In whatever case; an empty one is a wrong one."""
    assert bearer(header) == token


@pytest.mark.parametrize(
    ("peer", "told", "address"),
    [
        ("10.0.0.1", ["6.6.6.6"], "10.0.0.1"),  # nobody trusts it
        ("172.16.0.2", [], "172.16.0.2"),
        ("172.16.0.2", ["192.168.1.7"], "192.168.1.7"),
        ("172.16.0.2", ["6.6.6.6, 192.168.1.7"], "192.168.1.7"),
        ("172.16.0.2", ["192.168.1.7, 172.16.0.3"], "192.168.1.7"),
        ("172.16.0.2", ["192.168.1.7", "172.16.0.3"], "192.168.1.7"),
        ("172.16.0.2", ["[fd00::1]"], "fd00::1"),
        ("172.16.0.2", ["172.16.0.4"], "172.16.0.4"),
    ],
)
def test_a_client_is_whom_the_last_trusted_proxy_names(
    peer: str, told: list[str], address: str
) -> None:
    """What stands before that in the list, the client may have written itself."""
    access = Access(trusted_proxies=(network("172.16.0.0/12"),))
    assert client_address(peer, told, access) == address


def wait(attempts: Attempts, address: str, now: float) -> int:
    """Return how long the next token is not looked at."""
    try:
        attempts.check(address, now)
    except TooManyAttempts as error:
        assert error.status == 429
        return error.retry_after or 0
    return 0


def test_wrong_tokens_cost_more_and_more_time() -> None:
    """The first ones nothing; then it doubles, up to a minute."""
    attempts, now, waits = Attempts(), 100.0, []
    for count in range(1, 16):
        assert attempts.failed("a", now) == count
        waits.append(wait(attempts, "a", now))
        now += waits[-1]
        assert wait(attempts, "a", now) == 0
    assert waits[:FREE] == [0] * (FREE - 1) + [1]
    assert waits[FREE:] == [2, 4, 8, 16, 32, 60, 60, 60, 60, 60]
    assert LONGEST == 60
    assert wait(attempts, "b", now) == 0


def test_a_right_token_and_time_are_a_new_beginning() -> None:
    """Nobody is locked out for long."""
    attempts = Attempts()
    for _ in range(FREE + 3):
        attempts.failed("a", 0.0)
    attempts.succeeded("a")
    assert wait(attempts, "a", 0.0) == 0
    for _ in range(FREE + 3):
        attempts.failed("a", 0.0)
    assert attempts.failed("a", FORGET_AFTER) == 1


def test_who_tries_is_a_house_and_not_one_of_its_addresses() -> None:
    """An IPv6 network has more of them than could be counted."""
    attempts = Attempts()
    for number in range(FREE):
        attempts.failed(f"2001:db8:1:2::{number:x}", 0.0)
    assert wait(attempts, "2001:db8:1:2:ffff::1", 0.0) == 1
    assert wait(attempts, "2001:db8:1:3::1", 0.0) == 0


def test_only_so_many_are_remembered() -> None:
    """Whoever has all addresses of the world cannot fill the memory."""
    attempts = Attempts()
    for number in range(MOST + 10):
        attempts.failed(f"unknown-{number}", 0.0)
    assert len(attempts._wrong) == MOST


@given(st.text(), st.floats(0, 4e9))
def test_no_cookie_raises(value: str, now: float) -> None:
    """Whatever a client sends."""
    assert not TOKEN.is_session(value, now)
    cookies([value])
    bearer(value)
    client_address("::1", [value], Access(trusted_proxies=(network("::1"),)))
