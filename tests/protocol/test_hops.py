"""A request that comes back is known by where it has been."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.errors import LoopDetected
from immich_ml_proxy.protocol.hops import MOST, Hops

ONE, TWO = Hops("1a"), Hops("2b")


def test_a_first_hop_names_the_proxy() -> None:
    """By its kind, and by what no other has."""
    assert ONE.onward(()) == b"1.1 immich-ml-proxy-1a"


@pytest.mark.parametrize(
    "between", [[], [b"1.1 nginx"], [b"HTTP/1.1 edge (Apache/2.4, yes)", b"2 x"]]
)
def test_what_comes_back_is_refused(between: list[bytes]) -> None:
    """Over other proxies, which append themselves, and over one of the same kind."""
    via = [ONE.onward(()), *between]
    TWO.check(via)
    for lines in (via, [b", ".join(via)], [TWO.onward(via)]):
        with pytest.raises(LoopDetected, match="leads to the proxy itself") as refused:
            ONE.check(lines)
        assert refused.value.status == 508


def test_what_others_were_asked_before_goes_on() -> None:
    """Whatever they are called; comments do not."""
    via = [b"1.1 edge (it (is) me), 2.0 other:80", b"junk", b"1.1 a\x00b"]
    assert ONE.onward(via) == b"1.1 edge, 2.0 other:80, 1.1 immich-ml-proxy-1a"
    TWO.check(via)


def test_many_proxies_of_the_kind_are_a_loop() -> None:
    """Replicas behind one name: each has another one of its own."""
    via: list[bytes] = []
    for number in range(MOST):
        Hops("x").check(via)
        via = [Hops(f"{number}").onward(via)]
    with pytest.raises(LoopDetected, match=f"passed {MOST} proxies"):
        Hops("x").check(via)


def test_the_header_does_not_grow_without_end() -> None:
    """Nor is what tells a loop pushed out of it: who is in it more often is refused."""
    via = [b", ".join(b"1.1 p%d" % number for number in range(100))]
    onward = ONE.onward(via)
    assert len(onward.split(b",")) == 2 * MOST + 1
    with pytest.raises(LoopDetected):
        ONE.check([onward])


@given(st.lists(st.binary(max_size=60), max_size=5))
def test_nothing_that_is_sent_raises_anything_else(via: list[bytes]) -> None:
    """And what goes on is one clean line."""
    onward = ONE.onward(via)
    assert onward.endswith(ONE.first)
    assert not set(onward) & set(b"\r\n\x00")
    ONE.check(via)
