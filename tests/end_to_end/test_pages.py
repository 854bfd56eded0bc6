"""What all pages have in common, in a real browser before the real proxy."""

from __future__ import annotations

import urllib.request
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from tests.end_to_end.axe import violations
from tests.end_to_end.browser import Browser
from tests.end_to_end.drawn import resize
from tests.end_to_end.processes import config_for
from tests.end_to_end.test_config_page import confirm, save
from tests.end_to_end.test_failures import SEARCH, form, predict
from tests.end_to_end.test_import import StartProxy, StartServer

pytest_plugins = ["tests.end_to_end.browser_fixtures"]

HOSTILE = "<img src=x onerror=\"document.title='run'\">'&quot;"


def test_health_is_shown_live(
    browser: Browser, start_server: StartServer, start_proxy: StartProxy
) -> None:
    """A machine's death is told with the reason and the time, and its return too."""
    gpu = start_server("gpu")
    proxy = start_proxy(config_for(gpu))
    resize(browser, 380)
    for page, where, well, gone in (
        ("/", "#machines tbody tr", "Up", "connection refused"),
        ("/config", ".health", "Up checked", "Down: connection refused"),
    ):
        browser.open(proxy.url + page)
        browser.until_told(where, well)
        gpu.kill()
        browser.until_told(where, gone)
        gpu.restart()
        browser.until_told(where, well)


def test_records_are_found_by_the_trace_that_an_answer_names(
    browser: Browser, start_proxy: StartProxy
) -> None:
    """Its id can be pasted, and a request leads to all of its trace."""
    proxy = start_proxy(None, "--debug")
    resize(browser, 1280)
    for trace in ("first", "second"):
        proxy.ask(
            urllib.request.Request(f"{proxy.url}/ping", None, {"X-Request-ID": trace})
        )
    browser.open(f"{proxy.url}/debug#pings=1")
    browser.until(lambda: len(browser.all("[data-record-id]")) == 2, "both show")
    browser.find("#text").send_keys(" second ")
    browser.until(lambda: len(browser.all("[data-record-id]")) == 1, "one shows")
    browser.press("#text")
    browser.press("[data-record-id] a")
    browser.press("#detail td a")
    browser.until_told("#narrowed", "Only requests that are of the trace second.")
    assert browser.driver.current_url == f"{proxy.url}/debug#trace=second&pings=1"
    browser.until(lambda: len(browser.all("[data-record-id]")) == 1, "one shows")


def test_the_overview_tells_the_address_for_immich(
    browser: Browser, start_proxy: StartProxy
) -> None:
    """It is the address under which the page itself was found."""
    proxy = start_proxy(None)
    browser.open(f"{proxy.url}/")
    browser.until_told("#verdict-text", "No machine yet")
    assert browser.find("#address").get_attribute("value") == proxy.url
    browser.press("#copy")
    browser.until_told("#copied", "Copied")
    for page in ("config", "debug", "./"):
        browser.press(f"nav a[href='{page}']")
        assert browser.find("nav a[aria-current]").get_attribute("href") == (
            f"{proxy.url}/{page.removeprefix('./')}"
        )


def test_hostile_text_is_only_ever_text(
    browser: Browser, start_proxy: StartProxy
) -> None:
    """A name, a routing key or a request that holds HTML is shown as it is written."""
    proxy = start_proxy(None, "--debug")
    hostile = {"name": HOSTILE, "url": "http://127.0.0.1:1"}
    routing = {HOSTILE: [HOSTILE]}
    saved = {"defaultBackend": HOSTILE, "backends": [hostile], "taskRouting": routing}
    assert proxy.post("/api/config", saved)[0] == 200
    headers = {"X-Request-ID": "<script>", "X-<b>": HOSTILE}
    asked = urllib.request.Request(f"{proxy.url}/ping?{'<img%20src=x>'}", None, headers)
    proxy.ask(asked)

    def is_harmless() -> bool:
        made = browser.driver.find_elements("css selector", "body :is(img, script, b)")
        assert [one.get_attribute("outerHTML") for one in made] == []
        return browser.driver.title != "run"

    browser.open(f"{proxy.url}/")
    browser.until_told("#machines .who", HOSTILE)
    browser.press("#machines .menu-button")
    browser.find(".menu button")
    assert is_harmless()
    browser.open(f"{proxy.url}/config")
    browser.until_told("#work-table thead span", HOSTILE)
    browser.press("#backends .opener")
    assert browser.field("Name").get_attribute("value") == HOSTILE
    for opener in browser.all("#work-table .opener"):
        browser.click(opener)
    assert HOSTILE in browser.text("#work .order")
    browser.press("#backends [data-remove]")
    assert HOSTILE in browser.text("dialog")
    assert is_harmless()
    browser.open(f"{proxy.url}/debug#pings=1")
    browser.press("#lines [data-record-id] a")
    browser.find(".waterfall, #detail h3")
    browser.run(
        "detail.querySelectorAll('.fold').forEach((one) => { one.open = true })"
    )
    browser.until_told("#detail", HOSTILE)
    assert is_harmless()


def test_a_broken_configuration_file_is_told_until_one_is_saved(
    browser: Browser, tmp_path: Path, start_proxy: StartProxy
) -> None:
    """The pages say what is wrong with it, and saving a new one mends it."""
    (tmp_path / "config.json").write_text('{"backends": 7}')
    proxy = start_proxy(None)
    browser.open(f"{proxy.url}/")
    browser.until_told("#verdict-text", "The configuration file cannot be used")
    browser.press("#verdict [aria-controls=why]")
    browser.until_told("#why", "backends: must be a list")
    browser.press("#verdict a.button")
    browser.until_told("#broken", "backends: must be a list")
    browser.press("#add-backend")
    browser.fill("Name", "a")
    browser.fill("Address", "http://127.0.0.1:1")
    confirm(browser)
    browser.until(lambda: not browser.all("#broken"), "the banner goes")


