"""A trace goes on, if it is one; nothing else of what is sent under its name does."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from immich_ml_proxy.protocol.trace_context import going_on, state, trace_of

TRACE = b"4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = b"00f067aa0ba902b7"
OWN = b"0123456789abcdef"


@pytest.mark.parametrize(
    ("given_", "flags"),
    [
        (b"00-%b-%b-01", b"01"),
        (b"00-%b-%b-00", b"00"),
        (b"00-%b-%b-03", b"03"),
        (b"00-%b-%b-ff", b"03"),
        (b"00-%b-%b-04", b"00"),
        (b"01-%b-%b-01", b"01"),
        (b"cc-%b-%b-01-what the future brings", b"01"),
    ],
)
def test_a_trace_goes_on_under_our_part_of_it(given_: bytes, flags: bytes) -> None:
    """In version 00, with the flags that are defined, whatever came after them."""
    found = going_on([given_ % (TRACE, PARENT)], OWN)
    assert found == b"00-%b-%b-%b" % (TRACE, OWN, flags)
    assert trace_of(found) == TRACE.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"00-%b-%b-01-more" % (TRACE, PARENT),
        b"ff-%b-%b-01" % (TRACE, PARENT),
        b"00-%b-%b-01" % (bytes(TRACE).upper(), PARENT),
        b"00-%b-%b-01" % (b"0" * 32, PARENT),
        b"00-%b-%b-01" % (TRACE, b"0" * 16),
        b"00-%b-%b" % (TRACE, PARENT),
        b"00-%b-%b-1" % (TRACE, PARENT),
        b"00-%b-%b-01\n" % (TRACE, PARENT),
        b"00-%b-%b-01" % (TRACE[1:], PARENT),
        b"01-%b-%b-01more" % (TRACE, PARENT),
        b"0-%b-%b-01" % (TRACE, PARENT),
    ],
)
def test_what_is_no_trace_is_not_taken_over(wrong: bytes) -> None:
    """A new one begins; the request is none the worse for it."""
    assert going_on([wrong], OWN) is None


def test_two_of_them_are_none() -> None:
    """Nobody knows which is meant."""
    one = b"00-%b-%b-01" % (TRACE, PARENT)
    assert going_on([one, one], OWN) is None
    assert going_on([], OWN) is None


@given(st.binary(max_size=80))
@example(b"00-%b-%b-01" % (TRACE, PARENT))
def test_whatever_is_sent_what_goes_on_is_well_formed(sent: bytes) -> None:
    """Nothing of a client's can end a header, or be what the next one stumbles over."""
    found = going_on([sent], OWN)
    assert found is None or re.fullmatch(rb"00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]", found)


def test_the_state_of_a_trace_goes_on() -> None:
    """As one header, in its order."""
    assert state([b"a=1,b=2", b"", b"c=3"]) == b"a=1,b=2,c=3"
    assert state([]) == b""


@pytest.mark.parametrize("wrong", [b"a=1\r\nX: y", b"a=\xff", b"a=" + b"1" * 511])
def test_a_state_that_is_none_is_left_out(wrong: bytes) -> None:
    """It may be lost (W3C Trace Context, 3.3.1.5); nothing else is."""
    assert state([wrong]) == b""
