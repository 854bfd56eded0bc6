"""The overview, in a real browser before the real proxy."""

from __future__ import annotations

import threading
import time
import urllib.request
from datetime import datetime, timedelta

from selenium.webdriver.common.keys import Keys

from tests.end_to_end.asks import Ask
from tests.end_to_end.browser import Browser
from tests.end_to_end.drawn import resize
from tests.end_to_end.fleet import Fleet
from tests.end_to_end.load import Load
from tests.end_to_end.one_proxy import NOTHING, Configure
from tests.end_to_end.processes import config_for, until
from tests.end_to_end.test_failures import SEARCH, form, predict
from tests.end_to_end.test_import import StartProxy, StartServer
from tests.end_to_end.test_scheduling import OCR, numbers, send
from tests.end_to_end.test_scheduling_page import PLAIN
from tests.pictures import jpeg

pytest_plugins = ["tests.end_to_end.browser_fixtures"]

VERDICT = "#verdict-text"
STATE = "#machines .badge"


def predicts(browser: Browser) -> int:
    """Return how many requests are shown."""
    return len(browser.all("#lines .line"))


def choose(browser: Browser, label: str) -> None:
    """Choose from the menu of the first machine, with the keyboard."""
    browser.find("#machines .menu-button").send_keys(Keys.ENTER)
    opened = "return document.activeElement.closest('.menu') !== null"
    browser.until(lambda: browser.run(opened), "the menu has the focus")

    def is_focused() -> bool:
        return browser.driver.switch_to.active_element.text.startswith(label)

    for _ in range(8):
        if is_focused():
            break
        browser.driver.switch_to.active_element.send_keys(Keys.TAB)
    assert is_focused()
    browser.driver.switch_to.active_element.send_keys(Keys.ENTER)


def test_a_machine_is_drained_disabled_and_used_again_with_the_keyboard(
    browser: Browser, fleet: Fleet
) -> None:
    """Each is in force at once, is saved, is told, and can be undone."""
    name = "gpu/1 ü?"
    fleet.play({name: "v2"})
    proxy = fleet.proxy
    browser.open(f"{proxy.url}/")
    browser.until_told(STATE, "Up")
    for label, state, shown in (
        ("Drain", "drain", "Drained"),
        ("Disable", "disabled", "Disabled"),
        ("Use again", "enabled", "Up"),
        ("Drain", "drain", "Drained"),
    ):
        choose(browser, label)
        browser.until_told(STATE, shown)
        assert numbers(proxy, name)["state"] == state
        assert proxy.json("/api/config")["backends"][0]["state"] == state
        assert name in browser.text(".toast")
    browser.press(".toast [data-undo]")
    browser.until_told(STATE, "Up")
    assert numbers(proxy, name)["state"] == "enabled"


def test_a_machine_is_disabled_for_a_game(browser: Browser, fleet: Fleet) -> None:
    """For two hours; the end is told in words, it is no trouble, and can be undone."""
    fleet.play({"gpu": "v2", "nas": "v2"})
    proxy = fleet.proxy
    browser.open(f"{proxy.url}/")
    browser.until_told(VERDICT, "2 of 2 in use")
    choose(browser, "Disable for 2 h")
    browser.until_told(VERDICT, "1 of 1 in use; gpu is disabled by you until")
    assert browser.find("#verdict").get_attribute("data-tone") == "good"
    browser.until_told("#machines .state", "by you until")
    assert browser.text(".toast").startswith("gpu is disabled")
    until = numbers(proxy, "gpu")["disabledUntil"]
    assert abs(until - time.time() - 7200) < 60
    browser.press(".toast [data-undo]")
    browser.until_told(VERDICT, "2 of 2 in use")
    assert numbers(proxy, "gpu")["disabledUntil"] is None


def test_a_machine_that_is_off_by_its_window_is_no_trouble(
    browser: Browser, fleet: Fleet
) -> None:
    """It is told until when; and one that rests, that it does."""
    fleet.play({"gpu": "v2", "nas": "v2"})
    config = fleet.proxy.json("/api/config")
    begin = datetime.now() + timedelta(hours=2)
    end = datetime.now() + timedelta(hours=3)
    config["backends"][0]["windows"] = [f"{begin:%H:%M}-{end:%H:%M}"]
    config["backends"][1]["pings"] = "on demand"
    fleet.configure(config)
    browser.open(f"{fleet.proxy.url}/")
    browser.until_told(VERDICT, "1 of 1 in use; gpu is off until")
    assert browser.find("#verdict").get_attribute("data-tone") == "good"
    states = [one.text for one in browser.all("#machines .state")]
    assert states[0].startswith("Off")
    assert states[0].endswith("by its window")
    assert states[1].startswith("Resting")
    browser.press("#machines .menu-button")
    labels = [one.text for one in browser.all(".menu button")]
    assert not any(label.startswith("Use again") for label in labels)


