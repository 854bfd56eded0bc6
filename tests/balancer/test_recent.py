"""A dictionary that stays small."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.balancer.recent import Recent


def test_what_was_used_longest_ago_goes() -> None:
    """To keep something again is to use it."""
    recent: Recent[str, int] = Recent(2)
    assert [recent.keep(key, number) for number, key in enumerate("abac")] == [
        0,
        1,
        2,
        3,
    ]
    assert list(recent.items()) == [("a", 2), ("c", 3)]


@given(st.lists(st.integers(0, 9)), st.integers(1, 6))
def test_it_keeps_what_was_used_last(keys: list[int], most: int) -> None:
    """As many as it may."""
    recent: Recent[int, int] = Recent(most)
    for key in keys:
        recent.keep(key, -key)
    last = list(dict.fromkeys(reversed(keys)))[:most]
    assert list(recent) == last[::-1]
    assert all(value == -key for key, value in recent.items())
