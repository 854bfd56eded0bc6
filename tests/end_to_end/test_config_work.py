"""Who does what: the table on the configuration page, in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.select import Select

from immich_ml_proxy.config.model import STRATEGIES
from tests.end_to_end.browser import Browser
from tests.end_to_end.one_proxy import Configure
from tests.end_to_end.test_config_page import (
    cell,
    confirm,
    open_work,
    places,
    save,
)

pytest_plugins = ["tests.end_to_end.browser_fixtures"]

THREE: dict[str, Any] = {
    "defaultBackend": ["a", "b"],
    "backends": [{"name": name, "url": f"http://127.0.0.1:1/{name}"} for name in "abc"],
    "taskRouting": {"ocr": ["a", "b", "c"], "clip": "c"},
}


@pytest.fixture
def url(browser: Browser, configure: Configure) -> str:
    """The page of a proxy with three machines, opened, with how these are."""
    proxy = configure(THREE)
    browser.open(f"{proxy.url}/config")
    browser.find("[data-work]")
    down = "#backends [data-health][data-state=unhealthy]"
    browser.until(lambda: len(browser.all(down)) == 3, "all are told to be down")
    return proxy.url


def active(browser: Browser) -> WebElement:
    """Return what has the focus."""
    return browser.driver.switch_to.active_element


def routing(browser: Browser, url: str) -> Any:
    """Return what is saved."""
    script = "return fetch(arguments[0]).then((answer) => answer.json())"
    return browser.run(script, f"{url}/api/config")["taskRouting"]


def test_a_cell_is_a_place_in_the_order(browser: Browser, url: str) -> None:
    """A press gives a machine work, as the last one; another takes it away."""
    assert places(browser, "ocr") == "123"
    assert places(browser, "clip/textual") == "––1"
    assert places(browser, "facial-recognition") == "12–"
    browser.press(cell("ocr", "a"))
    assert places(browser, "ocr") == "–12"
    browser.press(cell("ocr", "a"))
    assert places(browser, "ocr") == "312"
    browser.press(cell("facial-recognition", "c"))
    assert places(browser, "facial-recognition") == "123"
    browser.press("#save")
    told = browser.find("dialog .changes").text.splitlines()
    assert told == [
        "Text in pictures: a, b, c → b, c, a",
        "Faces: no machines of its own → a, b, c",
    ]
    browser.press("dialog .primary")
    browser.until_told("#state", "Saved at")
    assert routing(browser, url) == {
        "ocr": ["b", "c", "a"],
        "clip": "c",
        "facial-recognition": ["a", "b", "c"],
    }


def test_the_table_is_used_by_keyboard_alone(browser: Browser, url: str) -> None:
    """Arrows go from cell to cell, digits give places; it is one stop of Tab."""
    browser.find("#add-backend").send_keys(Keys.TAB)
    assert active(browser).accessible_name == "Search by text: a, not used"
    active(browser).send_keys(Keys.ARROW_DOWN * 3)
    assert active(browser).accessible_name == "Text in pictures: a, number 1"
    active(browser).send_keys("3")
    assert active(browser).accessible_name == "Text in pictures: a, number 3"
    active(browser).send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert active(browser).accessible_name == "Text in pictures: c, number 2"
    active(browser).send_keys("1")
    assert places(browser, "ocr") == "321"
    active(browser).send_keys(Keys.SPACE)
    assert places(browser, "ocr") == "21–"
    active(browser).send_keys(Keys.ENTER)
    assert places(browser, "ocr") == "213"
    active(browser).send_keys("0")
    assert active(browser).accessible_name == "Text in pictures: c, not used"
    active(browser).send_keys(Keys.ARROW_LEFT * 3)
    assert active(browser).accessible_name == "Text in pictures"
    active(browser).send_keys(Keys.ENTER)
    browser.find("#work .order")
    active(browser).send_keys(Keys.TAB)
    assert active(browser).accessible_name.startswith("Move b: drag it")
    active(browser).send_keys(Keys.ARROW_DOWN)
    assert active(browser).accessible_name.startswith("Move b: drag it")
    browser.until_told("#work .order + .muted + [role=status]", "b is number 2 of 2")
    assert places(browser, "ocr") == "12–"
    active(browser).send_keys(Keys.HOME)
    assert places(browser, "ocr") == "21–"
    browser.find("#save").send_keys(Keys.ENTER)
    browser.find("dialog")
    active(browser).send_keys(Keys.ENTER)
    browser.until_told("#state", "Saved at")
    assert routing(browser, url)["ocr"] == ["b", "a"]


@pytest.mark.parametrize("kind", ["mouse", "touch"])
def test_machines_are_reordered_by_dragging(
    browser: Browser, url: str, kind: str
) -> None:
    """In a row's panel, and in the list of machines; Escape takes it back."""
    open_work(browser, "ocr")
    handles = browser.all("#work .order .handle")
    drag(browser, kind, handles[0], handles[2])
    browser.until(lambda: places(browser, "ocr") == "312", "a is the last one")
    handles = browser.all("#backends .handle")
    drag(browser, kind, handles[2], handles[0])
    browser.until(
        lambda: (
            [one.text for one in browser.all("#backends .opener")] == ["c", "a", "b"]
        ),
        "c is the first one",
    )
    heads = [one.text for one in browser.all("#work-table thead span")]
    assert heads == ["c", "a", "b"]
    if kind == "mouse":
        handles = browser.all("#backends .handle")
        chain = ActionChains(browser.driver).click_and_hold(handles[0])
        chain.move_to_element(handles[2]).send_keys(Keys.ESCAPE).release().perform()
        names = [one.text for one in browser.all("#backends .opener")]
        assert names == ["c", "a", "b"]
    save(browser)
    assert routing(browser, url)["ocr"] == ["b", "c", "a"]


