"""No test finds in its browser what another has left there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium import webdriver

from tests.end_to_end.browser import Browser
from tests.end_to_end.drawn import prefer, resize
from tests.end_to_end.fake_proxy import FakeProxy

pytest_plugins = ["tests.end_to_end.browser_fixtures"]

LEAVE = """
const done = arguments[0];
const leave = async () => {
  document.cookie = "left=1; max-age=1000";
  localStorage.setItem("left", "1");
  sessionStorage.setItem("left", "1");
  await new Promise((resolve) => {
    const opening = indexedDB.open("left");
    opening.addEventListener("success", () => {
      opening.result.close();
      resolve();
    });
  });
  await (await caches.open("left")).put("/left", new Response("left"));
};
leave().then(() => done(""), (error) => done(String(error)));
"""
LEFT = """
const done = arguments[0];
const left = async () => [
  document.cookie,
  Object.keys(localStorage),
  Object.keys(sessionStorage),
  (await indexedDB.databases()).map(({ name }) => name),
  await caches.keys(),
];
left().then(done, (error) => done(String(error)));
"""
SEEN = """
const dark = matchMedia("(prefers-color-scheme: dark)").matches;
return [innerWidth, innerHeight, devicePixelRatio, scrollY, history.length, dark];
"""
STAY = """
addEventListener("beforeunload", (event) => event.preventDefault());
console.error("left");
window.open("/help");
"""


@pytest.fixture
def origins() -> Iterator[list[FakeProxy]]:
    """Proxies at two addresses."""
    both = [FakeProxy(), FakeProxy()]
    yield both
    for one in both:
        one.stop()


def test_a_browser_is_a_new_one_each_time(
    chromium: webdriver.Chrome, origins: list[FakeProxy]
) -> None:
    """Neither storage, windows, messages, sizes nor a page that would stay are left."""

    def seen() -> list[object]:
        browser = Browser(chromium)
        found: list[object] = []
        try:
            for origin in origins:
                browser.open(f"{origin.url}/help")
                found.append(chromium.execute_async_script(LEFT))
                found.append(browser.run(SEEN))
            found.append(browser.run("return String(setTimeout).includes('patient')"))
            found.append(len(chromium.window_handles))
            found.append(browser.complaints())
        finally:
            browser.close()
        return found

    before = seen()
    assert before[0] == ["", [], [], [], []] == before[2]
    browser = Browser(chromium)
    prefer(browser, color_scheme="dark")
    resize(browser, 400)
    for origin in origins:
        browser.open(f"{origin.url}/help")
        assert chromium.execute_async_script(LEAVE) == ""
    assert "left" in str(chromium.execute_async_script(LEFT))
    browser.press("h1")  # a page may ask only whom it was used by
    browser.run(STAY)
    switch = "Emulation.setScriptExecutionDisabled"
    chromium.execute_cdp_cmd(switch, {"value": True})
    browser.close()
    assert seen() == before
