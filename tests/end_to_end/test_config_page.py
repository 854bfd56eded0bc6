"""The configuration page in a real browser, before the real proxy."""

from __future__ import annotations

import copy
import json
from typing import Any

from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.select import Select

from tests.end_to_end.browser import Browser
from tests.end_to_end.drawn import resize
from tests.end_to_end.one_proxy import NOTHING, Configure
from tests.end_to_end.test_import import StartProxy, StartServer

URL = "http://127.0.0.1:1"
TWO: dict[str, Any] = {
    "defaultBackend": ["a", "b"],
    "backends": [{"name": name, "url": f"http://127.0.0.1:1/{name}"} for name in "ab"],
    "taskRouting": {},
}

pytest_plugins = ["tests.end_to_end.browser_fixtures"]


def tick(browser: Browser, within: str, label: str) -> None:
    """Tick or untick a check box."""
    browser.click(browser.field(label, within))


def cell(work: str, machine: str) -> str:
    """Return the selector of a cell of the table."""
    return f'[data-work="{work}"] [data-machine="{machine}"]'


def places(browser: Browser, work: str) -> str:
    """Return what stands in the cells of a row, one after the other."""
    return "".join(one.text for one in browser.all(f'[data-work="{work}"] .cell'))


def open_machine(browser: Browser, number: int = 1) -> None:
    """Show the fields of a machine."""
    browser.press(f"#backends > li:nth-child({number}) .opener[aria-expanded=false]")


def open_work(browser: Browser, work: str) -> None:
    """Show the panel of a row."""
    browser.press(f'[data-work="{work}"] .opener[aria-expanded=false]')


def open_settings(browser: Browser) -> None:
    """Unfold all settings."""
    browser.find("#settings summary")
    for summary in browser.all("#settings details:not([open]) > summary"):
        browser.click(summary)


def confirm(browser: Browser) -> None:
    """Save, and say yes to what it changes."""
    browser.press("#save")
    browser.press("dialog .primary")


def save(browser: Browser) -> None:
    """Save, and wait until it is done."""
    confirm(browser)
    browser.until_told("#state", "Saved at")


def test_a_newcomer_adds_a_machine_and_gives_it_work(
    browser: Browser, start_server: StartServer, start_proxy: StartProxy
) -> None:
    """What is entered is in force, is shown again, and the machine becomes healthy."""
    gpu, proxy = start_server("gpu"), start_proxy(None)
    browser.open(f"{proxy.url}/config")
    browser.press("#add-backend")
    browser.fill("Name", "gpu")
    browser.fill("Address", f" {gpu.url} ")
    browser.until_told("#backends .tried", "An Immich ML server answers")
    assert places(browser, "default") == "1"
    open_work(browser, "clip/textual")
    browser.press("[data-own]")
    tick(browser, "#work", "If none of these is up, those that do all other work do it")
    open_settings(browser)
    browser.fill("Time between health checks", "1")
    browser.until_told("#state", "unsaved changes")
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
    browser.until_told(".health", "Up checked")
    assert places(browser, "clip/textual") == "1"
    open_machine(browser)
    assert browser.field("Address").get_attribute("value") == gpu.url
    open_settings(browser)
    field = browser.field("Time between health checks")
    assert field.get_attribute("value") == "1 s"


def discard(browser: Browser) -> None:
    """Take back what was typed; what is open stays so."""
    browser.press("#discard")
    added = browser.find("#add-backend")
    active = browser.driver.switch_to
    browser.until(lambda: active.active_element == added, "it is taken back")
    assert (browser.text("#state"), browser.text("#problem")) == ("", "")


def await_unmarked(browser: Browser, field: WebElement) -> None:
    """Wait until a field is not marked any more."""
    browser.until(lambda: not field.get_attribute("aria-invalid"), "it is taken back")


