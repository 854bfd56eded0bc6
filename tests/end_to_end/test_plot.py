"""The plot, drawn by a real browser from overviews that are made up."""

from __future__ import annotations

from typing import Any

import pytest
from selenium.webdriver.common.action_chains import ActionChains

from tests.end_to_end.browser import Browser
from tests.end_to_end.drawn import Drawn, prefer, resize, trouble
from tests.end_to_end.processes import Proxy

pytest_plugins = ["tests.end_to_end.browser_fixtures"]

#: The colours, of the page's, in a column of the plot, from the bottom up.
_COLUMN = """
const canvas = document.querySelector(".uplot canvas");
const under = document.querySelector(".u-over").getBoundingClientRect();
const left = under.left - canvas.getBoundingClientRect().left;
const x = Math.round((left + under.width * arguments[0]) * devicePixelRatio);
const { data } = canvas.getContext("2d").getImageData(x, 0, 1, canvas.height);
const style = getComputedStyle(document.documentElement);
const names = new Map(["--series-1", "--series-2", "--series-3", "--bad", "--good"].map(
  (name) => [style.getPropertyValue(name).trim(), name]));
const seen = [];
for (let y = canvas.height - 1; y >= 0; y -= 1) {
  const [r, g, b, a] = data.slice(4 * y, 4 * y + 4);
  const hex = "#" + [r, g, b].map((one) => one.toString(16).padStart(2, "0")).join("");
  const name = a === 255 ? names.get(hex) : undefined;
  if (name && seen.at(-1) !== name) seen.push(name);
}
return seen;
"""


