"""The configuration page in every state, for everybody, and before hostile texts."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.end_to_end.axe import violations
from tests.end_to_end.browser import Browser
from tests.end_to_end.drawn import resize
from tests.end_to_end.fake_proxy import FakeProxy
from tests.end_to_end.test_config_page import cell, open_settings

pytest_plugins = ["tests.end_to_end.browser_fixtures"]

HOSTILE = "<img src=x onerror=\"document.title='run'\">'&quot;"

DOCUMENT: dict[str, Any] = {
    "defaultBackend": ["gpu", "nas"],
    "backends": [
        {"name": "gpu", "url": "http://gpu:3003", "headers": {"X-Key": "***"}},
        {"name": "nas", "url": "http://nas:3003", "newer": {"field": 1}},
    ],
    "taskRouting": {
        "ocr": {"backends": ["gpu"], "newer": 1},
        "detection": "nas",
        "cilp": ["gpu", "gone"],
    },
    "notify": [{"url": "https://ntfy.sh/***", "format": "ntfy", "events": ["down"]}],
    "newer": [1],
}
DOUBT = "no task of Immich's; did you mean clip?"
TRIED = {
    "ok": False,
    "kind": "immich",
    "text": "This is Immich itself, not its ML server.",
    "url": "http://gpu:2283",
    "correction": "http://gpu:3003",
    "version": None,
    "abilities": [],
    "took": 3,
    "samples": [],
}


@pytest.fixture(autouse=True)
def proxy() -> Iterator[FakeProxy]:
    """
    A proxy with all there can be in a configuration.

    It is there before the browser, and gone after it.
    """
    fake = FakeProxy()
    fake.version = "one"
    fake.answers = {
        "/api/config": lambda _body: DOCUMENT,
        "/api/config/check": {
            "ok": True,
            "warnings": [f"cilp: {DOUBT}"],
            "warningsAt": [{"path": "taskRouting.cilp", "text": DOUBT}],
        },
        "/api/config/undo": DOCUMENT,
        "/api/demo": {"demo": None},
        "/api/health": {
            "gpu": {"status": "healthy", "lastCheck": 1735278000, "error": ""},
            "nas": {"status": "unhealthy", "lastCheck": 1735278000, "error": "refused"},
        },
        "/api/notify/test": {"ok": False, "status": 403, "text": "It answered 403."},
        "/api/status": {
            "configError": "config.json: backends: must be a list",
            "configWarnings": ["backends[0].url: /ping was cut off"],
            "undo": {"savedBy": "192.168.1.7", "savedAt": time.time()},
        },
        "/api/try": TRIED,
    }
    yield fake
    fake.stop()


def open_all(browser: Browser) -> None:
    """Show every field but those of the rows of the table."""
    browser.find("[data-work]")
    open_settings(browser)
    browser.run(
        "for (const one of document.querySelectorAll("
        "'#backends .opener[aria-expanded=false], details:not([open]) > summary'"
        ")) one.click()"
    )


def nothing_typed(browser: Browser, proxy: FakeProxy) -> None:
    """All there is to see, opened."""
    open_all(browser)
    browser.until_told("[data-work=cilp] .warning", "did you mean clip?")
    browser.find("#undo")


def tried(browser: Browser, proxy: FakeProxy) -> None:
    """An address that is wrong, a message that did not arrive, a refusal."""
    open_all(browser)
    browser.fill("Address", "http://nas:2283", "#backends")
    browser.until_told("#backends .tried", "This is Immich itself")
    browser.press("[data-test]")
    browser.until_told("#notify .tried", "It answered 403.")
    refusal = {"error": "backends[1].url: must be better", "path": "backends[1].url"}
    proxy.answers["/api/config/check"] = (400, refusal)
    browser.press("#save")
    browser.until_told("#problem", "must be better")


def take_nas_in(browser: Browser) -> None:
    """Press its cell, once the doubt is there that moves what stands around it."""
    browser.until_told("[data-work=cilp] .warning", "did you mean clip?")
    browser.press(cell("cilp", "nas"))


def before_a_save(browser: Browser, proxy: FakeProxy) -> None:
    """The question what is to be saved."""
    take_nas_in(browser)
    browser.press("#save")
    browser.until_told("dialog .changes", "cilp: gpu, gone → gpu, gone, nas")
    browser.until_told("dialog .warnings", "did you mean clip?")


def contradicted(browser: Browser, proxy: FakeProxy) -> None:
    """Both values side by side, and what somebody else has saved."""
    theirs = copy.deepcopy(DOCUMENT)
    theirs["taskRouting"]["cilp"] = ["nas"]
    theirs["pingTimeout"] = 3

    def saved(body: Any) -> Any:
        if body is None:
            return theirs
        told = {"error": "somebody else has changed it", "conflicts": []}
        return 412, {**told, "current": theirs, "version": "two"}

    take_nas_in(browser)
    proxy.answers["/api/config"] = saved
    proxy.version = "two"
    browser.until_told("#elsewhere", "Patience with a health check: 1.5 s → 3 s")
    browser.press("#save")
    browser.press("dialog .primary")
    browser.until_told("dialog .conflict", "Theirs")


def import_asked(browser: Browser, proxy: FakeProxy) -> None:
    """The dialog that takes a file."""
    browser.press("#tools .menu-button")
    browser.press(".menu button")
    browser.find("dialog [type=file]")


def rows_opened(browser: Browser, proxy: FakeProxy) -> None:
    """A row with all its fields; the others are told by their links."""
    browser.press("[data-work=ocr] .opener")
    browser.until_told("#work", "is decided by the row detection")
    browser.press("[data-work=cilp] .opener")
    browser.press("#work summary")


def read_only(browser: Browser, proxy: FakeProxy) -> None:
    """A configuration that cannot be saved."""
    proxy.answers["/api/status"] = {
        "configError": None,
        "readOnly": "Read only: told so.",
    }
    browser.until_told("#read-only", "Read only: told so.")


STATES = [
    nothing_typed,
    tried,
    before_a_save,
    contradicted,
    import_asked,
    rows_opened,
    read_only,
]


@pytest.mark.parametrize("state", STATES)
def test_everybody_can_use_every_state(
    browser: Browser,
    expected: list[str],
    proxy: FakeProxy,
    state: Callable[[Browser, FakeProxy], None],
) -> None:
    """Wide and on a phone axe-core finds nothing; nothing sticks out."""
    expected += ["400 (Bad Request)", "412 (Precondition Failed)"]
    resize(browser, 1280)
    browser.open(f"{proxy.url}/config")
    browser.find("[data-work]")
    state(browser, proxy)
    assert violations(browser) == []
    resize(browser, 390)
    assert violations(browser) == []
    assert browser.run("return document.documentElement.scrollWidth") <= 390


def test_what_cannot_be_saved_is_not_offered(
    browser: Browser, proxy: FakeProxy
) -> None:
    """The page says why, and neither the button nor Enter saves."""
    browser.open(f"{proxy.url}/config#machine=gpu")
    read_only(browser, proxy)
    assert not browser.find("#save").is_enabled()
    assert browser.all("#undo") == []
    browser.fill("Name", "other")
    browser.run("document.getElementById('form').requestSubmit()")
    assert browser.all("dialog") == []
    assert proxy.posted("/api/config") == []


def test_who_is_told_can_be_changed_and_tried(
    browser: Browser, proxy: FakeProxy
) -> None:
    """Before it is saved, too; a secret that is shown as *** is sent back as it is."""
    browser.open(f"{proxy.url}/config#notify")
    browser.press("[data-test]")
    browser.until_told("#notify .tried", "It answered 403.")
    assert proxy.posted("/api/notify/test") == [{"entry": DOCUMENT["notify"][0]}]
    browser.press("#add-target")
    browser.press("#save")
    browser.until_told("#problem", "Say where messages are sent to.")
    browser.driver.switch_to.active_element.send_keys("http://ha/api/webhook/x")
    boxes = browser.all("#notify [data-event=saved]")
    browser.click(boxes[1])
    browser.press("#save")
    browser.until_told(
        "dialog .changes", "Who is told: https://ntfy.sh/*** (ntfy, down)"
    )
    browser.press("dialog .primary")
    browser.until_told("#state", "Saved at")
    [saved] = proxy.posted("/api/config")
    assert saved["notify"] == [
        *DOCUMENT["notify"],
        {"url": "http://ha/api/webhook/x", "events": ["down", "held"]},
    ]


def test_hostile_texts_are_only_ever_text(
    browser: Browser, expected: list[str], proxy: FakeProxy
) -> None:
    """Names, keys, values, refusals and whatever a server says hold markup."""
    expected.append("400 (Bad Request)")
    document = {
        "defaultBackend": HOSTILE,
        "backends": [
            {
                "name": HOSTILE,
                "url": HOSTILE,
                "headers": {"X-<b>": HOSTILE},
                "caFile": HOSTILE,
                "state": HOSTILE,
                "limits": {HOSTILE: 1},
                HOSTILE: HOSTILE,
            }
        ],
        "taskRouting": {
            HOSTILE: {"backends": [HOSTILE, f"{HOSTILE}2"], "strategy": HOSTILE},
            "constructor": HOSTILE,
        },
        "notify": [{"url": HOSTILE, "format": HOSTILE}],
        "checkAnswers": HOSTILE,
        HOSTILE: HOSTILE,
    }
    proxy.answers["/api/config"] = lambda _body: document
    told = [
        {"path": f"taskRouting.{name}", "text": HOSTILE} for name in ("constructor",)
    ]
    checked = {"ok": True, "warnings": [HOSTILE], "warningsAt": told}
    proxy.answers["/api/config/check"] = checked
    health = {"status": "unhealthy", "lastCheck": 1, "error": HOSTILE}
    proxy.answers["/api/health"] = {HOSTILE: health}
    status = {"configError": HOSTILE, "configWarnings": [HOSTILE]}
    proxy.answers["/api/status"] = status
    proxy.answers["/api/try"] = {**TRIED, "text": HOSTILE, "correction": HOSTILE}
    proxy.answers["/api/notify/test"] = {"ok": True, "text": HOSTILE}
    browser.open(f"{proxy.url}/config")
    open_all(browser)
    browser.until_told("[data-work=constructor] .warning", HOSTILE)
    for opener in browser.all("#work-table .opener"):
        browser.click(opener)
    browser.press("[data-test]")
    browser.until_told("#notify .tried", HOSTILE)
    browser.press("[data-try]")
    browser.until_told("#backends .tried", HOSTILE)
    browser.fill("Certificates", f"{HOSTILE}{HOSTILE}", "#backends")
    browser.press("#save")
    browser.until_told("dialog .changes", "onerror")
    assert HOSTILE in browser.text("dialog .warnings")
    refusal = {"error": HOSTILE, "path": HOSTILE}
    proxy.answers["/api/config"] = lambda body: (
        document if body is None else (400, refusal)
    )
    browser.press("dialog .primary")
    browser.until_told("#problem", HOSTILE)
    made = browser.driver.find_elements("css selector", "body :is(img, script, b)")
    assert [one.get_attribute("outerHTML") for one in made] == []
    assert browser.driver.title != "run"