def test_a_refusal_is_shown_at_its_field(
    browser: Browser, expected: list[str], configure: Configure
) -> None:
    """The field is marked and has the focus; the reason is told there and below."""
    expected.append("status of 400 (Bad Request)")
    before = {
        "defaultBackend": "first",
        "backends": [
            {"name": "first", "url": URL},
            {"name": "second", "url": URL},
        ],
        "taskRouting": {"facial_recognition": "first", "clip": "second"},
    }
    proxy = configure(before)
    browser.open(f"{proxy.url}/config")
    open_machine(browser, 2)
    for within, label, was, text, told in (
        (
            "#backends",
            "Address",
            URL,
            "ftp://gpu",
            "must start with http:// or https://",
        ),
        ("#backends", "Name", "second", "first", "already the name of"),
        ("#settings", "Time between health checks", "", "0", "0.1"),
        ("#settings", "Largest request", "", "100 MBs", "type a size, such as 100 MiB"),
    ):
        open_settings(browser)
        browser.fill(label, text, within)
        for opened in browser.all("details[open] > summary"):
            browser.click(opened)
        for opened in browser.all(".opener[aria-expanded=true]"):
            browser.click(opened)
        browser.press("#save")
        browser.until_told("#problem", told)
        field = browser.driver.switch_to.active_element
        assert field.accessible_name == label
        assert str(field.get_attribute("value")).removesuffix(" s") == text
        assert field.get_attribute("aria-invalid") == "true"
        described = str(field.get_attribute("aria-describedby")).split()
        assert told in browser.text(f"#{described[0]}")
        assert proxy.json("/api/config") == before
        field.clear()
        await_unmarked(browser, field)
        field.send_keys(was)
        assert browser.text("#state") == ""


def test_a_machine_is_added_changed_and_removed_by_keyboard_alone(
    browser: Browser, configure: Configure
) -> None:
    """Each step leaves the focus where the next one begins, and Enter saves."""
    proxy = configure(TWO)
    browser.open(f"{proxy.url}/config")

    def typed(*keys: str) -> None:
        browser.driver.switch_to.active_element.send_keys(*keys)

    def focused() -> str:
        return str(browser.driver.switch_to.active_element.accessible_name)

    browser.find("#add-backend").send_keys(Keys.ENTER)
    assert focused() == "Name"
    typed("c", Keys.TAB, "http://127.0.0.1:1/c", Keys.ENTER)
    browser.until_told("dialog .changes", "c: no such machine → http://127.0.0.1:1/c")
    assert focused() == "Save now"
    typed(Keys.ENTER)
    browser.until_told("#state", "Saved at")
    third = {"name": "c", "url": "http://127.0.0.1:1/c"}
    assert proxy.json("/api/config")["backends"] == [*TWO["backends"], third]
    browser.until(lambda: focused() == "Save", "the button has the focus again")
    opener = browser.all("#backends .opener")[0]
    opener.send_keys(Keys.ENTER, Keys.TAB)
    assert focused() == "Name"
    typed(Keys.TAB, Keys.TAB, Keys.TAB)
    assert focused() == "Remove a"
    typed(Keys.ENTER)
    browser.until_told("dialog", "It does no other work any more.")
    typed(Keys.ESCAPE)
    browser.until(lambda: focused() == "Remove a", "nothing was done")
    typed(Keys.TAB, Keys.ENTER, Keys.TAB)
    assert focused() == "State"


def test_a_configuration_that_is_read_only_says_so(
    browser: Browser, start_proxy: StartProxy
) -> None:
    """The real proxy's reason stands above, and there is nothing to save with."""
    proxy = start_proxy(
        {**TWO, "backends": [], "defaultBackend": ""}, "--read-only-config"
    )
    browser.open(f"{proxy.url}/config")
    browser.until_told("#read-only", proxy.json("/api/status")["readOnly"])
    assert not browser.find("#save").is_enabled()


def test_a_name_may_stand_for_several_servers(
    browser: Browser, configure: Configure
) -> None:
    """What is chosen is saved, and shown again; the first choice leaves it out."""
    saved = copy.deepcopy(TWO)
    saved["backends"][0]["url"] = "http://localhost:1"
    proxy = configure(saved)
    browser.open(f"{proxy.url}/config#machine=a")
    browser.press("#backends summary")
    for value in ("all", ""):
        Select(browser.find("[data-field=resolve]")).select_by_value(value)
        save(browser)
        [first, _] = proxy.json("/api/config")["backends"]
        assert first.get("resolve", "") == value
        chosen = browser.find("[data-field=resolve]").get_attribute("value")
        assert chosen == value


