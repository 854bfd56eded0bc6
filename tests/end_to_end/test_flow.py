"""The flow, drawn by a real browser from overviews that are made up."""

from __future__ import annotations

from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys

from tests.end_to_end.browser import Browser
from tests.end_to_end.drawn import Drawn, prefer, resize, trouble
from tests.end_to_end.processes import Proxy

pytest_plugins = ["tests.end_to_end.browser_fixtures"]

#: Texts that reach out of their boxes, with how far.
_OUTSIDE = """
return [...document.querySelectorAll(".flow-box, .flow-source")].flatMap((box) => {
  const frame = box.querySelector("rect").getBoundingClientRect();
  return [...box.querySelectorAll("text, circle, rect")]
    .map((node) => [node.textContent, node.getBoundingClientRect()])
    .filter(([, inner]) => inner.width > 0)
    .filter(([, inner]) => inner.left < frame.left - 1 || inner.right > frame.right + 1
      || inner.top < frame.top - 1 || inner.bottom > frame.bottom + 1)
    .map(([text, inner]) => `${text}: ${inner.right - frame.right}`);
});
"""
_OVERLAPS = """
const all = [...document.querySelectorAll(".flow text")];
const texts = all.filter((node) => node.textContent);
const boxes = texts.map((node) => [node.textContent, node.getBoundingClientRect()]);
return boxes.flatMap(([one, a], index) => boxes.slice(index + 1)
  .filter(([, b]) => a.left < b.right - 1 && b.left < a.right - 1
    && a.top + 4 < b.bottom && b.top + 4 < a.bottom)
  .map(([other]) => `${one} / ${other}`));
"""
_LINES = """
return [...document.querySelectorAll(".flow-line")].map((line) => {
  const { strokeDasharray, strokeWidth, strokeDashoffset } = getComputedStyle(line);
  const moving = getComputedStyle(line.nextSibling);
  const { tone, fallback, busy } = line.parentNode.dataset;
  return {
    tone, fallback, busy, width: parseFloat(strokeWidth),
    dashed: strokeDasharray !== "none",
    moved: parseFloat(strokeDashoffset) < 0
      || moving.display !== "none" && parseFloat(moving.strokeDashoffset) < 0,
  };
});
"""


@pytest.fixture
def flow(browser: Browser, one_proxy: Proxy) -> Drawn:
    """The flow, with nothing shown yet."""
    resize(browser, 1280)
    return Drawn(browser, one_proxy.url, "flow")


def busy(count: int) -> dict[str, Any]:
    """Return an overview of so many machines and routes with names of all lengths."""
    overview = trouble()
    machine, route = overview["machines"][1], overview["routes"][2]
    names = [f"{index} " + "a machine with a name " * index for index in range(count)]
    overview["machines"] = [
        {**machine, "name": name, "limit": 4**index % 1000, "inFlight": index}
        for index, name in enumerate(names)
    ]
    overview["routes"] = [
        {
            **route,
            "key": f"{index}-{'task' * index}",
            "machines": names,
            "to": {name: {"image": index * 3.0, "search": 9.5} for name in names},
        }
        for index in range(count)
    ]
    return overview


def test_lines_are_as_wide_as_their_traffic_and_have_the_colour_of_health(
    browser: Browser, flow: Drawn
) -> None:
    """Dashed is what goes to a fallback, grey what is put aside."""
    flow.show(trouble())
    lines = browser.run(_LINES)
    assert len(lines) == 11
    to_nas = next(line for line in lines if line["tone"] == "idle")
    assert not to_nas["dashed"] and to_nas["width"] == 2
    by_fallback = [line for line in lines if line["fallback"] == "true"]
    assert [(line["tone"], line["busy"]) for line in by_fallback] == [
        ("good", "true"),
        ("idle", "false"),
    ]
    assert all(line["dashed"] for line in by_fallback)
    assert by_fallback[0]["width"] > 25
    assert by_fallback[1]["width"] == 1
    assert {line["dashed"] for line in lines if line["fallback"] == "false"} == {False}


def test_it_moves_where_there_is_traffic(browser: Browser, flow: Drawn) -> None:
    """A line that nothing takes stands still."""
    prefer(browser, reduced_motion="no-preference")
    flow.show(trouble())

    def moved() -> bool:
        return any(line["moved"] for line in browser.run(_LINES))

    browser.until(moved, "something moves")
    for line in browser.run(_LINES):
        assert line["moved"] is (line["busy"] == "true"), line


def test_it_stands_still_where_the_system_wants_no_motion(
    browser: Browser, flow: Drawn
) -> None:
    """Somebody whom motion makes ill sees none, from the moment it is set."""
    moves = "[data-moves=true] .flow-line"
    prefer(browser, reduced_motion="no-preference")
    flow.show(trouble())
    assert browser.all(moves)
    prefer(browser, reduced_motion="reduce")
    browser.until(lambda: not browser.all(moves), "it stands still")
    flow.show(trouble(), 2)
    assert not browser.all(moves)
    assert not any(line["moved"] for line in browser.run(_LINES))


