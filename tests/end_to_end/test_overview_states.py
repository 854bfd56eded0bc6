"""The overview in every state, in a real browser before a proxy that is made up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys

from tests.end_to_end.axe import violations
from tests.end_to_end.browser import Browser
from tests.end_to_end.drawn import prefer, resize
from tests.end_to_end.fake_proxy import FakeProxy, live, machine, overview, route

pytest_plugins = ["tests.end_to_end.browser_fixtures"]

VERDICT = "#verdict-text"
#: What is drawn for a width is drawn in the frame after it has changed.
_FRAMES = """
return new Promise((then) => requestAnimationFrame(() => requestAnimationFrame(then)));
"""
_FITS = """
const { scrollWidth, clientWidth } = document.documentElement;
return window.innerWidth === arguments[0] && scrollWidth === clientWidth;
"""
BEGAN = time.time()
ML = {
    "ok": True,
    "kind": "ml",
    "text": "An Immich ML server answers at http://gaming-pc:3003.",
    "url": "http://gaming-pc:3003",
    "correction": None,
    "version": None,
    "abilities": [],
    "took": 12,
    "samples": [],
}
IMMICH = {
    **ML,
    "ok": False,
    "kind": "immich",
    "text": "This is Immich itself, not its ML server.",
    "correction": "http://gaming-pc:3003",
}
ASLEEP = {**ML, "ok": False, "kind": "no-answer", "text": "Nothing answers there."}
SAMPLES = [
    {"kind": "search", "ok": True, "text": "512 numbers", "took": 41},
    {"kind": "ocr", "ok": False, "text": "it cannot do that", "took": 3},
]


def healthy(**more: Any) -> dict[str, Any]:
    """Three machines work."""
    work = {"limit": 8, "inFlight": 6, "rate": {"image": 5.9, "search": 0.1}}
    machines = [machine("gaming-pc", **work), machine("mac-mini"), machine("nas")]
    routes = [
        route("default", "nas", "mac-mini"),
        route("facial-recognition", "gaming-pc", "mac-mini"),
        route("clip", "gaming-pc", fallback=["nas", "mac-mini"]),
    ]
    return overview(*machines, routes=routes, **more)


def trouble() -> dict[str, Any]:
    """One machine is down and work is held for it, one works, one is put aside."""
    errors = {"count": 3, "since": BEGAN, "last": BEGAN, "why": "connection refused"}
    dead = machine(
        "gaming-pc",
        state="down",
        since=BEGAN - 180,
        why="connection refused",
        canWake=True,
        woken=BEGAN - 20,
        alone=80,
        perMinute={},
        rate={},
        search=None,
        errors=errors,
        beats="u" * 56 + "eddd",
    )
    works = machine("mac-mini", cannot=["ocr (PP-OCRv5_mobile)"], limitFound=False)
    aside = machine(
        "nas", state="drained", by="hand", rate={}, beats=" " * 6 + "u" * 39 + "a" * 15
    )
    held = {
        "kind": "faces",
        "waiting": 80,
        "held": 80,
        "oldest": BEGAN - 170,
        "givesUp": BEGAN + 1800,
        "for": ["gaming-pc"],
        "takers": ["mac-mini"],
        "task": "facial-recognition",
    }
    down = {"down": True, "holds": True, "to": {}, "waiting": [held]}
    kinds = {
        "clip": {
            "done": 5,
            "rate": 5.3,
            "left": 38800,
            "ends": BEGAN + 7000,
            "paused": False,
        },
        "faces": {"done": 5, "rate": 0, "left": 41000, "ends": None, "paused": False},
    }
    left = {
        "source": "immich",
        "asked": BEGAN,
        "error": None,
        "kinds": kinds,
        "slowest": "faces",
        "ends": None,
    }
    advice = {
        "machine": "gaming-pc",
        "kind": "clip",
        "idle": 0.6,
        "atOnce": 2,
        "raiseTo": 8,
        "text": "gaming-pc is idle 60 % of the time because Immich sends 2 at once; "
        "raise Smart Search concurrency to 8",
    }
    routes = [
        route("default", "mac-mini", "nas"),
        route("facial-recognition", "gaming-pc", **down),
    ]
    return overview(dead, works, aside, routes=routes, left=left, advice=[advice])


def empty() -> dict[str, Any]:
    """Just installed."""
    return overview(immich={"firstCall": None})


def uncalled() -> dict[str, Any]:
    """Immich has not called yet."""
    return healthy(immich={"firstCall": None})


STATES: dict[str, Callable[[], dict[str, Any]]] = {
    "healthy": healthy,
    "trouble": trouble,
    "empty": empty,
    "broken": lambda: overview(configError="backends: expected a list"),
}


@pytest.fixture(autouse=True)
def proxy() -> Iterator[FakeProxy]:
    """
    A proxy with three machines that work, until it is told otherwise.

    It is there before the browser, and gone after it.
    """
    started = FakeProxy()
    started.answers["/api/overview"] = live(healthy)
    started.answers["/api/debug/toggle"] = {}
    started.answers["/api/demo"] = {"demo": None}
    yield started
    started.stop()


def looks(browser: Browser) -> None:
    """See that nothing is found, wide and on a phone, where nothing sticks out."""
    for width, height in ((1280, 800), (380, 740)):
        resize(browser, width, height)
        browser.run(_FRAMES)
        browser.until(partial(browser.run, _FITS, width), f"it fits into {width}")
        assert violations(browser) == []


@pytest.mark.parametrize("state", STATES)
def test_everybody_can_use_it(
    browser: Browser, expected: list[str], proxy: FakeProxy, state: str
) -> None:
    """With everything opened; and what is greyed out once the proxy is gone."""
    expected.append("net::ERR_")
    proxy.answers["/api/overview"] = live(STATES[state])
    proxy.answers["/api/try"] = {**ML, "samples": SAMPLES}
    resize(browser, 1280, 800)
    browser.open(f"{proxy.url}/")
    browser.until(lambda: browser.text("#about"), "it is shown")
    browser.run(
        "for (const one of document.querySelectorAll('details')) one.open = true"
    )
    for button in browser.all("[aria-controls=why]"):
        browser.click(button)
    looks(browser)
    if browser.all("#machines .menu-button"):
        browser.press("#machines .menu-button")
        assert browser.text(".menu button").startswith("Drain") or state == "trouble"
        assert violations(browser) == []
        browser.press(".menu button:nth-of-type(4)")
        browser.until_told("dialog .samples", "Searches: 512 numbers (41 ms)")
        assert violations(browser) == []
        browser.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
        browser.until(lambda: not browser.all("dialog"), "it is closed")
    proxy.stop()
    browser.until_told(VERDICT, "The proxy cannot be reached.")
    looks(browser)


def test_everybody_can_use_what_is_told_in_the_corner(
    browser: Browser, expected: list[str], proxy: FakeProxy
) -> None:
    """What was done, with the way to undo it, and what failed, wide and on a phone."""
    expected.append("500")
    proxy.answers["/api/overview"] = live(trouble)
    done = {"text": "mac-mini does faces, too."}
    proxy.answers["/api/routes/facial-recognition"] = done
    proxy.answers["/api/wake"] = (500, {"error": "gaming-pc cannot be woken: no MAC."})
    browser.open(f"{proxy.url}/")
    for button, text, tone in (
        ("#verdict button:nth-of-type(2)", "mac-mini does faces, too.", "note"),
        ("#verdict button", "gaming-pc cannot be woken", "bad"),
    ):
        resize(browser, 1280, 800)
        browser.press(button)
        browser.until_told(f".toast[data-tone={tone}]", text)
        looks(browser)


def test_three_healthy_machines_need_no_scrolling(
    browser: Browser, proxy: FakeProxy
) -> None:
    """At 1280 by 800 all of it is seen at once, by day and by night."""
    resize(browser, 1280, 800)
    browser.open(f"{proxy.url}/")
    browser.until_told(VERDICT, "Working: 9.3 images/s; 3 of 3 in use.")
    browser.find("#plot canvas")
    for scheme in ("light", "dark"):
        prefer(browser, color_scheme=scheme)
        assert browser.run("return document.documentElement.scrollHeight") == 800
    assert browser.driver.title == "9.3 images/s – Immich ML Proxy"


def test_trouble_is_told_where_it_is_seen_first(
    browser: Browser, proxy: FakeProxy
) -> None:
    """The verdict, and what can be done, never need scrolling, wide or on a phone."""
    proxy.answers["/api/overview"] = live(trouble)
    resize(browser, 1280, 800)
    browser.open(f"{proxy.url}/")
    browser.until_told(VERDICT, "80 faces held, the oldest gives up in ")
    for width, height in ((1280, 800), (380, 740)):
        resize(browser, width, height)
        last = browser.all("#verdict button")[-1]
        assert last.rect["y"] + last.rect["height"] < height
        labels = [button.text for button in browser.all("#verdict button")]
        assert labels == ["Wake again", "Let mac-mini do faces", "Why?"]


def test_a_machine_is_woken(browser: Browser, proxy: FakeProxy) -> None:
    """What was done is told."""
    proxy.answers["/api/overview"] = live(trouble)
    proxy.answers["/api/wake"] = {"text": "gaming-pc was sent a wake-up call."}
    browser.open(f"{proxy.url}/")
    browser.find("#verdict button").click()
    browser.until_told(".toast", "gaming-pc was sent a wake-up call.")
    assert proxy.posted("/api/wake") == [{"machine": "gaming-pc"}]


def test_another_machine_takes_work_over(browser: Browser, proxy: FakeProxy) -> None:
    """It can be undone."""
    proxy.answers["/api/overview"] = live(trouble)
    path = "/api/routes/facial-recognition"
    proxy.answers[path] = {"text": "mac-mini does faces, too."}
    browser.open(f"{proxy.url}/")
    browser.find("#verdict button:nth-of-type(2)").click()
    browser.until_told(".toast", "mac-mini does faces, too.")
    browser.press("[data-undo]")
    undone = [{"add": "mac-mini"}, {"remove": "mac-mini"}]
    browser.until(lambda: proxy.posted(path) == undone, "it is undone")


def test_buttons_keep_the_focus_while_times_count(
    browser: Browser, proxy: FakeProxy
) -> None:
    """What is shown anew each second takes away nothing that somebody was about to."""
    proxy.answers["/api/overview"] = live(trouble)
    browser.open(f"{proxy.url}/")
    button = browser.find("#verdict button:nth-of-type(2)")
    browser.run("arguments[0].focus()", button)
    before = browser.text(VERDICT)
    browser.until(lambda: browser.text(VERDICT) != before, "it counts")
    assert browser.driver.switch_to.active_element == button


def test_a_proxy_that_is_gone_is_told_everywhere(
    browser: Browser, expected: list[str], proxy: FakeProxy
) -> None:
    """In the verdict, the title, the icon; and nothing else is claimed any more."""
    expected.append("net::ERR_")
    proxy.answers["/api/overview"] = live(trouble)
    browser.open(f"{proxy.url}/")
    browser.until_told(VERDICT, "gaming-pc is down")
    proxy.stop()
    browser.until_told(VERDICT, "The proxy cannot be reached. Is it running?")
    assert browser.driver.title == "The proxy is gone – Immich ML Proxy"
    assert "gaming-pc" not in browser.text("#verdict")
    assert browser.all("#verdict button") == []
    assert browser.find("#live").value_of_css_property("filter") == "grayscale(1)"
    icon = "return document.querySelector('[rel=icon]').getAttribute('href')"
    assert browser.run(icon) == "static/shared/icons/gone.svg"


def test_nothing_moves_when_the_proxy_is_gone(
    browser: Browser, expected: list[str], proxy: FakeProxy
) -> None:
    """Not even when the window gets another size: nobody knows what flows."""
    expected.append("net::ERR_")
    prefer(browser, reduced_motion="no-preference")
    proxy.answers["/api/overview"] = live(healthy)
    browser.open(f"{proxy.url}/")
    moves = ".flow [data-moves=true]"
    browser.until(lambda: browser.all(moves), "it moves")
    proxy.stop()
    browser.until(lambda: not browser.all(moves), "it stands still")
    resize(browser, 600, 800)
    browser.until(lambda: browser.all(".flow-narrow"), "it is drawn anew")
    assert not browser.all(moves)


def test_the_first_machine_is_tried_and_then_used(
    browser: Browser, proxy: FakeProxy
) -> None:
    """What was typed wrongly has its correction offered; then Immich is waited for."""
    proxy.answers["/api/overview"] = live(empty)
    none = {"defaultBackend": "", "backends": [], "taskRouting": {}}

    def configure(saved: Any) -> Any:
        if saved:
            proxy.answers["/api/overview"] = live(uncalled)
        return saved or none

    proxy.answers["/api/config"] = configure
    answers = {"gaming-pc:2283": IMMICH, "http://gaming-pc:3003": ML}
    proxy.answers["/api/try"] = lambda body: answers[body["url"]]
    browser.open(f"{proxy.url}/")
    assert browser.find("#first-address").accessible_name == "Address of your ML server"
    browser.find("#first-address").send_keys("gaming-pc:2283\n")
    browser.until_told("#first .tried", "This is Immich itself")
    assert "Use this machine" not in browser.text("#first")
    browser.press("[data-correction]")
    browser.until_told("#first .tried", "An Immich ML server answers")
    browser.press("#first p .primary")
    browser.until_told(VERDICT, "Working")
    browser.until(lambda: not browser.all("#first"), "the first step is done")
    assert proxy.posted("/api/config") == [
        {
            "defaultBackend": "gaming-pc",
            "backends": [{"name": "gaming-pc", "url": "http://gaming-pc:3003"}],
            "taskRouting": {},
        }
    ]
    browser.until_told("#first-call", "Waiting for Immich’s first call…")
    proxy.answers["/api/overview"] = live(healthy)
    browser.until(lambda: not browser.all("#first-call"), "what is done is folded")
    assert browser.find("#immich summary").text == "Tell Immich"


def test_a_machine_that_sleeps_can_be_used_all_the_same(
    browser: Browser, proxy: FakeProxy
) -> None:
    """Only because nothing answers now, the address need not be wrong."""
    proxy.answers["/api/overview"] = live(empty)
    proxy.answers["/api/try"] = ASLEEP
    browser.open(f"{proxy.url}/")
    browser.find("#first-address").send_keys("gaming-pc:3003\n")
    browser.until_told("#first .tried", "Nothing answers there.")
    assert browser.text("#first > p") == "Use it anyway"


def test_photos_still_to_do_are_counted_down(
    browser: Browser, proxy: FakeProxy
) -> None:
    """What was typed is kept in the browser, and goes down by what is done."""
    started = BEGAN - 500

    def counting(done: int) -> dict[str, Any]:
        kind = {"done": done, "rate": 2.0, "left": None, "ends": None, "paused": False}
        left = {**overview()["left"], "kinds": {"clip": kind}}
        about = {"version": "1.0", "started": started, "config": 1}
        return healthy(left=left, proxy=about)

    proxy.answers["/api/overview"] = live(lambda: counting(100))
    browser.open(f"{proxy.url}/")
    browser.fill("Photos still to do", "1000\n")
    browser.until_told("#left .sum", "About 8 min left")
    proxy.answers["/api/overview"] = live(lambda: counting(900))
    browser.until_told("#left", "200 pictures left, 2/s")
    browser.open(f"{proxy.url}/")
    browser.until_told("#left", "200 pictures left, 2/s")
    assert browser.text("#left .sum").startswith("About 1 min left")


def test_an_address_is_tried_before_it_is_saved(
    browser: Browser, proxy: FakeProxy
) -> None:
    """On the configuration page, at the machine; the correction fills the field."""
    saved = {"name": "gaming-pc", "url": "http://gaming-pc:2283"}
    proxy.answers["/api/config"] = {
        "defaultBackend": "gaming-pc",
        "backends": [saved],
        "taskRouting": {},
    }
    proxy.answers["/api/config/check"] = {"ok": True}
    proxy.answers["/api/health"] = {}
    proxy.answers["/api/status"] = {"configError": None}
    answers = {"http://gaming-pc:2283": IMMICH, "http://gaming-pc:3003": ML}
    proxy.answers["/api/try"] = lambda body: answers[body["url"]]
    browser.open(f"{proxy.url}/config#machine=gaming-pc")
    button = browser.find("[data-try]")
    assert button.accessible_name == "Try gaming-pc"
    browser.click(button)
    browser.until_told("#backends .tried", "This is Immich itself")
    assert violations(browser) == []
    browser.press("[data-correction]")
    browser.until_told("#backends .tried", "An Immich ML server answers")
    assert browser.field("Address").get_attribute("value") == "http://gaming-pc:3003"
    browser.until_told("#state", "1 unsaved change")
