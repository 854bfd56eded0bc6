"""Scheduling on the overview, in a real browser before the real proxy."""

from __future__ import annotations

import threading

from selenium.webdriver.common.keys import Keys

from tests.end_to_end.asks import Ask
from tests.end_to_end.browser import Browser
from tests.end_to_end.fleet import Fleet
from tests.end_to_end.processes import config_for, until
from tests.end_to_end.test_failures import SEARCH, form, predict
from tests.end_to_end.test_import import StartProxy, StartServer
from tests.end_to_end.test_scheduling import OCR, numbers, send
from tests.end_to_end.test_scheduling_page import PLAIN, configured
from tests.pictures import jpeg

pytest_plugins = ["tests.end_to_end.browser_fixtures"]


def test_a_backend_is_drained_disabled_and_enabled_with_the_keyboard(
    browser: Browser, start_server: StartServer, start_proxy: StartProxy
) -> None:
    """Each is in force at once, is saved, and is shown as what is pressed."""
    name = "gpu/1 ü?"
    server = start_server("gpu")
    server.name = name
    proxy = start_proxy(config_for(server))
    browser.open(f"{proxy.url}/")
    pressed = "#backends button[aria-pressed=true]"
    browser.until_told(pressed, "Enabled")
    group = browser.find("#backends [role=group]")
    assert group.accessible_name == f"State of {name}"
    for state, key in (
        ("drain", Keys.ENTER),
        ("disabled", Keys.SPACE),
        ("enabled", Keys.ENTER),
    ):
        button = browser.find(f"#backends [data-state={state}]")
        button.send_keys(key)
        label = {"drain": "Drain"}.get(state, state.capitalize())
        browser.until_told(pressed, label)
        assert numbers(proxy, name)["state"] == state
        assert proxy.json("/api/config")["backends"][0]["state"] == state
        assert browser.driver.switch_to.active_element == button
    browser.until_told(".health", "Healthy checked")


def test_a_state_that_is_set_elsewhere_is_shown(
    browser: Browser, start_server: StartServer, start_proxy: StartProxy
) -> None:
    """The page asks again and again."""
    proxy = start_proxy(config_for(start_server("gpu")))
    browser.open(f"{proxy.url}/")
    pressed = "#backends button[aria-pressed=true]"
    browser.until_told(pressed, "Enabled")
    assert proxy.post("/api/backends/gpu", {"state": "disabled"})[0] == 200
    browser.until_told(pressed, "Disabled")
    browser.until_told(".health", "Not checked: disabled")


def test_a_state_that_cannot_be_set_is_told_at_the_backend(
    browser: Browser, expected: list[str], start_proxy: StartProxy
) -> None:
    """And what was pressed before stays pressed."""
    expected.append("ERR_CONNECTION_REFUSED")
    proxy = configured(start_proxy, PLAIN)
    browser.open(f"{proxy.url}/")
    browser.until_told("#backends button[aria-pressed=true]", "Enabled")
    proxy.kill()
    browser.press("#backends [data-state=drain]")
    browser.until_told("#backends [role=alert]", "The proxy cannot be reached.")
    assert browser.text("#backends button[aria-pressed=true]") == "Enabled"


def test_service_times_are_shown_by_task(
    browser: Browser, start_server: StartServer, start_proxy: StartProxy
) -> None:
    """With how many requests there were of it, live."""
    proxy = start_proxy(config_for(start_server("gpu")))
    browser.open(f"{proxy.url}/")
    browser.until_told("#backends [data-work]", "0 served")
    assert browser.all("#backends table") == []
    for _ in range(2):
        assert predict(proxy, form(SEARCH, text="a dog"))[0] == 200
    browser.until_told("#backends table", "clip/textual 2 ")
    assert browser.text("#backends thead") == "Task Count Median 90 % 99 %"
    times = browser.all("#backends tbody td")[1:]
    assert len(times) == 3
    assert all(time.text.endswith((" ms", " s")) for time in times)


def test_a_banner_tells_what_is_held(
    browser: Browser, start_server: StartServer, start_proxy: StartProxy
) -> None:
    """How much, and for whom; it goes when the work is done."""
    server = start_server("gpu")
    default = {"backends": ["gpu"], "holdSeconds": 200}
    proxy = start_proxy(config_for(server, defaultBackend=default))
    browser.open(f"{proxy.url}/")
    browser.until_told("#summary", "The backend is healthy")
    assert browser.all("#held") == []
    server.kill()
    proxy.await_health("gpu", "unhealthy")
    body = form(SEARCH, text="a dog")
    asking = [threading.Thread(target=predict, args=(proxy, body)) for _ in range(2)]
    for thread in asking:
        thread.start()
    browser.until_told("#held", "2 requests are held for: gpu.")
    assert browser.find("#held").get_attribute("role") == "status"
    assert browser.all("#waiting") == []
    server.restart()
    for thread in asking:
        thread.join()
    browser.until(lambda: not browser.all("#held"), "the banner goes")
    browser.until_told("#backends [data-work]", "2 served")


def test_a_banner_tells_what_waits_for_a_place(
    browser: Browser, start_server: StartServer, start_proxy: StartProxy
) -> None:
    """Beside it, the backend tells how much it has of what it may have."""
    server = start_server("gpu", 600.0, 64)
    config = config_for(server, healthCheckInterval=600)
    config["backends"][0]["maxConcurrent"] = 2
    proxy = start_proxy(config)
    body = form(SEARCH, text="a dog")
    for _ in range(3):
        threading.Thread(target=send, args=(proxy, body), daemon=True).start()
    until(lambda: numbers(proxy, "gpu")["waiting"] == 1, "one waits")
    browser.open(f"{proxy.url}/")
    browser.until_told("#waiting", "1 request waits for a place at: gpu.")
    browser.until_told("#backends [data-work]", "2 of 2 under way, 1 waiting, 0 served")
    assert browser.all("#held") == []


def test_what_a_backend_cannot_do_is_shown(browser: Browser, fleet: Fleet) -> None:
    """As soon as it is known, beside its health, which is none the worse for it."""
    fleet.play({"small": "kepler", "nas": "v2"})
    browser.open(f"{fleet.proxy.url}/")
    browser.until_told("#summary", "All 2 backends are healthy")
    assert browser.all("#backends [data-note]") == []
    fleet.serve([Ask(OCR, jpeg(1, 64, 48))] * 2)
    browser.until_told("#backends [data-note]", "Cannot: ocr (PP-OCRv5_mobile)")
    assert len(browser.all("#backends [data-note]")) == 1
    assert browser.text("#summary") == "All 2 backends are healthy"