def test_a_state_that_is_set_elsewhere_is_shown(browser: Browser, fleet: Fleet) -> None:
    """A machine that was put aside on purpose is no trouble."""
    fleet.play({"gpu": "v2", "nas": "v2"})
    proxy = fleet.proxy
    browser.open(f"{proxy.url}/")
    browser.until_told(VERDICT, "2 of 2 in use")
    assert proxy.post("/api/backends/nas", {"state": "drain"})[0] == 200
    browser.until_told(VERDICT, "1 of 1 in use; nas is drained by you since")
    assert browser.find("#verdict").get_attribute("data-tone") == "good"


def test_what_cannot_be_done_is_told(
    browser: Browser, expected: list[str], start_proxy: StartProxy
) -> None:
    """With the reason, in the corner."""
    expected.append("ERR_CONNECTION_REFUSED")
    proxy = start_proxy(None)
    assert proxy.post("/api/config", PLAIN)[0] == 200
    browser.open(f"{proxy.url}/")
    browser.find(STATE)
    browser.press("#machines .menu-button")
    browser.find(".menu button")
    proxy.kill()
    browser.press(".menu button")
    browser.until_told(".toast[data-tone=bad]", "The proxy cannot be reached.")


def test_what_a_machine_does_is_counted(browser: Browser, fleet: Fleet) -> None:
    """What it did in the last minute, and how long it took."""
    fleet.play({"gpu": "v2"})
    resize(browser, 1280)
    browser.open(f"{fleet.proxy.url}/")
    done = "#machines td[data-label='Done per minute']"
    browser.until_told(done, "0")
    for _ in range(2):
        assert predict(fleet.proxy, form(SEARCH, text="a dog"))[0] == 200
    browser.until_told(done, "2")
    browser.until_told("#machines td[data-label^=Searches]", "ms")
    assert browser.text("#machines td[data-label^=Images]") == "–"


def test_the_verdict_tells_what_is_held(
    browser: Browser, start_server: StartServer, start_proxy: StartProxy
) -> None:
    """How much, how long still, and for whom; it goes when the work is done."""
    server = start_server("gpu")
    default = {"backends": ["gpu"], "holdSeconds": 200}
    proxy = start_proxy(config_for(server, defaultBackend=default))
    browser.open(f"{proxy.url}/")
    browser.until_told(VERDICT, "1 of 1 in use")
    server.kill()
    proxy.await_health("gpu", "unhealthy")
    body = form(SEARCH, text="a dog")
    asking = [threading.Thread(target=predict, args=(proxy, body)) for _ in range(2)]
    for thread in asking:
        thread.start()
    browser.until_told(VERDICT, "2 searches held, the oldest gives up in 3:")
    assert browser.text(VERDICT).startswith("gpu is down for ")
    assert browser.driver.title.startswith("gpu down, 2 held – ")
    icon = browser.run("return document.querySelector('[rel=icon]').href")
    assert str(icon).endswith("/bad.svg")
    browser.press("#verdict [aria-controls=why]")
    browser.until_told("#why", "connection refused")
    server.restart()
    for thread in asking:
        thread.join()
    browser.until_told(VERDICT, "1 of 1 in use")
    assert browser.all("#why") == []


def test_what_waits_for_a_place_is_no_trouble(
    browser: Browser, start_server: StartServer, start_proxy: StartProxy
) -> None:
    """The machine tells how much it has of what it may have, and what waits for it."""
    server = start_server("gpu", 600.0, 64)
    config = config_for(server, healthCheckInterval=600)
    config["backends"][0]["maxConcurrent"] = 2
    proxy = start_proxy(config)
    body = form(SEARCH, text="a dog")
    for _ in range(3):
        threading.Thread(target=send, args=(proxy, body), daemon=True).start()
    until(lambda: numbers(proxy, "gpu")["waiting"] == 1, "one waits")
    browser.open(f"{proxy.url}/")
    browser.until_told("#machines td[data-label='Under way']", "2 of 2")
    browser.until_told("#machines td[data-label='Waiting for it alone']", "1")
    assert browser.all("#verdict[data-tone=bad]") == []


