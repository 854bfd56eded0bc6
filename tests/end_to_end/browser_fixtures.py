"""Opens a browser for a test; a plugin for the test files that need one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.browser import Browser
from tests.end_to_end.processes import Process


@pytest.fixture
def expected() -> list[str]:
    """Parts of console messages that a test brings about on purpose."""
    return []


@pytest.fixture
def browser(
    tmp_path: Path, expected: list[str], processes: list[Process]
) -> Iterator[Browser]:
    """
    A browser whose console has nothing unexpected to say in the end.

    It is closed before the ``processes`` are, of whose end it would complain.
    """
    opened = Browser(tmp_path / "profile")
    try:
        yield opened
        said = opened.complaints()
        assert [m for m in said if not any(part in m for part in expected)] == []
    finally:
        opened.close()
