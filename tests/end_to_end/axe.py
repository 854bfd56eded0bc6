"""
What axe-core finds wrong with a page, for who cannot see it well, or not at all.

A page is looked at in both colour schemes, which are switched while it is open, as the
system does in the evening. All rules are asked in the light one. In the dark one only
those that depend on colours are: what axe calls ``cat.color``, without its rules of
WCAG's AAA, which it leaves out by itself. Names, roles, sizes and their order are the
same in both, as the style sheets change nothing but colours with the scheme:
tests/test_colours.py holds that.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.browser import Browser
from tests.end_to_end.drawn import prefer

_SCRIPT = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
#: Tells nothing of a page that has no axe-core yet.
_RUN = """
const [scheme, onlyColours, done] = arguments;
if (!window.axe) return done(null);
if (!window.matchMedia(`(prefers-color-scheme: ${scheme})`).matches)
  return done({ page: "", found: [`${scheme} is not what the system prefers`] });
const options = { resultTypes: ["violations"] };
if (onlyColours)
  options.runOnly = window.axe.getRules(["cat.color"])
    .filter(({ tags }) => !tags.includes("wcag2aaa"))
    .map(({ ruleId }) => ruleId);
const { color, backgroundColor } = window.getComputedStyle(document.body);
const page = `${color} on ${backgroundColor}`;
window.axe.run(document, options).then(
  ({ violations }) => done({ page, found: violations.flatMap(({ id, help, nodes }) =>
    nodes.map((node) =>
      [scheme, id, help, node.html, node.failureSummary].join(": "))) }),
  (error) => done({ page, found: [String(error)] }),
);
"""


def violations(browser: Browser) -> list[str]:
    """
    Return what is wrong with the page as it is shown now, in both colour schemes.

    Afterwards the system prefers nothing.
    """
    light = _look(browser, "light")
    dark = _look(browser, "dark", only_colours=True)
    prefer(browser)
    found: list[str] = [*light["found"], *dark["found"]]
    if light["page"] == dark["page"]:
        found.append(f"the page is {dark['page']} in both colour schemes")
    return found


def _look(
    browser: Browser, scheme: str, *, only_colours: bool = False
) -> dict[str, Any]:
    prefer(browser, color_scheme=scheme)
    look = browser.driver.execute_async_script
    seen: dict[str, Any] | None = look(_RUN, scheme, only_colours)
    if seen is None:  # half a megabyte, once a page
        inject = {"expression": f"{_script()};0"}
        browser.driver.execute_cdp_cmd("Runtime.evaluate", inject)
        seen = look(_RUN, scheme, only_colours)
    assert seen is not None, "axe-core is in the page"
    return seen


@cache
def _script() -> str:
    if not _SCRIPT.is_file():
        told = "axe-core is missing: make test installs it"
        assert not os.environ.get("CI"), told
        pytest.skip(told)
    return _SCRIPT.read_text("utf-8")