def test_a_drag_goes_on_while_the_page_is_drawn_anew(
    browser: Browser, url: str
) -> None:
    """As when the check of an edit answers; if its own list changes, it is over."""
    open_work(browser, "ocr")
    handles = browser.all("#work .order .handle")
    draw = "document.querySelector(arguments[0]).click()"
    drag(
        *(browser, "mouse", handles[0], handles[2]),
        lambda: browser.run(draw, cell("facial-recognition", "c")),
    )
    browser.until(lambda: places(browser, "ocr") == "312", "a is the last one")
    assert places(browser, "facial-recognition") == "123"
    handles = browser.all("#work .order .handle")
    drag(
        *(browser, "mouse", handles[0], handles[2]),
        lambda: browser.run(draw, cell("ocr", "c")),
    )
    listed = [one.text for one in browser.all("#work .order li span")]
    assert (places(browser, "ocr"), listed) == ("21–", ["b", "a"])
    save(browser)
    assert routing(browser, url)["ocr"] == ["b", "a"]


#: At one moment, since the page may move.
_BOXES = """
arguments[0].scrollIntoView({ block: "center" });
return [...arguments].map((one) => one.getBoundingClientRect().toJSON());
"""


def drag(
    browser: Browser,
    kind: str,
    what: WebElement,
    to: WebElement,
    half_way: Callable[[], object] = lambda: None,
) -> None:
    """
    Drag one element just past the middle of another.

    :param half_way: is called while it is held there.
    """
    box, end = browser.run(_BOXES, what, to)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    goal = end["y"] + end["height"] / 2 + (8 if box["y"] < end["y"] else -8)
    steps = [y + (goal - y) * part / 4 for part in range(1, 5)]
    events = {"mouse": _mouse, "touch": _finger}[kind](x, y, steps)
    for number, (name, parameters) in enumerate(events):
        if number == 3:
            half_way()
        browser.driver.execute_cdp_cmd(name, parameters)


def _mouse(x: float, y: float, steps: list[float]) -> Iterator[tuple[str, Any]]:
    """Yield the commands that press, move and release it."""
    held = {"button": "left", "buttons": 1, "clickCount": 1}
    moves = [("mouseMoved", step) for step in steps]
    for what, at in [("mousePressed", y), *moves, ("mouseReleased", steps[-1])]:
        yield "Input.dispatchMouseEvent", {"type": what, "x": x, "y": at, **held}


def _finger(x: float, y: float, steps: list[float]) -> Iterator[tuple[str, Any]]:
    """Yield the commands that put it down, move and lift it."""
    name = "Input.dispatchTouchEvent"
    for what, at in [("touchStart", y), *(("touchMove", step) for step in steps)]:
        yield name, {"type": what, "touchPoints": [{"x": x, "y": at}]}
    yield name, {"type": "touchEnd", "touchPoints": []}


def test_every_strategy_can_be_chosen(browser: Browser, url: str) -> None:
    """The page offers those of the proxy, and the table says which one it is."""
    open_work(browser, "ocr")
    strategy = Select(browser.find("#work [data-field=strategy]"))
    offered = [option.get_attribute("value") for option in strategy.options]
    assert offered == list(STRATEGIES)
    for value in STRATEGIES:
        strategy.select_by_value(value)
    assert "in order" in browser.text("[data-work=ocr] small")
    save(browser)
    assert routing(browser, url)["ocr"] == {
        "backends": ["a", "b", "c"],
        "strategy": "in_order",
    }


def test_an_unknown_task_is_saved_with_a_warning_at_its_row(
    browser: Browser, url: str
) -> None:
    """Immich will have new ones; a slip of the hand is told before and after."""
    browser.press("#work-adder summary")
    browser.find("#work-adder input").send_keys("cilp", Keys.ENTER)
    browser.until_told("[data-work=cilp]", "clip")
    assert "did you mean clip?" in browser.find("[data-work=cilp] .warning").text
    browser.press("#save")
    browser.until_told("dialog .warnings", "did you mean clip?")
    browser.press("dialog .primary")
    browser.until_told("#state", "Saved at")
    assert routing(browser, url)["cilp"] == ["a", "b"]
    browser.open(f"{url}/config")
    browser.until_told("[data-work=cilp] .warning", "did you mean clip?")
    open_work(browser, "cilp")
    browser.press("[data-release]")
    save(browser)
    assert "cilp" not in routing(browser, url)


def test_no_row_is_added_twice(browser: Browser, url: str) -> None:
    """The reason is told at the field, which keeps the focus."""
    browser.press("#work-adder summary")
    field = browser.find("#work-adder input")
    for text, told in (
        ("", "Say which work it is for."),
        ("clip", "There is a row for clip already."),
        ("clip/textual", "That is the row Search by text."),
    ):
        field.clear()
        field.send_keys(text, Keys.ENTER)
        browser.until_told("#work-adder .error", told)
        assert active(browser) == field
    assert browser.text("#state") == ""


def test_a_row_without_machines_is_refused_there(browser: Browser, url: str) -> None:
    """Its panel is opened, and has the focus."""
    browser.press(cell("clip", "c"))
    browser.press("#save")
    browser.until_told("#problem", "Choose at least one machine")
    assert active(browser).tag_name == "fieldset"
    assert "Choose at least one machine" in browser.text("#work .error")
    browser.press("[data-release]")
    confirm(browser)
    browser.until_told("#state", "Saved at")
    assert set(routing(browser, url)) == {"ocr"}
