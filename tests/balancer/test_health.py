"""What observations make of a server's health."""

from __future__ import annotations

import attrs
import pytest

from immich_ml_proxy.balancer.health import Health


def test_at_first_nothing_is_known() -> None:
    """The last check was never: 0."""
    assert Health() == Health("unknown", 0.0, "")


@pytest.mark.parametrize(
    "before", [Health(), Health("healthy", 1.0), Health("unhealthy", 1.0, "timed out")]
)
def test_the_latest_observation_counts(before: Health) -> None:
    """One is enough in both directions, and an old reason does not linger."""
    assert before.observe(None, 7.5) == Health("healthy", 7.5, "")
    refused = Health("unhealthy", 7.5, "connection refused")
    assert before.observe("connection refused", 7.5) == refused


def test_a_reason_without_words_is_a_reason() -> None:
    """Only ``None`` is good."""
    assert Health().observe("", 1.0).status == "unhealthy"


def test_health_is_a_value() -> None:
    """An observation gives the next one and leaves the one before alone."""
    before = Health("healthy", 1.0)
    before.observe("answered 500", 2.0)
    assert before == Health("healthy", 1.0)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        before.status = "unhealthy"  # type: ignore[misc]
