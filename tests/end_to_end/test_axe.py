"""What is wrong with a page is found, in every colour scheme and at every width."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.end_to_end.axe import violations
from tests.end_to_end.browser import Browser
from tests.end_to_end.drawn import resize
from tests.end_to_end.fake_proxy import FakeProxy

pytest_plugins = ["tests.end_to_end.browser_fixtures"]

#: Puts something wrong into the page, which lets no script add a style element.
_SPOIL = """
const [css, html] = arguments;
const sheet = new CSSStyleSheet();
sheet.replaceSync(css);
document.adoptedStyleSheets = [sheet];
document.getElementById("spoilt")?.remove();
const spoilt = document.createElement("div");
spoilt.id = "spoilt";
spoilt.innerHTML = html;
document.querySelector("main").append(spoilt);
"""
_FAINT = "#spoilt { color: #777; background: #888 }"
_TEXT = "<p>Some text.</p>"


def _scheme(scheme: str, css: str) -> str:
    return f"@media (prefers-color-scheme: {scheme}) {{ {css} }}"


#: The style sheet, the markup, and what is found: its scheme and rule.
FAULTS = {
    "faint by day": (_scheme("light", _FAINT), _TEXT, ["light: color-contrast"]),
    "faint by night": (_scheme("dark", _FAINT), _TEXT, ["dark: color-contrast"]),
    "faint": (_FAINT, _TEXT, ["light: color-contrast", "dark: color-contrast"]),
    "a link told by its colour alone": (
        "#spoilt { background: #fff; color: #000 }"
        "#spoilt a { color: #333; text-decoration: none }",
        "<p>Some text with <a href='#main'>a link</a> amid more of it.</p>",
        ["light: link-in-text-block", "dark: link-in-text-block"],
    ),
    "a field without a name": ("", "<input>", ["light: label"]),
    "a button without a name": ("", "<button></button>", ["light: button-name"]),
    "a page of one scheme": (
        "body, body * { background: #fff !important; color: #000 !important }",
        _TEXT,
        ["the page is rgb(0, 0, 0) on rgb(255, 255, 255) in both colour schemes"],
    ),
    "nothing": ("", _TEXT, []),
}


@pytest.fixture(autouse=True)
def proxy() -> Iterator[FakeProxy]:
    """A proxy whose pages are there before the browser, and gone after it."""
    fake = FakeProxy()
    fake.answers["/api/demo"] = {"demo": None}
    yield fake
    fake.stop()


def test_what_is_wrong_is_found(browser: Browser, proxy: FakeProxy) -> None:
    """Each kind of fault, in the scheme that it is in, wide and on a phone."""
    browser.open(f"{proxy.url}/help")
    for width in (1280, 380):
        resize(browser, width)
        for fault, (css, html, told) in FAULTS.items():
            browser.run(_SPOIL, css, html)
            found = violations(browser)
            kinds = [": ".join(one.split(": ")[:2]) for one in found]
            assert (fault, width, kinds) == (fault, width, told), found
