"""The debug page in a real browser, before the real proxy."""

from __future__ import annotations

from selenium.webdriver.common.keys import Keys

from tests.end_to_end.browser import Browser
from tests.end_to_end.processes import Proxy, config_for
from tests.end_to_end.test_failures import SEARCH, form, predict
from tests.end_to_end.test_import import StartProxy, StartServer
from tests.end_to_end.test_scheduling import OCR
from tests.pictures import jpeg

pytest_plugins = ["tests.end_to_end.browser_fixtures"]


def search(proxy: Proxy, text: str) -> None:
    """Have the proxy answer a search."""
    assert predict(proxy, form(SEARCH, text=text))[0] == 200


def until_lines(browser: Browser, count: int) -> None:
    """Wait until this many records are shown."""
    lines = ".record .line"
    browser.until(lambda: len(browser.all(lines)) == count, f"{count} records show")


def test_a_request_is_recorded_and_shown_with_its_details(
    browser: Browser, start_server: StartServer, start_proxy: StartProxy
) -> None:
    """Switched on, a request and what it caused appear by themselves; off, no more."""
    proxy = start_proxy(config_for(start_server("gpu"), healthCheckInterval=600))
    browser.open(f"{proxy.url}/debug")
    browser.until_told("#empty", "Switch recording on")
    browser.press("#enabled")
    browser.until_told("#empty", "No request has come")
    search(proxy, "a <b>dog</b>")
    until_lines(browser, 2)
    incoming, outgoing = browser.all(".record .line")
    assert "incoming" in incoming.text
    assert "POST /predict" in incoming.text
    assert "outgoing" in outgoing.text
    assert "gpu" in outgoing.text
    browser.click(incoming)
    assert incoming.get_attribute("aria-expanded") == "true"
    details = browser.text(".details")
    for part in (
        "Request: POST /predict",
        "multipart/form-data",
        '{"clip": {"textual"',
        "a <b>dog</b>",
        "Answer: 200",
        "X-Immich-Ml-Backend",
        '{"clip":"[',
    ):
        assert part in details
    browser.press("#enabled")
    browser.until_told("#count", "2 of 100 records kept")
    browser.until(
        lambda: not proxy.json("/api/debug/status")["enabled"], "recording is off"
    )
    search(proxy, "a cat")
    assert proxy.json("/api/debug/status")["recordCount"] == 2
    browser.press("#clear")
    until_lines(browser, 0)
    browser.until_told("#empty", "Nothing is recorded.")


def test_records_can_be_filtered(
    browser: Browser, start_server: StartServer, start_proxy: StartProxy
) -> None:
    """By type, by any text in them, and by the trace, which reads as it happened."""
    config = config_for(start_server("gpu"), healthCheckInterval=600)
    proxy = start_proxy(config, "--debug")
    search(proxy, "a dog")
    search(proxy, "a cat")
    browser.open(f"{proxy.url}/debug")
    browser.fill("with the text", "A CAT")
    until_lines(browser, 2)
    browser.field("Show").send_keys("incoming")
    until_lines(browser, 1)
    browser.press(".record .trace")
    browser.field("Show").send_keys("all")
    browser.find("#text").clear()
    browser.find("#text").send_keys("dog")
    browser.until_told("#empty", "No record matches")
    browser.find("#text").send_keys(Keys.BACKSPACE * len("dog"))
    until_lines(browser, 2)
    first, second = browser.all(".record .line")
    assert "incoming" in first.text
    assert "outgoing" in second.text
    browser.press("#narrowed a")
    browser.until(lambda: len(browser.all(".record .line")) > 2, "all are shown")


def test_the_reader_is_not_disturbed_by_new_records(
    browser: Browser, start_proxy: StartProxy
) -> None:
    """An open record stays open, where it is in the window, with what is selected."""
    proxy = start_proxy(None, "--debug")
    for _ in range(60):
        proxy.get("/ping")
    browser.open(f"{proxy.url}/debug")
    until_lines(browser, 60)
    browser.click(browser.all(".record .line")[30])
    details = browser.find(".details")
    browser.run("getSelection().selectAllChildren(arguments[0])", details)
    place = browser.run("return arguments[0].getBoundingClientRect().top", details)
    selected = browser.run("return String(getSelection())")
    assert "Request: GET /ping" in selected
    for _ in range(7):
        proxy.get("/ping")
    until_lines(browser, 67)
    assert details.is_displayed()
    assert browser.run("return String(getSelection())") == selected
    moved = browser.run("return arguments[0].getBoundingClientRect().top", details)
    assert abs(moved - place) < 2


def test_the_number_of_records_is_limited(
    browser: Browser, start_proxy: StartProxy
) -> None:
    """A smaller limit drops the oldest at once; one out of range is not sent."""
    proxy = start_proxy(None, "--debug")
    for _ in range(5):
        proxy.get("/ping")
    browser.open(f"{proxy.url}/debug")
    until_lines(browser, 5)
    browser.fill("Keep at most", "2")
    browser.press("#limits button")
    browser.until_told("#count", "2 of 2 records kept")
    until_lines(browser, 2)
    browser.fill("Keep at most", "10001")
    browser.press("#limits button")
    assert browser.run("return document.querySelector('#limit:invalid') !== null")
    assert proxy.json("/api/debug/status")["maxRecords"] == 2


def test_many_records_are_shown_in_portions(
    browser: Browser, start_proxy: StartProxy
) -> None:
    """Thousands would make the page slow; the rest comes when it is asked for."""
    proxy = start_proxy(None, "--debug")
    assert proxy.post("/api/debug/max-records", {"maxRecords": 1000})[0] == 200
    for _ in range(210):
        proxy.get("/ping")
    browser.open(f"{proxy.url}/debug")
    browser.until_told("#more", "Show more (10 left)")
    assert len(browser.driver.find_elements("css selector", ".record")) == 200
    browser.press("#more")
    browser.until(lambda: not browser.all("#more"), "all are shown")
    assert len(browser.driver.find_elements("css selector", ".record")) == 210


def test_an_address_shows_the_requests_of_a_machine_or_a_route_alone(
    browser: Browser, start_server: StartServer, start_proxy: StartProxy
) -> None:
    """It says so, and offers all of them; the overview leads here."""
    servers = start_server("gpu"), start_server("nas")
    config = config_for(*servers, healthCheckInterval=600)
    config["defaultBackend"] = "nas"
    config["taskRouting"] = {"clip": "gpu"}
    proxy = start_proxy(config)
    assert proxy.post("/api/debug/toggle", {"enabled": True})[0] == 200
    search(proxy, "a dog")
    assert predict(proxy, form(OCR, image=jpeg(1, 64, 48)))[0] == 200
    browser.open(f"{proxy.url}/debug#machine=gpu")
    until_lines(browser, 2)
    browser.until_told("#narrowed", "Only requests that went to gpu.")
    assert "gpu" in browser.text(".record .line")
    browser.run("location.hash = '#route=clip'")
    browser.until_told("#narrowed", "Only requests that went by the route clip.")
    until_lines(browser, 2)
    browser.run("location.hash = '#route=default'")
    browser.until_told("#narrowed", "Only requests that went by the route default.")
    until_lines(browser, 2)
    browser.press("#narrowed a")
    browser.until(lambda: not browser.all("#narrowed"), "nothing is narrowed")
    browser.until(lambda: len(browser.all(".record .line")) >= 4, "all show")
    browser.run("location.hash = '#machine=gpu&failed=1'")
    browser.until_told("#empty", "No record matches the filters.")
    browser.until_told("#narrowed", "Only requests that failed at gpu.")
