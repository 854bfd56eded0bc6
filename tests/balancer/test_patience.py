"""How long an answer is waited for before somebody else is asked."""

from __future__ import annotations

import pytest

from tests.balancer.backends import ABC, NOW, Backends


def usual(backends: Backends, **seconds: float) -> Backends:
    """Have it known how long pictures take at backends."""
    for name, one in seconds.items():
        backends.pool[name].times.add(backends.demand().kind, one)
    return backends


def patience(backends: Backends, tried: str = "a") -> float | None:
    """Return how long a picture waits at the last one of ``tried``."""
    asked = [backends.pool[name] for name in tried]
    return backends.pool.patience(backends.demand(), asked, NOW)


@pytest.mark.parametrize(
    ("seconds", "waits"), [(0.01, 5.0), (0.25, 5.0), (0.3, 6.0), (10.0, 200.0)]
)
def test_somebody_else_is_asked_after_a_multiple_of_the_usual_time(
    seconds: float, waits: float
) -> None:
    """Twenty times what is expected, and 5 s at the least."""
    backends = Backends(*ABC, healthy="abc")
    assert patience(usual(backends, a=seconds)) == pytest.approx(waits)


def test_the_slowest_backend_tells_how_long_is_usual() -> None:
    """Of those that have been asked, and those that may be."""
    backends = usual(Backends(*ABC, healthy="abc"), a=1.0, b=3.0, c=2.0)
    assert patience(backends) == 60.0
    backends.observe("b", "timed out")
    assert patience(backends) == 40.0
    assert patience(backends, "cb") == 60.0


@pytest.mark.parametrize(("healthy", "tried"), [("a", "a"), ("abc", "abc"), ("", "a")])
def test_nobody_is_given_up_for_nobody(healthy: str, tried: str) -> None:
    """Without another one that is well, the answer is waited for."""
    assert patience(usual(Backends(*ABC, healthy=healthy), a=1.0), tried) is None


def test_what_nothing_is_known_of_is_waited_for() -> None:
    """It may load a model for minutes."""
    assert patience(Backends(*ABC, healthy="abc")) is None
