"""How tests are run against a fault that mutmut has put in: few, quick ones first."""

from __future__ import annotations

import os
from collections.abc import Sequence

import pytest
from hypothesis import Phase, settings

PACKAGE = "immich_ml_proxy"


def register_profile(name: str, parent: settings) -> None:
    """Register Hypothesis's settings for faults: found soon, and every time."""
    settings.register_profile(
        name,
        parent,
        max_examples=20,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
    )


def fault() -> str:
    """Return the name of the fault that is put in, ``""`` if there is none."""
    name = os.environ.get("MUTANT_UNDER_TEST", "")
    return name if name.startswith(f"{PACKAGE}.") else ""


def arranged(items: Sequence[pytest.Item], fault: str) -> list[pytest.Item]:
    """
    Return the tests to run, in their order; without a fault, all as they are.

    A room's faults are for the room's own tests to notice. Those of the same module
    come first, and such as draw examples last.
    """
    if not fault:
        return list(items)
    room, module = fault.split(".")[1:3]
    return sorted(
        (item for item in items if item.path.parent.name == room),
        key=lambda item: (item.path.stem != f"test_{module}", draws(item)),
    )


def draws(item: pytest.Item) -> bool:
    """Whether a test is Hypothesis's."""
    return getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
