"""Opens a browser for a test; a plugin for the test files that need one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium import webdriver

from tests.end_to_end.browser import Browser, start
from tests.end_to_end.processes import Process


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """Chromium, started once for all tests of a process."""
    started = start(tmp_path_factory.mktemp("profile"))
    yield started
    started.quit()


@pytest.fixture
def expected() -> list[str]:
    """Parts of console messages that a test brings about on purpose."""
    return []


@pytest.fixture
def browser(
    chromium: webdriver.Chrome, expected: list[str], processes: list[Process]
) -> Iterator[Browser]:
    """
    A browser whose console has nothing unexpected to say in the end.

    It is closed before the ``processes`` are, of whose end it would complain.
    """
    opened = Browser(chromium)
    try:
        yield opened
        said = opened.complaints()
        assert [m for m in said if not any(part in m for part in expected)] == []
    finally:
        opened.close()
