"""A part of the overview page alone, drawn from an overview that a test makes up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.end_to_end.browser import Browser

_TROUBLE = Path(__file__).parents[1] / "js" / "trouble.json"

#: Made anew for each test: an empty element, and a page that writes down what is asked.
_MOUNT = """
const [part, done] = arguments;
document.body.className = "wide";
document.body.replaceChildren(document.createElement("main"));
const room = document.createElement("div");
document.querySelector("main").append(room);
const sheets = ["shared/tokens", "shared/base", "overview/flow", "overview/plot"];
const links = [...sheets, "vendor/uplot/uPlot.min"].map((name) => {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = `static/${name}.css`;
  document.head.append(link);
  return new Promise((loaded) => link.addEventListener("load", loaded));
});
window.asked = [];
const page = {
  showRequests: (of) => window.asked.push(of),
  setRange: (range) => window.asked.push(range),
};
Promise.all([import(`./static/overview/${part}.js`), ...links])
  .then(([module]) => { window.part = module.mount(room, page); })
  .then(() => done("mounted"), (error) => done(String(error)));
"""
_SCRIPT = """
const done = arguments[0];
const script = document.createElement("script");
script.src = "static/vendor/uplot/uPlot.iife.min.js";
script.addEventListener("load", () => done());
document.head.append(script);
"""


def trouble() -> dict[str, Any]:
    """Return an overview: one machine is down, one works, one is put aside."""
    overview: dict[str, Any] = json.loads(_TROUBLE.read_text("utf-8"))
    return overview


class Drawn:
    """
    One part of the page, in the browser.

    :param url: of a proxy, whose page is taken over.
    :param part: ``flow`` or ``plot``.
    """

    def __init__(self, browser: Browser, url: str, part: str) -> None:
        self._browser = browser
        # The page's own scripts would look for what is no longer there.
        switch = "Emulation.setScriptExecutionDisabled"
        browser.driver.execute_cdp_cmd(switch, {"value": True})
        browser.open(f"{url}/config")
        browser.driver.execute_cdp_cmd(switch, {"value": False})
        if part == "plot":
            self.load_uplot()
        self.mount(part)

    def load_uplot(self) -> None:
        """Load what draws the plot."""
        self._browser.driver.execute_async_script(_SCRIPT)

    def mount(self, part: str) -> None:
        """Begin anew, with an empty page."""
        said = self._browser.driver.execute_async_script(_MOUNT, part)
        assert said == "mounted", said

    def show(self, overview: dict[str, Any], after: float = 0.0) -> None:
        """Show an overview, ``after`` so many seconds."""
        now = overview["now"] + after
        self._browser.run("part.update(...arguments)", overview, now)

    def asked(self) -> list[Any]:
        """Return what the page was asked for."""
        found: list[Any] = self._browser.run("return window.asked")
        return found


def prefer(browser: Browser, **features: str) -> None:
    """Have the system prefer this, such as ``color_scheme="dark"``."""
    told = [
        {"name": f"prefers-{name.replace('_', '-')}", "value": value}
        for name, value in features.items()
    ]
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": told})


def resize(browser: Browser, width: int, height: int = 800) -> None:
    """Give the page a size, in CSS pixels."""
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1}
    browser.driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {**metrics, "mobile": False}
    )
