"""Raw bytes at the door: what is refused, what is served, and what reaches a server."""

from __future__ import annotations

from itertools import chain

import pytest

from tests.hostile import framing_cases, head_cases
from tests.hostile.door import Door
from tests.hostile.outcome import Case

CASES = tuple(chain(framing_cases.cases(), head_cases.cases()))


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_what_comes_of_raw_bytes(door: Door, case: Case) -> None:
    """Bytes are refused or served as they should, and nothing is served besides."""
    assert door.outcome(case) == case.outcome
    assert "Traceback" not in door.newly_logged()