def test_what_a_machine_cannot_do_is_shown(browser: Browser, fleet: Fleet) -> None:
    """As soon as it is known, beside its name; it is none the worse for it."""
    fleet.play({"small": "kepler", "nas": "v2"})
    browser.open(f"{fleet.proxy.url}/")
    browser.until_told(VERDICT, "2 of 2 in use")
    assert browser.all("#machines .notes") == []
    fleet.serve([Ask(OCR, jpeg(1, 64, 48))] * 2)
    browser.until_told("#machines .notes", "Cannot do: ocr (PP-OCRv5_mobile)")
    assert len(browser.all("#machines .notes")) == 1


def test_requests_are_recorded_when_somebody_wants_to_see_them(
    browser: Browser, start_server: StartServer, start_proxy: StartProxy
) -> None:
    """One press, and the records of that machine are shown as they come."""
    gpu, nas = start_server("gpu"), start_server("nas")
    more = {"defaultBackend": "gpu", "taskRouting": {"ocr": "nas"}}
    proxy = start_proxy(config_for(gpu, nas, healthCheckInterval=600, **more))
    browser.open(f"{proxy.url}/")
    browser.until_told(VERDICT, "2 of 2 in use")
    browser.press("#flow a[href='debug#machine=gpu']")
    browser.press("dialog .primary")
    browser.until_told("#narrowed", "Only requests that went to gpu.")
    assert proxy.json("/api/debug/status")["enabled"]
    assert predict(proxy, form(SEARCH, text="a dog"))[0] == 200
    assert predict(proxy, form(OCR, image=jpeg(1, 64, 48)))[0] == 200
    browser.until(lambda: predicts(browser) == 1, "that one shows")
    browser.run("location.hash = 'route=ocr'")
    browser.until_told("#narrowed", "by the route ocr.")
    browser.until(lambda: predicts(browser) == 1, "that one shows")
    browser.press("#narrowed a")
    browser.until(lambda: predicts(browser) == 2, "all show")


def test_from_nothing_to_the_first_search(
    browser: Browser, start_server: StartServer, start_proxy: StartProxy
) -> None:
    """An address is tried and used, Immich's first call is seen, a test succeeds."""
    server = start_server("gpu")
    proxy = start_proxy(None)
    resize(browser, 1280)
    browser.open(f"{proxy.url}/")
    browser.until_told(VERDICT, "No machine yet")
    browser.find("#first-address").send_keys(server.url.removeprefix("http://"))
    browser.press("#first-try")
    browser.until_told("#first .tried[data-tone=good]", "ML server")
    browser.press("#first p .primary")
    browser.until_told(
        VERDICT, "Ready; waiting for Immich’s first call; 1 of 1 in use."
    )
    [saved] = proxy.json("/api/config")["backends"]
    assert saved == {"name": "this-machine", "url": server.url}
    browser.until_told("#first-call", "Waiting for Immich’s first call…")
    asked = urllib.request.Request(f"{proxy.url}/ping", None, {"User-Agent": "node"})
    assert proxy.ask(asked) == (200, b"pong")
    browser.until(lambda: not browser.all("#first-call"), "what is done is folded")
    browser.press("#immich summary")
    browser.until_told("#first-call", "Immich’s first call was seen at")
    choose(browser, "Test")
    browser.until_told("dialog .samples", "Searches:")
    kinds = [line.get_attribute("data-ok") for line in browser.all("dialog li")]
    assert kinds == ["true"] * 4


def test_an_address_that_is_wrong_is_not_used(
    browser: Browser, configure: Configure
) -> None:
    """What answers there is named, and what is to be done."""
    proxy = configure(NOTHING)
    browser.open(f"{proxy.url}/")
    browser.find("#first-address").send_keys(proxy.url)
    browser.press("#first-try")
    browser.until_told("#first .tried[data-tone=bad]", "this proxy itself")
    assert browser.all("#first > p button") == []


def test_work_is_drawn_as_it_comes(
    browser: Browser, start_server: StartServer, start_proxy: StartProxy
) -> None:
    """What goes where and how fast, of a minute or a day, without reloading."""
    proxy = start_proxy(config_for(start_server("gpu", 0.1)))
    resize(browser, 1280)
    browser.open(f"{proxy.url}/")
    browser.until_told("#flow [href='debug#machine=gpu']", "0 images/s · 0 % of all")
    browser.until_told(".plot-legend", "searches (95 %) –")
    with Load(proxy, 1):
        browser.until_told("#flow [href='debug#machine=gpu']", "searches/s · 100 %")
        browser.until(lambda: browser.all("#flow [data-busy=true]"), "a line is busy")
        browser.until_told(".plot-legend", " ms")
        browser.press("#plot [data-range='24h']")
        browser.find("#plot [data-range='24h'][aria-pressed=true]")
        browser.until_told(".plot-legend", " ms")
        browser.press("#plot [data-range='15m']")
        browser.find("#plot [data-range='15m'][aria-pressed=true]")
