"""What the memory of a soak says."""

from __future__ import annotations

from benchmarks.memory.scenarios import Sample, growth_bytes


def test_growth_is_the_second_half_of_the_soak_less_the_first() -> None:
    """What warms up in the beginning is no growth."""
    levels = [(0, 40), (100, 70), (200, 65), (300, 71), (400, 69)]
    samples = [Sample(0.0, requests, size) for requests, size in levels]
    assert growth_bytes(samples) == 1
    assert growth_bytes(samples[:1]) is None