def test_what_would_be_refused_is_seen_while_it_is_typed(
    browser: Browser, expected: list[str], configure: Configure
) -> None:
    """At its field and by the button, in words of ours; the focus stays."""
    expected.append("status of 400 (Bad Request)")
    proxy = configure(TWO)
    browser.open(f"{proxy.url}/config#machine=a")
    browser.press("#backends summary")
    browser.fill("Weight", "5000")
    browser.until_told("#backends .error", "at most 1000")
    browser.until_told("#state", "at most 1000")
    assert browser.driver.switch_to.active_element.accessible_name == "Weight"
    browser.fill("Weight", "2")
    browser.until(lambda: not browser.all("#backends .error"), "it is all right")
    assert browser.text("#state") == "1 unsaved change"


def test_what_had_to_be_mended_is_told(
    browser: Browser, start_server: StartServer, configure: Configure
) -> None:
    """After the save, and as long as it is in force; the field shows what is kept."""
    gpu, proxy = start_server("gpu"), configure(NOTHING)
    browser.open(f"{proxy.url}/config")
    browser.press("#add-backend")
    browser.fill("Name", "gpu")
    browser.fill("Address", f"{gpu.url.removeprefix('http://')}/predict")
    save(browser)
    told = f"http:// was added and /predict was cut off; it is {gpu.url}"
    browser.until_told("#warnings", told)
    assert browser.field("Address").get_attribute("value") == gpu.url
    assert not browser.driver.title.startswith("• ")
    browser.until_told(".health", "Up checked")
    browser.open(f"{proxy.url}/config")
    browser.until_told("#warnings", told)
    open_settings(browser)
    browser.fill("Patience with a health check", "3 s")
    save(browser)
    browser.until(lambda: not browser.all("#mended"), "there is nothing to tell")
    assert proxy.json("/api/config")["backends"] == [{"name": "gpu", "url": gpu.url}]


def test_how_closely_answers_are_checked_is_chosen(
    browser: Browser, configure: Configure
) -> None:
    """The default is not written where nothing was; a number may be ``auto`` again."""
    before: dict[str, Any] = {
        "defaultBackend": {"backends": ["a"], "holdSeconds": 5},
        "backends": [{"name": "a", "url": "http://127.0.0.1:1"}],
        "taskRouting": {},
    }
    proxy = configure(before)
    browser.open(f"{proxy.url}/config")
    open_settings(browser)
    checks = Select(browser.field("Check answers"))
    assert checks.first_selected_option.text == "In full"
    checks.select_by_visible_text("Not at all")
    assert browser.text("#state") == "1 unsaved change"
    checks.select_by_visible_text("In full")
    assert browser.text("#state") == ""
    checks.select_by_visible_text("Their form only, not the numbers")
    open_work(browser, "default")
    browser.press("#work summary")
    browser.fill("Hold work for", "auto")
    save(browser)
    assert proxy.json("/api/config") == {
        **before,
        "defaultBackend": {"backends": ["a"], "holdSeconds": "auto"},
        "checkAnswers": "shape",
    }


def test_what_is_not_touched_stays_as_it_was(
    browser: Browser, configure: Configure
) -> None:
    """Forms of routes, and fields that the page does not show, outlive a save."""
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
    proxy = configure(saved)
    browser.open(f"{proxy.url}/config#limits")
    assert browser.field("Largest request").get_attribute("value") == "2 KiB"
    assert browser.text("#state") == ""
    open_machine(browser, 2)
    browser.fill("Address", "http://127.0.0.1:3")
    save(browser)
    saved["backends"][1]["url"] = "http://127.0.0.1:3"
    # As text, since the order of the fields is kept as well.
    assert json.dumps(proxy.json("/api/config")) == json.dumps(saved)


def test_a_new_name_reaches_the_routes(browser: Browser, configure: Configure) -> None:
    """Renaming a machine renames it wherever work is sent to it."""
    text = """{
        "defaultBackend": "before",
        "backends": [{"name": "before", "url": "http://127.0.0.1:1", "weight": 2}],
        "taskRouting": {
            "ocr": {"holdSeconds": 5, "backends": ["before"]},
            "clip": ["before"]
        }
    }"""
    proxy = configure(json.loads(text))
    browser.open(f"{proxy.url}/config")
    open_machine(browser)
    browser.fill("Name", "after")
    assert browser.find(cell("default", "after")).text == "1"
    browser.press("#save")
    browser.until_told("dialog .changes", "before: name before → after")
    browser.press("dialog .primary")
    browser.until_told("#state", "Saved at")
    assert proxy.json("/api/config") == json.loads(text.replace("before", "after"))


