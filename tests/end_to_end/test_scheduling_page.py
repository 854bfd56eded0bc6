"""Scheduling on the configuration page, in a real browser before the real proxy."""

from __future__ import annotations

import json
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.select import Select

from tests.end_to_end.browser import Browser
from tests.end_to_end.drawn import prefer
from tests.end_to_end.one_proxy import Configure
from tests.end_to_end.processes import config_for
from tests.end_to_end.test_config_page import (
    discard,
    open_machine,
    open_settings,
    open_work,
    save,
    tick,
)
from tests.end_to_end.test_failures import SEARCH, form, predict
from tests.end_to_end.test_import import StartServer

pytest_plugins = ["tests.end_to_end.browser_fixtures"]

PLAIN: dict[str, Any] = {
    "defaultBackend": "gpu",
    "backends": [{"name": "gpu", "url": "http://127.0.0.1:1"}],
    "taskRouting": {"ocr": "gpu", "clip": ["gpu"]},
}
OF_A_BACKEND = {
    "Requests at once": "4",
    "Weight": "2.5",
    "Can do": "clip: ViT-B-32__openai, RN50__openai; facial-recognition; ocr",
    "Searches and pictures": "3",
    "Faces": "2",
    "Text in pictures": "1",
    "MAC address": "00:11:22:aa:bb:cc",
    "Broadcast address": "192.168.1.255",
    "UDP port": "7",
}
OF_A_ROUTE = {
    "Hold work for": "2 min",
    "Requests that may wait": "50",
    "Hedge searches after": "250 ms",
}
SPILL = "“In order” goes on to the next one when one is full, too"
FULL_BACKEND = {
    **PLAIN["backends"][0],
    "state": "drain",
    "maxConcurrent": 4,
    "weight": 2.5,
    "abilities": {
        "tasks": ["clip", "facial-recognition", "ocr"],
        "models": {"clip": ["ViT-B-32__openai", "RN50__openai"]},
    },
    "limits": {"clip": 3, "facial-recognition": 2, "ocr": 1},
    "wakeOnLan": {
        "mac": "00:11:22:aa:bb:cc",
        "broadcast": "192.168.1.255",
        "port": 7,
    },
}
FULL_ROUTE = {
    "backends": ["gpu"],
    "spill": True,
    "holdSeconds": 120,
    "maxWaiting": 50,
    "hedgeAfterMs": 250,
}


def unfold(browser: Browser, place: str) -> str:
    """Unfold the first machine, or a row of the table; return what has its fields."""
    if place == "machine":
        open_machine(browser)
        browser.press("#backends details:not([open]) summary")
        return "#backends"
    open_work(browser, place)
    browser.press("#work details:not([open]) summary")
    return "#work"


def named(browser: Browser, within: str) -> dict[str, WebElement]:
    """Return the text fields that are shown, by label, of which the last one counts."""
    return {one.accessible_name: one for one in browser.all(f"{within} input")}


def fill(browser: Browser, within: str, texts: dict[str, str]) -> None:
    """Type into several fields."""
    fields = named(browser, within)
    for label, text in texts.items():
        fields[label].clear()
        fields[label].send_keys(text)


def shown(browser: Browser, within: str, labels: dict[str, str]) -> dict[str, str]:
    """Return what stands in the fields of these labels."""
    fields = named(browser, within)
    return {label: str(fields[label].get_attribute("value")) for label in labels}


def test_a_newcomer_sees_name_and_url_only(
    browser: Browser, configure: Configure
) -> None:
    """The rest of a machine is folded away, also of a new one."""
    proxy = configure(PLAIN)
    browser.open(f"{proxy.url}/config")
    open_machine(browser)
    browser.press("#add-backend")
    labels = [field.accessible_name for field in browser.all("#backends input")]
    assert labels == ["Name", "Address"] * 2
    assert browser.all("#backends select") == []


