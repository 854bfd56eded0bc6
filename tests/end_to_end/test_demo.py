"""The demo as a process, and its banner in a real browser."""

from __future__ import annotations

import urllib.request
from typing import Any

import pytest

from tests.end_to_end.axe import violations
from tests.end_to_end.browser import Browser
from tests.end_to_end.drawn import resize
from tests.end_to_end.processes import Proxy, until
from tests.end_to_end.test_import import StartProxy

pytest_plugins = ["tests.end_to_end.browser_fixtures"]

BANNER = "#demo .demo"


@pytest.fixture
def demo(start_proxy: StartProxy) -> Proxy:
    """A proxy with ``--demo``."""
    return start_proxy(None, "--demo")


def numbers(proxy: Proxy) -> dict[str, Any]:
    """Return the numbers of each simulated server."""
    status = proxy.json("/api/status")
    return dict(status["backends"])


def call_as_immich(proxy: Proxy) -> None:
    """Ping as Immich's server does."""
    ping = urllib.request.Request(proxy.url + "/ping", headers={"User-Agent": "node"})
    assert proxy.ask(ping) == (200, b"pong")


def test_a_demo_works_by_itself(demo: Proxy) -> None:
    """Every machine gets some of the work, nothing fails, and it stops in order."""

    def all_have_work() -> bool:
        told = numbers(demo)
        return all(one["served"] > 2 for one in told.values())

    until(all_have_work, "every simulated server has work")
    assert [one["failed"] for one in numbers(demo).values()] == [0, 0, 0]
    assert demo.stop() == 0
    assert "Traceback" not in demo.output
    assert "cut off" not in demo.output
    assert sorted(path.name for path in demo.config.parent.iterdir()) == ["proxy.log"]


@pytest.mark.waits
def test_trouble_is_noticed_and_ends(demo: Proxy) -> None:
    """A machine dies and is back, and the work goes on meanwhile."""
    demo.await_health("simulated-gpu", "healthy")
    assert demo.post("/api/demo", {"trouble": True})[0] == 200
    demo.await_health("simulated-gpu", "unhealthy")
    before = numbers(demo)["simulated-mac"]["served"]
    until(
        lambda: numbers(demo)["simulated-mac"]["served"] > before + 3,
        "another one does the work",
    )
    assert demo.post("/api/demo", {"trouble": False})[0] == 200
    demo.await_health("simulated-gpu", "healthy")


@pytest.mark.parametrize("page", ["", "config", "debug", "help"])
def test_every_page_says_that_it_is_a_demo(
    demo: Proxy, browser: Browser, page: str
) -> None:
    """With what is invented; for everybody, with all it can show, and on a phone."""
    resize(browser, 1280, 800)
    browser.open(f"{demo.url}/{page}")
    browser.until_told(f"{BANNER} .demo-bar", "simulated")
    assert "invented" in browser.text(f"{BANNER} .demo-bar")
    assert browser.find(f"{BANNER} input").accessible_name == "Simulate trouble"
    assert browser.find(BANNER).accessible_name == "Demo"
    assert not browser.all(f"{BANNER} .banner.bad")
    assert demo.post("/api/demo", {"trouble": True})[0] == 200
    call_as_immich(demo)
    browser.until_told(f"{BANNER} [role=alert]", "invented")
    browser.until_told(f"{BANNER} [role=status]", "simulated-gpu does not answer")
    assert violations(browser) == []
    resize(browser, 380, 740)
    assert browser.find(BANNER).rect["width"] <= 380
    assert violations(browser) == []
    browser.press(f"{BANNER} button")
    browser.find("dialog")
    assert violations(browser) == []


def test_a_page_without_a_demo_has_no_banner(
    start_proxy: StartProxy, browser: Browser
) -> None:
    """Nor anything to press that would end one."""
    proxy = start_proxy()
    browser.open(f"{proxy.url}/config")
    browser.find("#form")
    assert not browser.all("#demo *")


def test_the_switch_makes_trouble(demo: Proxy, browser: Browser) -> None:
    """And says what goes wrong, until it is switched off."""
    browser.open(f"{demo.url}/config")
    browser.press(f"{BANNER} input")
    browser.until_told(f"{BANNER} [role=status]", "simulated-gpu does not answer until")
    assert demo.json("/api/demo")["demo"]["trouble"]["on"] is True
    browser.press(f"{BANNER} input")
    browser.until(
        lambda: not browser.all(f"{BANNER} [role=status]"), "nothing goes wrong"
    )
    assert demo.json("/api/demo")["demo"]["trouble"]["on"] is False


def test_a_page_warns_when_immich_calls(demo: Proxy, browser: Browser) -> None:
    """In red, with what to do; the log says it once."""
    browser.open(f"{demo.url}/config")
    browser.find(BANNER)
    call_as_immich(demo)
    call_as_immich(demo)
    browser.until_told(f"{BANNER} [role=alert]", "2 calls")
    told = browser.text(f"{BANNER} [role=alert]")
    assert "take this address out of Immich" in told
    assert demo.output.count("take this address out of Immich") == 1


def test_people_go_on_with_servers_of_their_own(demo: Proxy, browser: Browser) -> None:
    """After they were asked; then no simulated server is left, and no banner."""
    browser.open(f"{demo.url}/config")
    browser.press(f"{BANNER} button")
    browser.press("dialog button:not(.bad)")
    assert demo.json("/api/demo")["demo"] is not None
    browser.press(f"{BANNER} button")
    browser.press("dialog button.bad")
    until(lambda: demo.json("/api/demo")["demo"] is None, "the demo is over")
    assert demo.json("/api/config")["backends"] == []
    browser.until(lambda: browser.driver.current_url == f"{demo.url}/", "the overview")
    browser.open(f"{demo.url}/config")
    browser.find("#form")
    assert not browser.all("#demo *")


def test_the_overview_of_a_demo_needs_no_scrolling(
    demo: Proxy, browser: Browser
) -> None:
    """It is the first that anybody sees, at 1280 by 800 as a whole."""
    resize(browser, 1280, 800)
    browser.open(f"{demo.url}/")
    browser.until_told("#verdict", "Working: ")
    browser.find("#plot canvas")
    assert browser.run("return document.documentElement.scrollHeight") <= 800
