"""The configuration page in a real browser, before the real proxy."""

from __future__ import annotations

import json
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from tests.end_to_end.browser import Browser
from tests.end_to_end.test_import import StartProxy, StartServer

pytest_plugins = ["tests.end_to_end.browser_fixtures"]


def tick(browser: Browser, within: str, label: str) -> None:
    """Tick or untick a check box."""
    browser.click(browser.field(label, within))


def save(browser: Browser) -> None:
    """Save, and wait until it is done."""
    browser.press("#save")
    browser.until_told("#state", "Saved at")


def test_a_newcomer_adds_a_backend_and_a_route(
    browser: Browser, start_server: StartServer, start_proxy: StartProxy
) -> None:
    """What is entered is in force, is shown again, and the backend becomes healthy."""
    gpu, proxy = start_server("gpu"), start_proxy(None)
    browser.open(f"{proxy.url}/config")
    browser.press("#add-backend")
    browser.fill("Name", "gpu")
    browser.fill("URL", f" {gpu.url} ")
    browser.press("#add-route")
    browser.fill("Work", "clip/textual")
    tick(browser, "#routes", "gpu")
    tick(browser, "#routes", "If none of these is up, use the default")
    browser.fill("Seconds between health checks", "1")
    assert browser.text("#state") == "Unsaved changes"
    assert browser.driver.title.startswith("• ")
    save(browser)
    assert not browser.driver.title.startswith("• ")
    assert proxy.json("/api/config") == {
        "defaultBackend": "gpu",
        "backends": [{"name": "gpu", "url": gpu.url}],
        "taskRouting": {"clip/textual": {"backends": ["gpu"], "fallback": True}},
        "healthCheckInterval": 1,
    }
    browser.open(f"{proxy.url}/config")
    assert browser.field("URL").get_attribute("value") == gpu.url
    assert browser.field("Work").get_attribute("value") == "clip/textual"
    assert browser.field("gpu", "#default").is_selected()
    assert browser.field("gpu", "#routes").is_selected()
    browser.until_told(".health", "Up checked")


@pytest.mark.parametrize(
    ("within", "label", "text", "told"),
    [
        ("#backends", "URL", "ftp://gpu", "must start with http:// or https://"),
        ("#backends", "Name", "first", "already the name of"),
        ("#routes", "Work", "facial-recognition", "is the same key as"),
        ("#settings", "Seconds between health checks", "0", "0.1"),
        ("#settings", "Largest request, in bytes", "100 MB", "Must be a number."),
    ],
)
def test_a_refusal_is_shown_at_its_field(
    browser: Browser,
    expected: list[str],
    start_proxy: StartProxy,
    within: str,
    label: str,
    text: str,
    told: str,
) -> None:
    """The field is marked and has the focus; the reason is told there and below."""
    expected.append("status of 400 (Bad Request)")
    proxy = start_proxy(None)
    before = {
        "defaultBackend": "first",
        "backends": [
            {"name": "first", "url": "http://127.0.0.1:1"},
            {"name": "second", "url": "http://127.0.0.1:1"},
        ],
        "taskRouting": {"facial_recognition": "first", "clip": "second"},
    }
    assert proxy.post("/api/config", before)[0] == 200
    browser.open(f"{proxy.url}/config")
    browser.fill(label, text, within)
    browser.press("#save")
    browser.until_told("#problem", told)
    field = browser.driver.switch_to.active_element
    assert field.get_attribute("value") == text
    assert field.get_attribute("aria-invalid") == "true"
    described = str(field.get_attribute("aria-describedby")).split()
    assert told in browser.text(f"#{described[0]}")
    assert proxy.json("/api/config") == before
    field.send_keys("x")
    assert field.get_attribute("aria-invalid") is None


def test_what_had_to_be_mended_is_told(
    browser: Browser, start_server: StartServer, start_proxy: StartProxy
) -> None:
    """After the save, and as long as it is in force; the field shows what is kept."""
    gpu, proxy = start_server("gpu"), start_proxy(None)
    browser.open(f"{proxy.url}/config")
    browser.press("#add-backend")
    browser.fill("Name", "gpu")
    browser.fill("URL", f"{gpu.url.removeprefix('http://')}/predict")
    save(browser)
    told = (
        f"backends[0].url: http:// was added and /predict was cut off; it is {gpu.url}"
    )
    browser.until_told("#warnings", told)
    assert browser.field("URL").get_attribute("value") == gpu.url
    assert not browser.driver.title.startswith("• ")
    browser.until_told(".health", "Up checked")
    browser.open(f"{proxy.url}/config")
    browser.until_told("#warnings", told)
    browser.fill("Seconds to wait for a health check", "3")
    save(browser)
    browser.until(lambda: not browser.all("#mended"), "there is nothing to tell")
    assert proxy.json("/api/config")["backends"] == [{"name": "gpu", "url": gpu.url}]


