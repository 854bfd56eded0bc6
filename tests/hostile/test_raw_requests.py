"""Raw bytes at the door: what is refused, what is served, and what reaches a server."""

from __future__ import annotations

from itertools import chain

import pytest

from tests.hostile import framing_cases, head_cases
from tests.hostile.door import Door
from tests.hostile.outcome import Case
from tests.hostile.wanted import TRACEBACKS, WANTED

CASES = tuple(chain(framing_cases.cases(), head_cases.cases()))


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_what_comes_of_raw_bytes(door: Door, case: Case) -> None:
    """Bytes are refused or served as they should, and nothing is served besides."""
    assert door.outcome(case) == case.outcome
    assert ("Traceback" in door.newly_logged()) == (case.name in TRACEBACKS)


def test_what_is_wanted_otherwise_is_something_else() -> None:
    """Whoever changes what comes of raw bytes takes it from the list of wishes."""
    today = {case.name: case.outcome for case in CASES}
    assert len(today) == len(CASES)
    assert set(today) >= TRACEBACKS
    assert not [name for name, other in WANTED.items() if today[name] == other]
