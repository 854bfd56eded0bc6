"""Several people, files and notices: the configuration page by keyboard alone."""

from __future__ import annotations

import json
from pathlib import Path

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from tests.end_to_end.browser import Browser
from tests.end_to_end.one_proxy import Configure
from tests.end_to_end.processes import Proxy
from tests.end_to_end.test_config_page import TWO
from tests.end_to_end.test_config_together import edited
from tests.end_to_end.test_config_together import proxy as proxy

pytest_plugins = ["tests.end_to_end.browser_fixtures"]

#: More stops of the Tab key than any page has.
STOPS = 150


def press(browser: Browser, *keys: str) -> None:
    """Press keys where the focus is."""
    ActionChains(browser.driver).send_keys(*keys).perform()


def tab_to(browser: Browser, selector: str) -> None:
    """Press the Tab key until the focus is there."""
    for _ in range(STOPS):
        if browser.run("return document.activeElement.matches(arguments[0])", selector):
            return
        press(browser, Keys.TAB)
    raise AssertionError(f"the Tab key does not lead to {selector}")


def enter(browser: Browser, selector: str) -> None:
    """Go there with the Tab key, and press Enter."""
    tab_to(browser, selector)
    press(browser, Keys.ENTER)


def type_weight(browser: Browser, text: str) -> None:
    """Give the machine that is open another weight."""
    field = browser.field("Weight")
    tab_to(browser, f"#{field.get_attribute('id')}")
    browser.run("document.activeElement.select()")
    press(browser, text)


def save(browser: Browser) -> None:
    """Save with Enter, from a field or the button, and say yes."""
    press(browser, Keys.ENTER)
    browser.find("dialog .changes")
    enter(browser, "dialog .primary")


def test_a_contradiction_is_settled(
    browser: Browser, expected: list[str], proxy: Proxy
) -> None:
    """One of both values is chosen with the arrows, and saved with Enter."""
    expected.append("status of 412 (Precondition Failed)")
    type_weight(browser, "2")
    assert proxy.post("/api/config", edited(weight=3))[0] == 200
    save(browser)
    browser.find("dialog .conflict")
    tab_to(browser, "dialog [type=radio]")
    press(browser, Keys.ARROW_RIGHT)
    press(browser, Keys.ARROW_RIGHT)  # and back to the first one
    assert browser.run("return document.activeElement.value") == "mine"
    enter(browser, "dialog .primary")
    browser.until_told("#state", "Saved at")
    assert proxy.json("/api/config") == edited(weight=2)


def test_the_last_save_is_undone(browser: Browser, proxy: Proxy) -> None:
    """With the button that the Tab key leads to."""
    type_weight(browser, "2")
    save(browser)
    browser.until_told("#state", "Saved at")
    enter(browser, "#undo")
    browser.until_told("#done", "a: weight 2 → 1")
    assert proxy.json("/api/config") == TWO


def test_a_file_is_imported(browser: Browser, tmp_path: Path, proxy: Proxy) -> None:
    """From the menu to the question what it would change; the file is the system's."""
    (tmp_path / "other.json").write_text(json.dumps(edited(weight=2)))
    enter(browser, "#tools .menu-button")
    opened = "return document.activeElement.closest('.menu') !== null"
    browser.until(lambda: browser.run(opened), "the menu has the focus")
    press(browser, Keys.ENTER)
    browser.find("dialog [type=file]").send_keys(str(tmp_path / "other.json"))
    browser.until_told("dialog .changes", "a: weight 1 → 2")
    enter(browser, "dialog .primary")
    browser.until_told("#state", "1 unsaved change")
    tab_to(browser, "#save")
    save(browser)
    browser.until_told("#state", "Saved at")
    assert proxy.json("/api/config") == edited(weight=2)


def test_somebody_to_be_told_is_added_and_taken_away(
    browser: Browser, expected: list[str], configure: Configure
) -> None:
    """What the target said to a test is told where the button is."""
    expected.append("400 (Bad Request)")  # of what is half typed
    proxy = configure(TWO)
    browser.open(f"{proxy.url}/config#notify")
    browser.find("#add-target")
    enter(browser, "#add-target")
    press(browser, "http://127.0.0.1:1/hook")
    enter(browser, "[data-test]")
    browser.until_told("#notify .tried", "refused")
    tab_to(browser, "#save")
    save(browser)
    browser.until_told("#state", "Saved at")
    [kept] = proxy.json("/api/config")["notify"]
    assert kept["url"].startswith("http://127.0.0.1:1/")
    enter(browser, "[aria-label='Remove number 1']")
    browser.until_told("#state", "1 unsaved change")
    tab_to(browser, "#save")
    save(browser)
    browser.until_told("#state", "Saved at")
    assert proxy.json("/api/config") == {**TWO, "notify": []}
