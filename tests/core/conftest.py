"""What holds for the tests of the rules."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

# How fast this machine is just now is no property of the rules.
settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("unhurried")


@pytest.fixture(autouse=True)
def logged() -> None:
    """Spare each test the collector: the rules have no Deferreds and no log."""