def test_removing_a_machine_in_use_asks_first(
    browser: Browser, configure: Configure
) -> None:
    """The question tells what goes with it; the answer decides."""
    backends = [{"name": name, "url": f"http://127.0.0.1:1/{name}"} for name in "ab"]
    routing = {"ocr": ["a", "b"], "visual": "a"}
    before = {"defaultBackend": "b", "backends": backends, "taskRouting": routing}
    proxy = configure(before)
    browser.open(f"{proxy.url}/config")
    open_machine(browser)
    browser.press("#backends [data-remove]")
    browser.until_told("dialog", "taken out of these routes: ocr")
    assert "goes where all other work goes: visual" in browser.text("dialog")
    browser.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    browser.until(lambda: not browser.all("dialog"), "the dialog closes")
    assert len(browser.all("#backends li")) == 2
    assert browser.text("#state") == ""
    browser.press("#backends [data-remove]")
    browser.press("dialog button.bad")
    browser.until_told("#state", "unsaved changes")
    save(browser)
    assert proxy.json("/api/config") == {
        "defaultBackend": "b",
        "backends": backends[1:],
        "taskRouting": {"ocr": ["b"]},
    }


def test_a_bad_address_is_told_as_it_is_typed_and_not_forbidden(
    browser: Browser, configure: Configure
) -> None:
    """It is tried without a press; the question before saving tells it again."""
    proxy = configure(TWO)
    browser.open(f"{proxy.url}/config#machine=b")
    browser.fill("Address", proxy.url)
    browser.until_told("#backends .tried", "proxy")
    told = browser.text("#backends .tried p")
    browser.fill("Address", "http://127.0.0.1:9")
    browser.until(
        lambda: browser.text("#backends .tried p") not in (told, "", "Trying…"),
        "the new one is told",
    )
    told = browser.text("#backends .tried p")
    browser.press("#save")
    browser.until_told("dialog .warnings", f"b: {told}")
    browser.press("dialog .primary")
    browser.until_told("#state", "Saved at")
    assert proxy.json("/api/config")["backends"][1]["url"] == "http://127.0.0.1:9"


def test_the_page_is_short_on_a_phone(browser: Browser, configure: Configure) -> None:
    """With three machines and three routes: at most 1,950 pixels at a width of 390."""
    names = ("gaming-pc", "mac-mini", "nas")
    saved = {
        "defaultBackend": ["mac-mini", "nas"],
        "backends": [
            {"name": name, "url": f"http://127.0.0.1:1/{name}"} for name in names
        ],
        "taskRouting": {
            "clip": ["gaming-pc", "mac-mini"],
            "facial-recognition": "gaming-pc",
            "ocr": "nas",
        },
    }
    proxy = configure(saved)
    resize(browser, 390, 844)
    browser.open(f"{proxy.url}/config")
    browser.until_told(".health", "Down")
    assert len(browser.all("[data-work]")) == 6
    assert browser.run("return document.documentElement.scrollHeight") <= 1950
    assert browser.run("return document.documentElement.scrollWidth") <= 390


def test_the_address_names_what_is_open(browser: Browser, configure: Configure) -> None:
    """Whoever is sent it sees the same; what is closed is named no more."""
    proxy = configure(TWO)
    url = f"{proxy.url}/config"
    browser.open(url)
    open_machine(browser, 2)
    assert browser.driver.current_url == f"{url}#machine=b"
    open_work(browser, "ocr")
    assert browser.driver.current_url == f"{url}#work=ocr"
    browser.press("[data-work=ocr] .opener")
    assert browser.driver.current_url == url
    for place, shown in (
        ("machine=b", "#backends [data-field=url]"),
        ("work=ocr", "[data-own]"),
        ("immich", "[data-field=apiKey]"),
        ("import", "dialog [type=file]"),
    ):
        browser.open("about:blank")
        browser.open(f"{url}#{place}")
        assert browser.find(shown)
