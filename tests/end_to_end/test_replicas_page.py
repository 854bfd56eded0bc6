"""What the overview shows of a machine that stands for several addresses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.end_to_end.axe import violations
from tests.end_to_end.browser import Browser
from tests.end_to_end.drawn import resize
from tests.end_to_end.fake_proxy import FakeProxy, live, machine, overview, route

pytest_plugins = ["tests.end_to_end.browser_fixtures"]

LINES = "#machines .replicas li"
_FITS = """
const { scrollWidth, clientWidth } = document.documentElement;
return window.innerWidth === 380 && scrollWidth === clientWidth;
"""


def replica(number: int, **more: Any) -> dict[str, Any]:
    """Return what is told of a replica that is well."""
    return {
        "address": f"10.0.0.{number}",
        "state": "up",
        "since": 0,
        "why": "",
        "inFlight": 1,
        "limit": 4,
        "served": 120,
        "cannot": [],
        "notes": [],
        **more,
    }


def several(*replicas: dict[str, Any]) -> dict[str, Any]:
    """Return an overview of a machine with these replicas, and of one without."""
    note = "1 of 4 replicas down: 10.0.0.4: connection refused"
    ml = machine("ml", replicas=[*replicas], limit=16, inFlight=5, notes=[note])
    return overview(ml, machine("nas"), routes=[route("default", "ml", "nas")])


@pytest.fixture
def proxy() -> Iterator[FakeProxy]:
    """A proxy with one machine of four replicas; there before the browser is."""
    proxy = FakeProxy()
    down = {"state": "down", "why": "connection refused", "inFlight": 0}
    leaving = {"state": "leaving", "inFlight": 2}
    replicas = [replica(2), replica(3), replica(4, **down), replica(5, **leaving)]
    proxy.answers["/api/overview"] = live(lambda: several(replica(1), *replicas))
    yield proxy
    proxy.stop()


def test_replicas_are_folded_away_below_their_machine(
    proxy: FakeProxy, browser: Browser
) -> None:
    """They are unfolded with the keyboard, too, and stay so while the page polls."""
    resize(browser, 1280, 800)
    browser.open(f"{proxy.url}/")
    browser.until_told("#machines .replicas summary", "4 replicas, 3 up")
    assert len(browser.all("#machines tbody tr")) == 2
    assert len(browser.all("#machines .replicas")) == 1
    assert browser.all(LINES) == []
    browser.find("#machines .replicas summary").send_keys(" ")
    lines = browser.until(lambda: browser.all(LINES), "they are unfolded")
    assert [line.text.replace("\n", " ") for line in lines] == [
        "10.0.0.1 up 1 of 4 busy, 120 done",
        "10.0.0.2 up 1 of 4 busy, 120 done",
        "10.0.0.3 up 1 of 4 busy, 120 done",
        "10.0.0.4 down 0 of 4 busy, 120 done; connection refused",
        "10.0.0.5 finishing gone, 2 under way, 120 done",
    ]
    assert violations(browser) == []
    asked = len(proxy.asked)
    browser.until(lambda: len(proxy.asked) > asked + 3, "it polls")
    assert len(browser.all(LINES)) == 5
    resize(browser, 380, 800)
    browser.until(lambda: browser.run(_FITS), "it fits on a phone")


def test_a_name_without_an_address_is_told(proxy: FakeProxy, browser: Browser) -> None:
    """In the place of its replicas."""
    proxy.answers["/api/overview"] = live(several)
    browser.open(f"{proxy.url}/")
    told = "no replica: its name has no address yet"
    browser.until_told("#machines .replicas summary", told)


def test_the_flow_shows_the_machine_once(proxy: FakeProxy, browser: Browser) -> None:
    """With the places of all its replicas."""
    browser.open(f"{proxy.url}/")
    browser.until_told("#machines .replicas summary", "4 replicas")
    heads = "#flow tbody th"
    names = browser.run(
        "return [...document.querySelectorAll(arguments[0])].map((h) => h.textContent)",
        heads,
    )
    assert names.count("ml") == 1
