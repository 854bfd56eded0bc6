"""What axe-core finds wrong with a page, for who cannot see it well, or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.end_to_end.browser import Browser

_SCRIPT = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
_RUN = """
const done = arguments[0];
axe.run(document, { resultTypes: ["violations"] }).then(
  ({ violations }) => done(violations.flatMap(({ id, help, nodes }) =>
    nodes.map((node) => [id, help, node.html, node.failureSummary].join(": ")))),
  (error) => done([String(error)]),
);
"""


def violations(browser: Browser) -> list[str]:
    """Return what is wrong with the page as it is shown now."""
    if not _SCRIPT.is_file():
        told = "axe-core is missing: make test installs it"
        assert not os.environ.get("CI"), told
        pytest.skip(told)
    browser.run(_SCRIPT.read_text("utf-8") + ";window.axe = axe")
    found: list[str] = browser.driver.execute_async_script(_RUN)
    return found
