"""How many clients may be connected."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.downstream.visitors import Visitors


def test_only_so_many_are_let_in() -> None:
    """And the next one when one has gone."""
    visitors = Visitors(3)
    assert [visitors.come(name) for name in "abc"] == [None] * 3
    assert visitors.come("d") == "there are 3 connections already (maxConnections)"
    assert (len(visitors), visitors.refused) == (3, 1)
    visitors.go("b")
    assert visitors.come("d") is None


def test_of_one_address_only_so_many() -> None:
    """Others are let in; without that bound it may have all."""
    visitors = Visitors(10, 2)
    assert [visitors.come("a"), visitors.come("a"), visitors.come("b")] == [None] * 3
    assert visitors.come("a") == (
        "there are 2 connections from its address already (maxConnectionsPerAddress)"
    )
    assert [visitors.come(None) for _ in range(4)] == [None] * 4
    visitors.most_each = 0
    assert visitors.come("a") is None


def test_the_last_places_are_for_pings_and_pages() -> None:
    """A quarter of them, and 16 at the most."""
    for most, crowd in ((16, 13), (40, 31), (1000, 985)):
        visitors = Visitors(most)
        for _ in range(crowd - 1):
            visitors.come("a")
        assert not visitors.is_crowded
        visitors.come("a")
        assert visitors.is_crowded


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("abc"))), st.integers(0, 3))
def test_the_count_is_that_of_who_is_there(
    steps: list[tuple[bool, str]], each: int
) -> None:
    """Nobody is forgotten, and nobody counted twice."""
    visitors = Visitors(5, each)
    there: list[str] = []
    for comes, address in steps:
        if comes and visitors.come(address) is None:
            there.append(address)
        elif not comes and address in there:
            there.remove(address)
            visitors.go(address)
        assert len(visitors) == len(there) <= 5
        assert not each or max(map(there.count, "abc")) <= each
