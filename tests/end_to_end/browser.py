"""Chromium, and what a person does with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from selenium import webdriver
from selenium.common.exceptions import (
    NoSuchElementException,
    StaleElementReferenceException,
)
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from tests.end_to_end.immich import need
from tests.end_to_end.processes import PATIENCE

_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-prefers-reduced-motion",
    # Each window finds what the ones before it have loaded and compiled.
    "--renderer-process-limit=1",
)

#: Chromium without the parts that draw a window: half the work for the same pages.
SHELL = "chromium-headless-shell"
#: Debian's command for it is a script that waits for it: who ends that leaves Chromium.
_SHELL_ITSELF = Path("/usr/lib/chromium") / SHELL
#: Becomes it, with a first window, which chromedriver needs and cannot ask it for.
_OPENED = '#!/bin/sh\nexec {} "$@" data:,\n'

_T = TypeVar("_T")

#: Two seconds between two questions of a page become less than half a second.
_HURRY = """
const patient = window.setTimeout;
window.setTimeout = (what, ms, ...more) => patient(what, ms / 5, ...more);
"""
#: What pages have stored: cookies, databases, and so on, of all origins.
_EVERYTHING = {"origin": "*", "storageTypes": "all"}
_IS_SHOWN = """
const isShown = (element) => {
  const { width, height } = element.getBoundingClientRect();
  const how = { opacityProperty: true, visibilityProperty: true };
  return width > 0 && height > 0 && element.checkVisibility(how);
};
const all = [...document.querySelectorAll(arguments[0])];
"""
_SHOWN = f"{_IS_SHOWN} return all.filter(isShown);"
_FIRST = f"{_IS_SHOWN} return all.find(isShown);"
_FIRST_IN_VIEW = f"""{_IS_SHOWN}
const first = all.find(isShown);
first?.scrollIntoView({{ block: "center" }});
return first;
"""
#: What may have a label: to ask for each field's own takes a command of the driver.
_NAMED = f"""{_IS_SHOWN}
const dense = (text) => text.replace(/\\s+/g, "");
const sources = (field) => [
  ...["aria-label", "title", "placeholder", "value"].map((n) => field.getAttribute(n)),
  ...[...(field.labels ?? [])].map(({{ textContent }}) => textContent),
  (field.getAttribute("aria-labelledby") ?? "").split(/\\s+/)
    .map((id) => document.getElementById(id)?.textContent ?? "").join(""),
];
return all.filter((field) => isShown(field) && sources(field).some(
  (text) => text && dense(text).includes(dense(arguments[1]))));
"""


def start(profile: Path, *more: str, program: str = SHELL) -> webdriver.Chrome:
    """
    Start Chromium.

    :param profile: an empty folder for what it keeps.
    :param more: flags of its command line.
    :param program: ``chromium``, where it matters what people have.
    """
    options = webdriver.ChromeOptions()
    options.binary_location = need(program)
    if program == SHELL:
        itself = _SHELL_ITSELF if _SHELL_ITSELF.is_file() else need(program)
        script = profile.with_name(f"{profile.name}-{SHELL}")
        script.write_text(_OPENED.format(itself), "ascii")
        script.chmod(0o700)
        options.binary_location = str(script)
        # What it keeps need not be written to a disk. In the whole of Chromium, what
        # pages have stored would not be found by ``Browser.close``.
        options.add_argument("--incognito")
    for flag in (*_FLAGS, f"--user-data-dir={profile}", *more):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=Service(need("chromedriver")))


class Browser:
    """
    A window of a user who has never been anywhere, and for whom pages poll faster.

    There is only one of a driver at a time.

    :ivar driver: for what has no method here.
    """

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver
        self._home = driver.current_window_handle
        driver.switch_to.new_window("tab")
        command = driver.execute_cdp_cmd
        command("Page.addScriptToEvaluateOnNewDocument", {"source": _HURRY})
        # A user's own press lets Chromium copy; the shell would ask, and has no window.
        command(
            "Browser.grantPermissions", {"permissions": ["clipboardSanitizedWrite"]}
        )
        self.complaints()  # the ones of whoever was here before

    def close(self) -> None:
        """
        Close the windows, and forget all that the user had.

        What emulates another system, what was scrolled and zoomed, the history and the
        session's storage are the window's own. Files that may be kept are.
        """
        driver = self.driver
        for window in driver.window_handles:
            if window != self._home:
                driver.switch_to.window(window)
                driver.close()
        driver.switch_to.window(self._home)
        driver.execute_cdp_cmd("Storage.clearDataForOrigin", _EVERYTHING)
        driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "default"})
        driver.execute_cdp_cmd("Browser.resetPermissions", {})

    def open(self, url: str) -> None:
        """Go to a page."""
        self.driver.get(url)

    def find(self, selector: str) -> WebElement:
        """Return the first element that is shown, once there is one."""
        return self._first(_FIRST, selector)

    def _first(self, script: str, selector: str) -> WebElement:
        found: WebElement = self.until(
            lambda: self.run(script, selector), f"{selector} shows"
        )
        return found

    def all(self, selector: str) -> list[WebElement]:
        """Return the elements that are shown."""
        found: list[WebElement] = self.run(_SHOWN, selector)
        return found

    def text(self, selector: str) -> str:
        """Return the text of the first element that is shown; empty if none is."""
        element = self.run(_FIRST, selector)
        return "" if element is None else str(element.text)

    def press(self, selector: str) -> None:
        """Click on an element."""
        self._first(_FIRST_IN_VIEW, selector).click()

    def click(self, element: WebElement) -> None:
        """Click on an element where nothing is over it, in the middle of the window."""
        self.run("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def fill(self, label: str, text: str, within: str = "body") -> None:
        """Type into the last text field of this label, in place of what it holds."""
        field = self.field(label, within)
        field.clear()
        field.send_keys(text)

    def field(self, label: str, within: str = "body") -> WebElement:
        """Return the last field of this label."""

        def last() -> WebElement:
            fields = f"{within} input, {within} select"
            named: list[WebElement] = self.run(_NAMED, fields, label)
            return next(one for one in reversed(named) if one.accessible_name == label)

        return self.until(last, f"a field {label} shows in {within}")

    def run(self, script: str, *arguments: Any) -> Any:
        """Run a script in the page and return what it returns."""
        return self.driver.execute_script(script, *arguments)

    def until(self, condition: Callable[[], _T], what: str) -> _T:
        """Return the first true value of ``condition``; an error names ``what``."""
        ignored = (
            NoSuchElementException,
            StaleElementReferenceException,
            StopIteration,
        )
        wait = WebDriverWait(self.driver, PATIENCE, 0.05, ignored)
        return wait.until(lambda _: condition(), what)

    def until_told(self, selector: str, text: str) -> None:
        """Wait until an element that is shown has this text in it."""
        self.until(lambda: text in self.text(selector), f"{selector} tells {text!r}")

    def complaints(self) -> list[str]:
        """Return what the browser's console has said since it was last asked."""
        return [entry["message"] for entry in self.driver.get_log("browser")]
