"""Machines that may sleep, and who is told, on the configuration page."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from selenium.webdriver.support.select import Select

from tests.end_to_end.browser import Browser
from tests.end_to_end.one_proxy import Configure
from tests.end_to_end.test_config_page import TWO, save
from tests.serving import serve_beside

pytest_plugins = ["tests.end_to_end.browser_fixtures"]


@pytest.fixture
def told() -> Iterator[tuple[str, list[bytes]]]:
    """The address of somebody who is told, and what he was."""
    bodies: list[bytes] = []

    class Ear(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Write nothing."""

    server = HTTPServer(("127.0.0.1", 0), Ear)
    serve_beside(server)
    yield f"http://127.0.0.1:{server.server_port}/secret", bodies
    server.shutdown()
    server.server_close()


def test_when_a_machine_is_used_is_saved_and_shown_again(
    browser: Browser, expected: list[str], configure: Configure
) -> None:
    """Its windows, its health checks, and what puts it to sleep after how long."""
    expected.append("400 (Bad Request)")  # of what is half typed
    proxy = configure(TWO)
    browser.open(f"{proxy.url}/config#machine=a")
    browser.press("#backends summary")
    browser.fill("Used from … to …", "22:00-07:00; Sat,Sun 00:00-24:00")
    Select(browser.field("Health checks")).select_by_value("on demand")
    browser.fill("Address that puts it to sleep", "http://127.0.0.1:9/sleep")
    browser.fill("For how long it had nothing to do", "1 h")
    save(browser)
    wanted = copy.deepcopy(TWO)
    wanted["backends"][0] |= {
        "windows": ["22:00-07:00", "Sat,Sun 00:00-24:00"],
        "pings": "on demand",
        "sleepHook": "http://127.0.0.1:9/sleep",
        "idleMinutes": 60,
    }
    saved = proxy.json("/api/config")
    assert saved["backends"][0].keys() == wanted["backends"][0].keys()
    assert saved["backends"][0]["windows"] == wanted["backends"][0]["windows"]
    assert saved["backends"][0]["idleMinutes"] == 60
    windows = browser.field("Used from … to …").get_attribute("value")
    assert windows == "22:00-07:00; Sat,Sun 00:00-24:00"
    browser.fill("Used from … to …", "at night")
    browser.until_told("#backends .error", "22:00-07:00")
    browser.fill("Used from … to …", "")
    save(browser)
    assert "windows" not in proxy.json("/api/config")["backends"][0]


def test_who_is_told_is_tried_and_saved(
    browser: Browser,
    expected: list[str],
    configure: Configure,
    told: tuple[str, list[bytes]],
) -> None:
    """A message arrives before it is saved; after that the address is a secret."""
    expected.append("400 (Bad Request)")  # of what is half typed
    url, bodies = told
    proxy = configure(TWO)
    browser.open(f"{proxy.url}/config#notify")
    browser.press("#add-target")
    browser.driver.switch_to.active_element.send_keys(url)
    browser.press("[data-test]")
    browser.until(lambda: bodies, "a message has arrived")
    browser.until_told("#notify .tried[data-tone=good]", "took it.")
    save(browser)
    field = browser.field("Address", "#notify")
    assert field.get_attribute("value") == url.replace("secret", "***")
    assert proxy.config.read_text().count(url) == 1
    browser.press("[data-test]")
    browser.until(lambda: len(bodies) > 1, "what is hidden means the same")
