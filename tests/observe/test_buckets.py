"""Counts by bounds, as Prometheus wants them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.observe.buckets import LAG, REQUESTS, Buckets

TIMES = st.lists(st.floats(0, 1000))


def test_the_bounds_reach_from_a_search_to_a_model_that_is_loaded() -> None:
    """50 ms and less to 60 s and more, rising."""
    assert {0.05, 60.0} <= set(REQUESTS)
    assert min(REQUESTS) < 0.05 and max(REQUESTS) > 60
    assert list(REQUESTS) == sorted(set(REQUESTS))
    assert list(LAG) == sorted(set(LAG))


@pytest.mark.parametrize(
    ("seconds", "first"),
    [(0, "0.005"), (0.05, "0.05"), (0.0501, "0.1"), (60, "60.0"), (301, "+Inf")],
)
def test_a_bound_is_the_last_that_it_holds(seconds: float, first: str) -> None:
    """``le`` is less or equal."""
    histogram = Buckets()
    histogram.add(seconds)
    assert next(bound for bound, count in histogram.buckets() if count) == first


@given(TIMES)
def test_every_time_is_counted_once_and_the_counts_rise(times: list[float]) -> None:
    """The last bucket is of all of them."""
    histogram = Buckets()
    for one in times:
        histogram.add(one)
    buckets = histogram.buckets()
    assert [bound for bound, _ in buckets][-1] == "+Inf"
    counts = [count for _, count in buckets]
    assert counts == sorted(counts)
    assert counts[-1] == histogram.total == len(times)
    assert histogram.sum == pytest.approx(sum(times))
    for (bound, count), limit in zip(buckets, REQUESTS, strict=False):
        assert float(bound) == limit
        assert count == sum(one <= limit for one in times)


@given(TIMES, TIMES)
def test_two_become_one(some: list[float], others: list[float]) -> None:
    """As if all had been counted there."""
    one, other, both = Buckets(), Buckets(), Buckets()
    for seconds in some:
        one.add(seconds)
        both.add(seconds)
    for seconds in others:
        other.add(seconds)
        both.add(seconds)
    one.take_in(other)
    assert one.counts == both.counts
    assert one.sum == pytest.approx(both.sum)


@given(TIMES)
def test_many_are_counted_as_each_alone(times: list[float]) -> None:
    """Only faster."""
    together, alone = Buckets(), Buckets()
    together.add(*times)
    for one in times:
        alone.add(one)
    assert together.counts == alone.counts
    assert together.sum == pytest.approx(alone.sum)
