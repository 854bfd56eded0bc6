"""What a request is called: by its client, if that is a name, and by us."""

from __future__ import annotations

import re

import pytest

from immich_ml_proxy.downstream.trace_id import names_of

PARENT = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_a_request_without_a_name_gets_one_and_a_trace() -> None:
    """The trace's name is random, and ends with the name of the request."""
    one, other = names_of({}), names_of({})
    assert one.own != other.own
    assert re.fullmatch(rb"00-[0-9a-f]{32}-[0-9a-f]{16}-01", one.parent)
    trace, part = one.parent.split(b"-")[1:3]
    assert trace.endswith(one.own)
    assert part == one.own
    assert one.state == b""
    assert not one.is_part


def test_a_trace_of_the_clients_goes_on_under_a_part_of_ours() -> None:
    """And its state with it; the request keeps its own name."""
    headers = {
        b"Traceparent": [PARENT],
        b"Tracestate": [b"vendor=1"],
        b"X-Request-Id": [b"mine"],
    }
    names = names_of(headers)
    assert names.own == b"mine"
    assert names.parent.startswith(PARENT[:36])
    assert names.parent[36:52] != PARENT[36:52]
    assert names.is_part
    assert names.onward(b"1.1 us") == {
        b"X-Request-ID": [b"mine"],
        b"Via": [b"1.1 us"],
        b"Traceparent": [names.parent],
        b"Tracestate": [b"vendor=1"],
    }


def test_a_state_without_a_trace_is_nobodys() -> None:
    """It belongs to a trace that does not go on."""
    names = names_of({b"Traceparent": [b"wrong"], b"Tracestate": [b"vendor=1"]})
    assert names.state == b""
    assert not names.is_part
    assert b"Tracestate" not in names.onward(b"1.1 us")


@pytest.mark.parametrize("wrong", [b"", b"a b", b"a\xff", b"x" * 65, b'"', b"a\n"])
def test_what_is_no_name_is_not_taken_over(wrong: bytes) -> None:
    """It stands in answers and in the log."""
    assert re.fullmatch(rb"[0-9a-f]{16}", names_of({b"X-Request-Id": [wrong]}).own)


def test_of_several_names_the_last_one_counts() -> None:
    """Whoever is nearest to us has written it."""
    assert names_of({b"X-Request-Id": [b"far", b"near"]}).own == b"near"