@pytest.mark.parametrize("page", ["/config", "/debug"])
def test_a_proxy_that_is_gone_is_told(
    browser: Browser, expected: list[str], start_proxy: StartProxy, page: str
) -> None:
    """The page says so in words."""
    expected.append("net::ERR_")  # of whatever was on its way
    proxy = start_proxy(None)
    browser.open(proxy.url + page)
    browser.find("h1")
    proxy.kill()
    browser.until_told("#connection", "The proxy cannot be reached. Is it running?")


def nameless_controls(browser: Browser) -> list[str | None]:
    """Return the controls that are shown without a name."""
    controls = browser.all("main input, main select, main button, main a")
    assert controls
    return [
        control.get_attribute("outerHTML")
        for control in controls
        if not control.accessible_name
    ]


def test_pages_can_be_used_by_all_and_on_a_phone(
    browser: Browser, start_server: StartServer, start_proxy: StartProxy
) -> None:
    """Every control has a name, and at a width of 360 pixels nothing sticks out."""
    server = start_server("a-backend-with-a-name-that-goes-on-and-on-and-on-and-on")
    routing = {"facial-recognition/detection-and-more": server.name}
    proxy = start_proxy(config_for(server, taskRouting=routing), "--debug")
    assert predict(proxy, form(SEARCH, text="a dog"))[0] == 200
    metrics = {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    shown = {"/": "#machines tr", "/config": "[data-work]", "/debug": ".line"}
    for page, selector in shown.items():
        browser.open(proxy.url + page)
        browser.find(selector)
        assert nameless_controls(browser) == []
        if page == "/debug":  # on a phone the details take the place of the list
            browser.press(".line")
            browser.find(".waterfall")
            assert nameless_controls(browser) == []
        width = browser.run("return document.documentElement.scrollWidth")
        assert (page, width) == (page, 360)


def test_everybody_can_use_the_pages(
    browser: Browser, start_server: StartServer, start_proxy: StartProxy
) -> None:
    """With everything opened, on a phone as well, axe-core finds nothing."""
    routing = {"clip/textual": {"backends": ["nas"], "holdSeconds": 20}, "ocr": "nas"}
    servers = start_server("gpu"), start_server("nas")
    proxy = start_proxy(config_for(*servers, taskRouting=routing), "--debug")
    assert predict(proxy, form(SEARCH, text="a dog"))[0] == 200
    shown = {"/help": "h1", "/debug": ".line", "/config": ".health"}
    for page, selector in shown.items():
        resize(browser, 1280)
        browser.open(proxy.url + page)
        browser.find(selector)
        # At once: the page may show its lines anew between two of them.
        browser.run(
            "for (const one of document.querySelectorAll("
            "'summary, .line, #backends [aria-expanded=false]')) one.click()"
        )
        if page == "/debug":
            browser.find(".waterfall")
        assert (page, violations(browser)) == (page, [])
        resize(browser, 380)
        assert (page, violations(browser)) == (page, [])
    # The configuration page has more to open.
    for work in ("ocr", "facial-recognition", "default"):
        browser.press(f'[data-work="{work}"] .opener')
        browser.run(
            "for (const one of document.querySelectorAll("
            "'#work details:not([open]) summary')) one.click()"
        )
        assert violations(browser) == []
    browser.press("#backends [data-remove]")
    assert browser.text("dialog")
    assert violations(browser) == []


def test_who_uses_the_keyboard_can_skip_to_the_content(
    browser: Browser, start_proxy: StartProxy
) -> None:
    """The first press of Tab offers it; on the debug page, the filters stay."""
    proxy = start_proxy(None)
    browser.open(f"{proxy.url}/debug#trace=a")
    browser.until_told("#narrowed", "Only requests that are of the trace a")
    body = browser.find("body")
    body.send_keys(Keys.TAB)
    skip = browser.driver.switch_to.active_element
    assert skip.text == "Skip to the content"
    skip.send_keys(Keys.ENTER)
    assert browser.driver.switch_to.active_element.get_attribute("id") == "main"
    assert browser.driver.current_url.endswith("/debug#trace=a")


def test_immichs_key_is_kept_and_not_shown_again(
    browser: Browser,
    expected: list[str],
    tmp_path: Path,
    start_server: StartServer,
    start_proxy: StartProxy,
) -> None:
    """It can be typed, is kept by a later save, and can be taken out."""
    expected.append("400 (Bad Request)")  # of what is half typed
    proxy = start_proxy(config_for(start_server("gpu"), healthCheckInterval=600))
    browser.open(f"{proxy.url}/config#immich")
    browser.fill("Immich’s address", "127.0.0.1:1")
    browser.fill("Immich’s API key", "secret")
    save(browser)
    assert browser.field("Immich’s API key").get_attribute("value") == "***"
    assert "secret" in (tmp_path / "config.json").read_text()
    browser.fill("Immich’s address", "http://127.0.0.1:2")
    browser.until_told("#state", "1 unsaved change")
    save(browser)  # so that the page has shown its fields anew
    assert "127.0.0.1:2" in proxy.config.read_text()
    assert "secret" in (tmp_path / "config.json").read_text()
    browser.fill("Immich’s address", "")
    browser.fill("Immich’s API key", "")
    confirm(browser)
    browser.until(lambda: "secret" not in proxy.config.read_text(), "it is forgotten")