def test_it_does_not_move_for_nothing(browser: Browser, flow: Drawn) -> None:
    """A page that is left open over night costs nothing while nobody works."""
    prefer(browser, reduced_motion="no-preference")
    idle = trouble()
    flow.show(idle)
    for route in idle["routes"]:
        route["arrived"], route["to"] = {}, {}
    flow.show(idle, 2)
    assert not browser.all("[data-moves=true] .flow-line")


def test_a_machine_and_a_route_lead_to_their_requests(
    browser: Browser, flow: Drawn
) -> None:
    """By a click and by the keyboard; the address is a link that can be copied."""
    flow.show(trouble())
    machine = browser.find('.flow-box[href="debug#machine=mac-mini"]')
    assert machine.accessible_name == (
        "mac-mini, working, 2 of 2 busy, "
        "5.2 images/s, 0.1 searches/s · 87 % of all. Show its requests"
    )
    machine.click()
    route = browser.find('.flow-box[href="debug#route=facial-recognition"]')
    assert route.accessible_name == "Faces, 80 held · oldest 2 min. Show its requests"
    route.send_keys(Keys.ENTER)
    assert flow.asked() == [{"machine": "mac-mini"}, {"route": "facial-recognition"}]
    assert browser.driver.current_url.endswith("/config")


def test_what_has_the_focus_keeps_it_while_numbers_change(
    browser: Browser, flow: Drawn
) -> None:
    """And when another machine comes and goes, and the lines with it."""
    overview = trouble()
    flow.show(overview)
    focused = browser.find('.flow-box[href="debug#machine=mac-mini"]')
    browser.run("arguments[0].focus()", focused)
    new = {**overview["machines"][0], "name": "new", "state": "up"}
    flow.show({**overview, "machines": [*overview["machines"], new]}, 2)
    assert browser.driver.switch_to.active_element == focused
    assert len(browser.all(".flow-box")) == 7
    flow.show({**overview, "machines": overview["machines"][1:]}, 4)
    assert browser.driver.switch_to.active_element == focused
    assert len(browser.all(".flow-box")) == 5
    assert len(browser.run(_LINES)) == 9


def test_ages_count_between_answers(browser: Browser, flow: Drawn) -> None:
    """A page that hears nothing new still tells how long a machine is down."""
    flow.show(trouble())
    state = '[href="debug#machine=gaming-pc"] .flow-state'
    browser.until_told(state, "down for 3 min")
    flow.show(trouble(), 61)
    browser.until_told(state, "down for 4 min")


def test_the_same_is_told_by_tables(browser: Browser, flow: Drawn) -> None:
    """They are for those who hear the page, and lie where nobody sees them."""
    flow.show(trouble())
    rows = browser.run(
        "return [...document.querySelectorAll('table tr')].map((row) =>"
        " [...row.cells].map((cell) => cell.textContent).join(' | '))"
    )
    assert "gaming-pc | down for 3 min | 0 of 8 | 0 images/s | 0 %" in rows
    assert len(rows) == 2 + 3 + 3
    flow.show({**trouble(), "machines": trouble()["machines"][:1]}, 2)
    assert browser.run("return document.querySelectorAll('tbody tr').length") == 4


@pytest.mark.parametrize("width", [380, 800, 1280])
def test_nothing_reaches_out_of_its_box_or_over_other_words(
    browser: Browser, flow: Drawn, width: int
) -> None:
    """However narrow the page is and whatever machines are called."""
    resize(browser, width)
    for count in (1, 3, 9):
        flow.mount("flow")
        for overview in (busy(count), trouble()):
            flow.show(overview)
            assert browser.run(_OUTSIDE) == []
            assert browser.run(_OVERLAPS) == []
            assert browser.run("return document.documentElement.scrollWidth") <= width


def test_it_follows_the_width_of_the_page(browser: Browser, flow: Drawn) -> None:
    """Without an answer in between."""
    resize(browser, 1280)
    flow.show(trouble())
    wide = browser.find(".flow").size
    assert wide["height"] <= 230
    resize(browser, 380)
    browser.until(lambda: browser.all(".flow-narrow"), "it becomes narrow")
    assert browser.find(".flow").size["width"] < 380
    assert browser.run(_OUTSIDE) == []


def test_hostile_names_are_only_ever_text(browser: Browser, flow: Drawn) -> None:
    """In the boxes, in the tables, in the addresses."""
    name = "<img src=x onerror=\"document.title='run'\">&#/?"
    overview = trouble()
    overview["machines"][0]["name"] = name
    overview["routes"][1] = {**overview["routes"][1], "key": name, "machines": [name]}
    flow.show(overview)
    assert browser.driver.title != "run"
    assert browser.run("return document.querySelector('td, th').textContent")
    hrefs = [box.get_attribute("href") or "" for box in browser.all(".flow-box")]
    assert len(hrefs) == 6
    browser.click(browser.all(".flow-box")[3])
    assert flow.asked() == [{"machine": name}]
