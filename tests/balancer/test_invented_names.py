"""Clients that make names of models up."""

from __future__ import annotations

import tracemalloc

from attrs import evolve

from immich_ml_proxy.balancer.dimensions import Dimensions
from immich_ml_proxy.balancer.outcome import Kind
from tests.balancer.backends import Backends
from tests.balancer.demands import needing


def test_invented_names_take_no_memory_to_speak_of() -> None:
    """
    What one server refuses and another serves, each tenth of 10,000 characters: so many
    are remembered, and those that come after them add nothing.
    """
    pool = Backends({"name": "a"}, {"name": "b"}, healthy="ab")
    dimensions = Dimensions()
    usual = pool.demand()
    pool.served("a")

    def ask(first: int, last: int) -> None:
        for number in range(first, last):
            model = f"invented-{number}" + "x" * (10_000 if number % 10 == 0 else 0)
            demand = evolve(usual, needs=needing("clip", "visual", model=model))
            pool.failed("a", Kind.OPINION, demand)
            pool.outdone("a", Kind.OPINION, demand)
            pool.served("b", demand)
            for name in "ab":
                dimensions.judge(name, "clip", model, 512)

    tracemalloc.start()
    ask(0, 1200)
    filled, _ = tracemalloc.get_traced_memory()
    ask(1200, 2400)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert filled < 5e6
    assert after - filled < 0.2e6
    assert len(pool.pool["a"].abilities.cannot(2.0)) == 20