def test_every_field_of_a_backend_is_saved_and_shown_again(
    browser: Browser, expected: list[str], configure: Configure
) -> None:
    """What is typed is in force, and stands there after a reload."""
    expected.append("400 (Bad Request)")  # of what is half typed
    proxy = configure(PLAIN)
    browser.open(f"{proxy.url}/config")
    unfold(browser, "machine")
    Select(browser.field("State")).select_by_visible_text("Drain")
    fill(browser, "#backends", OF_A_BACKEND)
    save(browser)
    assert proxy.json("/api/config") == {**PLAIN, "backends": [FULL_BACKEND]}
    assert browser.text("#backends summary") == "More (8 set)"
    assert browser.field("State").is_displayed()  # it was open, and stays so
    browser.open(f"{proxy.url}/config")
    unfold(browser, "machine")
    assert browser.field("State").get_attribute("value") == "drain"
    assert shown(browser, "#backends", OF_A_BACKEND) == OF_A_BACKEND
    assert browser.text("#state") == ""


def test_emptied_fields_are_not_set_any_more(
    browser: Browser, expected: list[str], configure: Configure
) -> None:
    """They are left out of what is saved, of backends as well as of routes."""
    expected.append("400 (Bad Request)")  # of what is half typed
    full = {**PLAIN, "backends": [FULL_BACKEND], "taskRouting": {"ocr": FULL_ROUTE}}
    proxy = configure(full)
    browser.open(f"{proxy.url}/config")
    unfold(browser, "machine")
    fill(browser, "#backends", dict.fromkeys(OF_A_BACKEND, ""))
    unfold(browser, "ocr")
    fill(browser, "#work", dict.fromkeys(OF_A_ROUTE, ""))
    save(browser)
    saved = proxy.json("/api/config")
    assert saved["backends"] == [{**PLAIN["backends"][0], "state": "drain"}]
    assert saved["taskRouting"] == {"ocr": {"backends": ["gpu"], "spill": True}}


@pytest.mark.parametrize(
    ("row", "expected_document"),
    [
        ("default", {**PLAIN, "defaultBackend": FULL_ROUTE}),
        (
            "clip",
            {**PLAIN, "taskRouting": {"ocr": "gpu", "clip": FULL_ROUTE}},
        ),
    ],
)
def test_every_field_of_a_route_is_saved_and_shown_again(
    browser: Browser,
    configure: Configure,
    row: str,
    expected_document: dict[str, Any],
) -> None:
    """Only the route that was edited gets the long form."""
    proxy = configure(PLAIN)
    browser.open(f"{proxy.url}/config")
    unfold(browser, row)
    fill(browser, "#work", OF_A_ROUTE)
    tick(browser, "#work", SPILL)
    save(browser)
    assert proxy.json("/api/config") == expected_document
    browser.open(f"{proxy.url}/config")
    unfold(browser, row)
    assert browser.text("#work summary") == "More (4 set)"
    assert shown(browser, "#work", OF_A_ROUTE) == OF_A_ROUTE
    assert browser.field(SPILL, "#work").is_selected()


def test_what_is_unfolded_only_changes_nothing(
    browser: Browser, configure: Configure
) -> None:
    """What is typed and taken back leaves every form as it was."""
    proxy = configure(PLAIN)
    browser.open(f"{proxy.url}/config")
    for place in ("machine", "default", "clip"):
        unfold(browser, place)
    for within, label in (
        ("#backends", "Weight"),
        ("#work", "Requests that may wait"),
    ):
        browser.fill(label, "7", within)
        assert browser.text("#state") == "1 unsaved change"
        browser.field(label, within).send_keys(Keys.BACKSPACE)
        assert browser.text("#state") == ""
    open_settings(browser)
    browser.fill("Time between health checks", "5")
    save(browser)
    document = {**PLAIN, "healthCheckInterval": 5}
    assert json.dumps(proxy.json("/api/config")) == json.dumps(document)


REFUSED = {
    "machine": (
        ("Requests at once", "0", "must be a whole number from 1"),
        ("Requests at once", "all", "type a number or auto"),
        ("Weight", "0", "at most 1000"),
        ("Can do", "clip:", "names no model"),
        ("Can do", "ocr; clip/visual", "must be a task"),
        ("Faces", "0.5", "whole number"),
        ("MAC address", "gpu", "must be a MAC address"),
        ("Broadcast address", "lan", "must be an IPv4 address"),
        ("UDP port", "70000", "65535"),
    ),
    "default": (
        ("Hold work for", "300 s", "280"),
        ("Hold work for", "long", "type a time, such as"),
    ),
    "clip": (
        ("Requests that may wait", "-1", "must be"),
        ("Hedge searches after", "soon", "type a time, such as"),
    ),
}