def working(seconds: int = 900, **more: Any) -> dict[str, Any]:
    """
    Return an overview of 8, 4 and 2 images/s, the first only in the first half.

    :param seconds: since when there are numbers.
    """
    overview = trouble()
    until = overview["now"]
    plot = {
        **overview["plot"],
        "from": until - seconds,
        "until": until,
        "images": {
            "gaming-pc": [8] * (seconds // 2) + [0] * (seconds - seconds // 2),
            "mac-mini": [4] * seconds,
            "nas": [2] * seconds,
        },
        "searchP95": [0] * (seconds - 2) + [120, 0],
    }
    event = {"id": 1, "at": until - 450, "kind": "down", "machine": "gaming-pc"}
    events = [{**event, "text": "gaming-pc is down: connection refused"}]
    return {**overview, "plot": plot, "events": events, **more}


@pytest.fixture
def plot(browser: Browser, expected: list[str], one_proxy: Proxy) -> Drawn:
    """The plot, with nothing shown yet, on a page of one size."""
    expected.append("willReadFrequently")  # says Chromium of tests that look at colours
    resize(browser, 1280)
    prefer(browser, color_scheme="light")
    return Drawn(browser, one_proxy.url, "plot")


def point(browser: Browser, part: float) -> None:
    """Point at the plot, so far from the left (0) to the right (1)."""
    over = browser.find(".u-over")
    across = round(over.size["width"] * (part - 0.5))
    ActionChains(browser.driver).move_to_element_with_offset(over, across, 20).perform()


def test_machines_are_stacked_in_their_order_and_colours(
    browser: Browser, plot: Drawn
) -> None:
    """One that does nothing takes no room."""
    plot.show(working())
    assert browser.run(_COLUMN, 0.2) == ["--series-1", "--series-2", "--series-3"]
    assert browser.run(_COLUMN, 0.8) == ["--series-2", "--series-3"]


def test_what_happened_is_marked(browser: Browser, plot: Drawn) -> None:
    """From the top to the bottom, what went wrong over all else of that moment."""
    overview = working()
    [down] = overview["events"]
    aside = {**down, "id": 2, "kind": "drained", "text": "nas was drained by hand"}
    plot.show({**overview, "events": [down, aside]})
    assert "--bad" in browser.run(_COLUMN, 0.5)
    assert "--bad" not in browser.run(_COLUMN, 0.4)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_has_the_colours_of_the_page_when_they_change(
    browser: Browser, plot: Drawn, scheme: str
) -> None:
    """Somebody's system becomes dark in the evening, and the page stays open."""
    prefer(browser, color_scheme="dark" if scheme == "light" else "light")
    plot.show(working())
    prefer(browser, color_scheme=scheme)
    stack = ["--series-1", "--series-2", "--series-3"]
    browser.until(lambda: browser.run(_COLUMN, 0.2) == stack, "it is drawn anew")


def test_the_legend_tells_the_latest_numbers(browser: Browser, plot: Drawn) -> None:
    """Of every machine, with those of the searches that were last."""
    plot.show(working())
    legend = browser.text(".plot-legend").replace("\n", " ")
    assert "Now: 6 images/s" in legend
    assert "gaming-pc 0" in legend and "mac-mini 4" in legend and "nas 2" in legend
    assert "searches (95 %) 120 ms" in legend


def test_the_legend_tells_the_numbers_that_are_pointed_at(
    browser: Browser, plot: Drawn
) -> None:
    """And what happened there, where something did."""
    plot.show(working())
    point(browser, 0.2)
    browser.until_told(".plot-time", ": 14 images/s")
    assert browser.text(".plot-event") == ""
    point(browser, 0.5)
    browser.until_told(".plot-event", "gaming-pc is down: connection refused")
    ActionChains(browser.driver).move_to_element(browser.find("button")).perform()
    browser.until_told(".plot-time", "Now: 6 images/s")


def test_another_range_is_asked_for_and_shown_when_it_has_come(
    browser: Browser, plot: Drawn
) -> None:
    """The switch tells what is shown, not what was pressed."""
    plot.show(working())
    day = browser.find("[data-range='24h']")
    assert day.get_attribute("aria-pressed") == "false"
    day.click()
    assert plot.asked() == ["24h"]
    assert day.get_attribute("aria-pressed") == "false"
    overview = working()
    minutes = {**overview["plot"], "range": "24h", "step": 60}
    minutes["images"] = {"mac-mini": [600] * 15}
    plot.show({**overview, "plot": minutes, "cursor": "b-1"})
    assert day.get_attribute("aria-pressed") == "true"
    browser.until_told(".plot-time", "Now: 10 images/s")


def test_those_who_hear_the_page_are_told_what_it_shows(
    browser: Browser, plot: Drawn
) -> None:
    """Numbers in a sentence, events in a list."""
    plot.show(working())
    image = browser.find("[role=img]")
    assert image.accessible_name == (
        "Images per second in the last 15 minutes: now 6, 14 at the most, "
        "95 % of the last searches took up to 120 ms, 1 event."
    )
    events = "return document.querySelector('.visually-hidden ul').textContent"
    assert "gaming-pc is down: connection refused" in browser.run(events)
    assert browser.find("[role=group]").accessible_name == "Time that is shown"


def test_time_goes_on_while_nothing_is_told(browser: Browser, plot: Drawn) -> None:
    """A proxy that nobody asks for work has nothing to tell, and that is shown."""
    plot.show(working())
    browser.until_told(".plot-time", "Now: 6 images/s")
    plot.show(working(), 60)
    browser.until_told(".plot-time", "Now: 0 images/s")
    assert browser.run(_COLUMN, 0.99) == []


def test_machines_that_come_and_go_are_drawn(browser: Browser, plot: Drawn) -> None:
    """With their own colours, by their place in the configuration."""
    plot.show(working())
    machines = working()["machines"][1:]
    plot.show(working(machines=machines, cursor="b-1"))
    assert browser.run(_COLUMN, 0.2) == ["--series-1", "--series-2"]
    assert "gaming-pc" not in browser.text(".plot-machines")
    plot.show(working(machines=[], cursor="b-2"))
    assert browser.run(_COLUMN, 0.2) == []


def test_it_follows_the_width_of_the_page(browser: Browser, plot: Drawn) -> None:
    """And never makes it scroll sideways; it keeps to the height that it has."""
    plot.show(working())
    assert browser.find("main > div").size["height"] <= 170
    resize(browser, 380)
    narrow = "return document.querySelector('.uplot').getBoundingClientRect().width"
    browser.until(lambda: 300 < browser.run(narrow) < 380, "it becomes narrow")
    assert browser.run("return document.documentElement.scrollWidth") <= 380
    resize(browser, 1280)
    browser.until(lambda: browser.run(narrow) > 1000, "it becomes wide again")


def test_without_what_draws_it_the_rest_of_the_page_goes_on(
    browser: Browser, plot: Drawn
) -> None:
    """It says what to do, and the numbers are told all the same."""
    browser.run("delete window.uPlot; window.uPlot = undefined")
    plot.mount("plot")
    plot.show(working())
    browser.until_told(".hint", "did not load: reload the page")
    browser.until_told(".plot-time", "Now: 6 images/s")
