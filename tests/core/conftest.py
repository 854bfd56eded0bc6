"""What holds for the tests of the rules."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def logged() -> None:
    """Spare each test the collector: the rules have no Deferreds and no log."""