@pytest.mark.parametrize("place", REFUSED)
def test_a_refusal_is_shown_at_its_field_even_where_it_is_folded_away(
    browser: Browser, expected: list[str], configure: Configure, place: str
) -> None:
    """It is unfolded, marked and has the focus; nothing is saved."""
    expected.append("status of 400 (Bad Request)")
    wake = {"mac": "00:11:22:aa:bb:cc"}
    backends = [{**PLAIN["backends"][0], "wakeOnLan": wake}]
    before = {**PLAIN, "backends": backends}
    proxy = configure(before)
    browser.open(f"{proxy.url}/config")
    within = unfold(browser, place)
    for label, text, told in REFUSED[place]:
        browser.fill(label, text, within)
        browser.press(f"{within} summary")
        browser.press(".opener[aria-expanded=true]")
        browser.press("#save")
        browser.until_told("#problem", told)
        field = browser.driver.switch_to.active_element
        assert field.accessible_name == label
        shown = {"300 s": "5 min"}.get(text, text)
        assert field.get_attribute("value") == shown
        assert field.get_attribute("aria-invalid") == "true"
        described = str(field.get_attribute("aria-describedby")).split()
        assert told in browser.text(f"#{described[0]}")
        assert proxy.json("/api/config") == before
        discard(browser)


def test_a_wake_up_without_its_address_is_refused_there(
    browser: Browser, expected: list[str], configure: Configure
) -> None:
    """What is missing has the error, not what was typed."""
    expected.append("status of 400 (Bad Request)")
    proxy = configure(PLAIN)
    browser.open(f"{proxy.url}/config")
    unfold(browser, "machine")
    browser.fill("Broadcast address", "192.168.1.255")
    browser.press("#save")
    browser.until_told("#problem", "MAC address of gpu: ")
    assert browser.driver.switch_to.active_element.accessible_name == "MAC address"


def test_a_busy_button_says_so(browser: Browser, configure: Configure) -> None:
    """While it is saved the button tells it and keeps the focus."""
    proxy = configure(PLAIN)
    browser.open(f"{proxy.url}/config")
    open_settings(browser)
    browser.fill("Time between health checks", "5")
    browser.run(
        "const asked = window.fetch;"
        "const held = new Promise((resolve) => { window.goOn = resolve; });"
        "window.fetch = async (...how) => { await held; return asked(...how); };"
    )
    button = browser.find("#save")
    browser.click(button)
    assert (button.text, button.get_attribute("aria-busy")) == ("Saving…", "true")
    assert browser.driver.switch_to.active_element == button
    browser.run("window.goOn()")
    browser.press("dialog .primary")
    browser.until_told("#state", "Saved at")
    browser.until(lambda: button.text == "Save", "the button is free again")
    assert button.get_attribute("aria-busy") is None


def test_scheduling_can_be_used_on_a_phone_in_the_dark(
    browser: Browser, start_server: StartServer, configure: Configure
) -> None:
    """Every control has a name, nothing sticks out, and the colours are dark."""
    routing = {"facial-recognition/detection-and-more": {"backends": ["gpu"]}}
    proxy = configure(config_for(start_server("gpu"), taskRouting=routing))
    proxy.await_health("gpu", "healthy")
    assert predict(proxy, form(SEARCH, text="a dog"))[0] == 200
    metrics = {"width": 380, "height": 740, "deviceScaleFactor": 1, "mobile": True}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    prefer(browser, color_scheme="dark")
    for page, drawn in (("/", "#machines tr"), ("/config", "[data-work]")):
        browser.open(proxy.url + page)
        browser.find(drawn)
        for summary in browser.all("summary, #backends .opener"):
            browser.click(summary)
        controls = browser.all("main :is(input, select, button, summary, a)")
        assert [
            one.get_attribute("outerHTML")
            for one in controls
            if not one.accessible_name
        ] == []
        assert browser.run("return document.documentElement.scrollWidth") == 380
        assert browser.find("body").value_of_css_property("background-color") == (
            "rgba(20, 23, 28, 1)"
        )
