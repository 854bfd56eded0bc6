"""A short time of what ``make fuzz`` does for longer."""

from __future__ import annotations

from random import Random

import pytest

from tests.hostile import fuzz

TRIES = 1500


@pytest.mark.parametrize("name", fuzz.TARGETS)
def test_what_is_nearly_right_is_read_or_refused(name: str) -> None:
    """Nothing else is raised, and how it is cut does not matter."""
    target, good = fuzz.TARGETS[name]
    chance = Random(name)
    for data in good:
        target(data)
    for _ in range(TRIES):
        target(fuzz.changed(chance, chance.choice(good), good))
