"""The debug page in a real browser, before the real proxy."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from tests.end_to_end.asks import Ask
from tests.end_to_end.axe import violations
from tests.end_to_end.browser import Browser
from tests.end_to_end.drawn import resize
from tests.end_to_end.fleet import Fleet
from tests.end_to_end.processes import Proxy, config_for
from tests.end_to_end.test_failures import BOUNDARY, FACES, SEARCH, form, predict
from tests.end_to_end.test_import import StartProxy, StartServer
from tests.end_to_end.test_scheduling import OCR
from tests.pictures import jpeg

pytest_plugins = ["tests.end_to_end.browser_fixtures"]

LINE = "#lines .line"
PICTURE = {"clip": {"visual": {"modelName": "ViT-B-32__openai"}}}


def search(proxy: Proxy, text: str) -> None:
    """Have the proxy answer a search."""
    assert predict(proxy, form(SEARCH, text=text))[0] == 200


def until_lines(browser: Browser, count: int) -> None:
    """Wait until this many requests are shown."""
    browser.until(lambda: len(browser.all(LINE)) == count, f"{count} requests show")


def record(proxy: Proxy) -> None:
    """Have the proxy record what comes from now on."""
    assert proxy.post("/api/debug/toggle", {"enabled": True})[0] == 200


@pytest.fixture
def recorder(fleet: Fleet) -> Iterator[Fleet]:
    """A fleet whose proxy records nothing, and has not; afterwards, too."""
    forget(fleet.proxy)
    yield fleet
    forget(fleet.proxy)


def forget(proxy: Proxy) -> None:
    """Record no more, and nothing is recorded."""
    assert proxy.post("/api/debug/toggle", {"enabled": False})[0] == 200
    every = urllib.request.Request(f"{proxy.url}/api/debug/records", method="DELETE")
    assert proxy.ask(every)[0] == 200


def unfold(browser: Browser) -> None:
    """Open all that is folded in the details."""
    for _ in range(3):  # what was folded may have folds of its own
        browser.run(
            "detail.querySelectorAll('.fold').forEach((one) => { one.open = true })"
        )


def test_a_request_is_recorded_and_shown_with_its_details(
    browser: Browser, recorder: Fleet
) -> None:
    """Switched on, a request appears by itself with what it caused; off, no more."""
    recorder.play({"gpu": "v2"})
    proxy = recorder.proxy
    resize(browser, 1280)
    browser.open(f"{proxy.url}/debug")
    browser.until_told("#empty", "Switch recording on")
    browser.press("#enabled")
    browser.until_told("#empty", "No request has come")
    search(proxy, "a <b>dog</b>")
    until_lines(browser, 1)
    line = browser.find(LINE)
    for told in ("search", "ViT-B-32__openai", "gpu", "200"):
        assert told in line.text
    line.click()
    browser.until_told("#detail h2", "Search, ViT-B-32__openai")
    unfold(browser)
    browser.until_told("#detail", "512 numbers: ")
    details = browser.text("#detail")
    for told in (
        "First choice",
        "answered, 200",
        "multipart/form-data",
        "modelName",
        "a <b>dog</b>",
        "X-Immich-Ml-Backend",
    ):
        assert told.lower() in details.lower()
    browser.until(
        lambda: browser.text("#detail .numbers").count(",") == 511, "all numbers show"
    )
    browser.press("#close")
    browser.press("#enabled")
    browser.until(
        lambda: not proxy.json("/api/debug/status")["enabled"], "recording is off"
    )
    search(proxy, "a cat")
    assert proxy.json("/api/debug/records?limit=9")["matching"] == 1
    browser.press("#clear")
    browser.press("dialog button.bad")
    browser.until_told("#empty", "Nothing is recorded.")


def test_requests_are_found_by_work_machine_status_and_text(
    browser: Browser, recorder: Fleet
) -> None:
    """The overview leads to those of a machine or a route, also to what failed."""
    routing: dict[str, Any] = {"defaultBackend": "nas", "taskRouting": {"clip": "gpu"}}
    recorder.play({"gpu": "v2", "nas": "v2"}, **routing)
    proxy = recorder.proxy
    record(proxy)
    resize(browser, 1280)
    search(proxy, "a dog")
    search(proxy, "a cat")
    assert predict(proxy, form(OCR, image=jpeg(1, 64, 48)))[0] == 200
    assert predict(proxy, form({"clip": 3}, text="a dog"))[0] >= 400
    browser.open(f"{proxy.url}/debug#machine=gpu&failed=1")
    browser.until_told("#empty", "No recorded request matches the filters.")
    browser.until_told("#narrowed", "Only requests that failed at gpu.")
    browser.run("location.hash = '#machine=gpu'")
    until_lines(browser, 2)
    browser.run("location.hash = '#route=default'")
    browser.until_told("#narrowed", "Only requests that went by the route default.")
    browser.until_told("#found", "1 of 4")
    assert "text in pictures" in browser.text(LINE)
    browser.press("#narrowed a")
    until_lines(browser, 4)
    Select(browser.field("Status")).select_by_visible_text("Failed")
    until_lines(browser, 1)
    Select(browser.field("Status")).select_by_visible_text("Any")
    Select(browser.field("Work")).select_by_visible_text("Text in pictures")
    until_lines(browser, 1)
    assert "nas" in browser.text(LINE)
    Select(browser.field("Work")).select_by_visible_text("Any")
    browser.find("#text").send_keys("PP-OCR", Keys.ENTER)
    until_lines(browser, 1)


def test_a_failover_is_seen_with_its_reason(
    browser: Browser, start_server: StartServer, start_proxy: StartProxy
) -> None:
    """Both machines, why the second was asked, and the faces in the picture."""
    dead, nas = start_server("gpu"), start_server("nas")
    config = config_for(dead, nas, healthCheckInterval=600)
    config["defaultBackend"] = {"backends": ["gpu", "nas"], "strategy": "in_order"}
    proxy = start_proxy(config, "--debug")
    dead.kill()
    resize(browser, 1280)
    status, answer = predict(proxy, form(FACES, image=jpeg(1, 960, 720)))
    assert status == 200
    browser.open(f"{proxy.url}/debug")
    browser.press(LINE)
    browser.until(lambda: len(browser.all(".waterfall > li")) == 2, "both show")
    first, second = (one.text for one in browser.all(".waterfall > li"))
    assert "gpu" in first
    assert "refused" in first.lower()
    assert "nas" in second
    assert "answered, 200" in second
    browser.until(
        lambda: browser.run(
            "return document.querySelector('.picture img').naturalWidth"
        ),
        "the picture shows",
    )
    drawn = browser.driver.find_elements("css selector", ".picture polygon.face")
    assert len(drawn) == len(answer["facial-recognition"])
    # In the list it is made small.
    browser.until(
        lambda: (
            browser.find("#lines .thumb img").get_attribute("naturalWidth") == "160"
        ),
        "the thumbnail shows",
    )
    unfold(browser)
    assert violations(browser) == []


def test_a_request_is_sent_again_to_another_machine(
    browser: Browser, recorder: Fleet
) -> None:
    """How alike the answers are is told; no number of the machine counts it."""
    recorder.play({"gpu": "v2", "nas": "v2"}, defaultBackend="gpu")
    proxy = recorder.proxy
    record(proxy)
    resize(browser, 1280)
    search(proxy, "a dog")
    browser.open(f"{proxy.url}/debug")
    browser.press(LINE)
    assert Select(browser.field("To")).first_selected_option.text == "nas"
    browser.press(".again button")
    browser.until_told("#detail", "cosine similarity of ")
    assert proxy.json("/api/status")["backends"]["nas"]["served"] == 0
    har = browser.find("#detail a[download]").get_attribute("href") or ""
    archive = json.loads(proxy.get(har.removeprefix(proxy.url))[1])
    assert archive["log"]["version"] == "1.2"


def test_requests_under_way_and_held_are_seen_while_they_are(
    browser: Browser, start_server: StartServer, start_proxy: StartProxy
) -> None:
    """Also while nothing is recorded."""
    slow, gone = start_server("gpu", 600.0, 1), start_server("nas")
    config = config_for(slow, gone)
    config["taskRouting"] = {
        "clip": {"backends": ["gpu"], "maxWaiting": 100},
        "ocr": {"backends": ["nas"], "holdSeconds": 280},
    }
    config["backends"][0]["maxConcurrent"] = 1
    proxy = start_proxy(config)
    gone.kill()
    proxy.await_health("nas", "unhealthy")
    resize(browser, 1280)
    with ExitStack() as asking:

        def ask(body: bytes) -> None:
            address = urlsplit(proxy.url).netloc
            connection = asking.enter_context(closing(HTTPConnection(address)))
            kind = f"multipart/form-data; boundary={BOUNDARY}"
            connection.request("POST", "/predict", body, {"Content-Type": kind})

        ask(form(SEARCH, text="a dog"))
        browser.open(f"{proxy.url}/debug")
        browser.until_told("#found", "1 under way")
        ask(form(SEARCH, text="a cat"))
        ask(form(OCR, image=jpeg(1, 64, 48)))
        browser.until_told("#found", "1 under way, 1 waiting, 1 held")
        until_lines(browser, 3)
        browser.press("#lines [data-state='under way'] a")
        browser.until_told("#detail h2", "Search")


def test_many_requests_are_read_piece_by_piece(
    browser: Browser, recorder: Fleet
) -> None:
    """What is not seen is not in the page; the keys go on to what is asked for then."""
    recorder.play({"gpu": "v2"})
    record(recorder.proxy)
    resize(browser, 1280)
    recorder.serve([Ask(SEARCH, text=f"dog {number}") for number in range(400)])
    for key, wanted in ((Keys.END, 400), (Keys.PAGE_DOWN, 5)):
        browser.open(f"{recorder.proxy.url}/debug")
        browser.until_told("#found", "400 recorded")
        browser.find(LINE).send_keys(key)
        await_place(browser, wanted)
        assert len(browser.driver.find_elements("css selector", "#lines li")) < 80


def await_place(browser: Browser, wanted: int) -> None:
    """Wait until the focus is on this request, or one below it."""
    place = "return document.activeElement.closest('li')?.ariaPosInSet"
    browser.until(lambda: int(browser.run(place) or 0) >= wanted, "it is there")