def test_how_closely_answers_are_checked_is_chosen(
    browser: Browser, start_proxy: StartProxy
) -> None:
    """The default is not written where nothing was; a number may be ``auto`` again."""
    proxy = start_proxy(None)
    before: dict[str, Any] = {
        "defaultBackend": {"backends": ["a"], "holdSeconds": 5},
        "backends": [{"name": "a", "url": "http://127.0.0.1:1"}],
        "taskRouting": {},
    }
    assert proxy.post("/api/config", before)[0] == 200
    browser.open(f"{proxy.url}/config")
    checks = Select(browser.field("Check answers"))
    assert checks.first_selected_option.text == "In full"
    checks.select_by_visible_text("Not at all")
    assert browser.text("#state") == "Unsaved changes"
    checks.select_by_visible_text("In full")
    assert browser.text("#state") == ""
    checks.select_by_visible_text("Their form only, not the numbers")
    browser.press("#default summary")
    browser.fill("Seconds to hold work", "auto")
    save(browser)
    assert proxy.json("/api/config") == {
        **before,
        "defaultBackend": {"backends": ["a"], "holdSeconds": "auto"},
        "checkAnswers": "shape",
    }


def test_what_is_not_touched_stays_as_it_was(
    browser: Browser, start_proxy: StartProxy
) -> None:
    """Forms of routes, and fields that the page does not show, outlive a save."""
    proxy = start_proxy(None)
    saved: dict[str, Any] = {
        "maxBodySize": 2048,
        "taskRouting": {
            "visual": "a",
            "clip/textual": ["b"],
            "facial_recognition": ["b", "a"],
            "ocr": {"holdSeconds": 5, "backends": ["a"], "fallback": False},
        },
        "backends": [
            {"url": "http://127.0.0.1:1/", "limits": {"ocr": 1}, "name": "a"},
            {"name": "b", "url": "http://127.0.0.1:2", "weight": 2.5},
        ],
        "defaultBackend": {"strategy": "in_order", "spill": True, "backends": ["b"]},
    }
    assert proxy.post("/api/config", saved)[0] == 200
    browser.open(f"{proxy.url}/config")
    browser.until_told("#settings", "2 KiB")
    assert browser.text("#state") == ""
    browser.fill("URL", "http://127.0.0.1:3")
    save(browser)
    saved["backends"][1]["url"] = "http://127.0.0.1:3"
    # As text, since the order of the fields is kept as well.
    assert json.dumps(proxy.json("/api/config")) == json.dumps(saved)


def test_a_new_name_reaches_the_routes(
    browser: Browser, start_proxy: StartProxy
) -> None:
    """Renaming a backend renames it wherever work is sent to it."""
    proxy = start_proxy(None)
    text = """{
        "defaultBackend": "before",
        "backends": [{"name": "before", "url": "http://127.0.0.1:1", "weight": 2}],
        "taskRouting": {
            "ocr": {"holdSeconds": 5, "backends": ["before"]},
            "clip": ["before"]
        }
    }"""
    assert proxy.post("/api/config", json.loads(text))[0] == 200
    browser.open(f"{proxy.url}/config")
    browser.fill("Name", "after")
    assert browser.field("after", "#default").is_selected()
    save(browser)
    assert proxy.json("/api/config") == json.loads(text.replace("before", "after"))


def test_removing_a_backend_in_use_asks_first(
    browser: Browser, start_proxy: StartProxy
) -> None:
    """The question tells what goes with it; the answer decides."""
    proxy = start_proxy(None)
    backends = [{"name": name, "url": f"http://127.0.0.1:1/{name}"} for name in "ab"]
    routing = {"ocr": ["a", "b"], "visual": "a"}
    before = {"defaultBackend": "b", "backends": backends, "taskRouting": routing}
    assert proxy.post("/api/config", before)[0] == 200
    browser.open(f"{proxy.url}/config")
    browser.press("#backends [data-remove]")
    browser.until_told("dialog", "taken out of these routes: ocr")
    assert "goes to the default: visual" in browser.text("dialog")
    browser.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    browser.until(lambda: not browser.all("dialog"), "the dialog closes")
    assert len(browser.all("#backends li")) == 2
    assert browser.text("#state") == ""
    browser.press("#backends [data-remove]")
    browser.press("dialog button.bad")
    browser.until_told("#state", "Unsaved changes")
    save(browser)
    assert proxy.json("/api/config") == {
        "defaultBackend": "b",
        "backends": backends[1:],
        "taskRouting": {"ocr": ["b"]},
    }


def test_changes_from_elsewhere_are_not_overwritten_unasked(
    browser: Browser, start_proxy: StartProxy
) -> None:
    """Of two people who edit at once, the second one is asked."""
    proxy = start_proxy(None)
    backends = [{"name": "a", "url": "http://127.0.0.1:1"}]
    first = {"defaultBackend": "a", "backends": backends, "taskRouting": {}}
    second = {**first, "requestTimeout": 60}
    assert proxy.post("/api/config", first)[0] == 200
    browser.open(f"{proxy.url}/config")
    browser.fill("Seconds between health checks", "5")
    assert proxy.post("/api/config", second)[0] == 200
    browser.press("#save")
    browser.until_told("dialog", "changed elsewhere")
    browser.click(browser.all("dialog button")[0])
    browser.until(lambda: not browser.all("dialog"), "the dialog closes")
    assert proxy.json("/api/config") == second
    browser.press("#discard")
    label = "Seconds to wait for a machine's answer"
    browser.until(
        lambda: browser.field(label).get_attribute("value") == "60",
        "what the other has saved is shown",
    )
