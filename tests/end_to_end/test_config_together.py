"""Several people at one configuration, what is undone, and what comes from a file."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.browser import Browser
from tests.end_to_end.one_proxy import Configure
from tests.end_to_end.processes import Proxy
from tests.end_to_end.test_config_page import TWO, cell, confirm, open_settings, save
from tests.end_to_end.test_import import StartProxy

pytest_plugins = ["tests.end_to_end.browser_fixtures"]


@pytest.fixture
def proxy(browser: Browser, configure: Configure) -> Proxy:
    """A proxy with two machines, whose page is open at the first one."""
    proxy = configure(TWO)
    open_first(browser, proxy)
    return proxy


def open_first(browser: Browser, proxy: Proxy) -> None:
    """Open the page at all fields of the first machine."""
    browser.open(f"{proxy.url}/config#machine=a")
    browser.press("#backends summary")


def edited(number: int = 0, **fields: Any) -> dict[str, Any]:
    """Return the configuration with one machine changed."""
    document = copy.deepcopy(TWO)
    document["backends"][number].update(fields)
    return document


def test_changes_of_different_fields_both_survive(
    browser: Browser, proxy: Proxy
) -> None:
    """What somebody else has saved is told while one types, and after the save."""
    browser.fill("Weight", "2")
    assert proxy.post("/api/config", edited(1, weight=3))[0] == 200
    browser.until_told("#elsewhere", "b: weight 1 → 3")
    assert browser.field("Weight").get_attribute("value") == "2"
    save(browser)
    browser.until_told("#done", "b: weight 1 → 3")
    both = edited(0, weight=2)
    both["backends"][1]["weight"] = 3
    assert proxy.json("/api/config") == both
    assert browser.all("#elsewhere") == []


@pytest.mark.parametrize("side", ["mine", "theirs"])
def test_who_changes_the_same_field_sees_both_values(
    browser: Browser, expected: list[str], proxy: Proxy, side: str
) -> None:
    """Side by side; one is chosen, and what else was typed is saved with it."""
    expected.append("status of 412 (Precondition Failed)")
    browser.fill("Weight", "2")
    browser.fill("Requests at once", "4")
    assert proxy.post("/api/config", edited(weight=3))[0] == 200
    confirm(browser)
    browser.until_told("dialog .conflict", "a: weight (it was 1)")
    values = [one.text for one in browser.all("dialog .value")]
    assert values == ["2", "3"]
    browser.press(f"dialog [value={side}]")
    browser.press("dialog .primary")
    browser.until_told("#state", "Saved at")
    weight = {"mine": 2, "theirs": 3}[side]
    assert proxy.json("/api/config") == edited(weight=weight, maxConcurrent=4)
    assert browser.field("Weight").get_attribute("value") == str(weight)


def test_who_cancels_has_saved_nothing_and_lost_nothing(
    browser: Browser, expected: list[str], proxy: Proxy
) -> None:
    """Neither at the question before, nor at the contradiction."""
    expected.append("status of 412 (Precondition Failed)")
    browser.fill("Weight", "2")
    browser.press("#save")
    browser.press("dialog .actions button:not(.primary)")
    browser.until(lambda: not browser.all("dialog"), "the dialog closes")
    assert proxy.json("/api/config") == TWO
    theirs = edited(weight=3)
    assert proxy.post("/api/config", theirs)[0] == 200
    confirm(browser)
    browser.find("dialog .conflict")
    browser.press("dialog .actions button:not(.primary)")
    browser.until(lambda: not browser.all("dialog"), "the dialog closes")
    assert proxy.json("/api/config") == theirs
    assert browser.field("Weight").get_attribute("value") == "2"
    browser.press("#discard")
    browser.until(
        lambda: browser.field("Weight").get_attribute("value") == "3",
        "what the other has saved is shown",
    )


def test_a_state_set_on_the_overview_never_conflicts(
    browser: Browser, proxy: Proxy
) -> None:
    """It stays as it was set, whatever is saved here."""
    browser.fill("Weight", "2")
    assert proxy.post("/api/backends/a", {"state": "drain"})[0] == 200
    save(browser)
    assert proxy.json("/api/config") == edited(weight=2, state="drain")


def test_what_is_typed_outlives_a_restart_of_the_proxy(
    browser: Browser, expected: list[str], start_proxy: StartProxy
) -> None:
    """And is saved to the one that came after it."""
    expected += ["ERR_CONNECTION_RE", "412 (Precondition Failed)"]
    proxy = start_proxy(None)
    assert proxy.post("/api/config", TWO)[0] == 200
    open_first(browser, proxy)
    browser.fill("Weight", "2")
    port = proxy.url.rpartition(":")[2]
    proxy.stop()
    browser.until_told("#connection", "The proxy cannot be reached")
    listen = next(one for one in proxy.arguments if one.startswith("--listen"))
    at = proxy.arguments.index(listen)
    proxy.arguments[at] = f"--listen=tcp:{port}:interface=127.0.0.1"
    proxy.start()
    proxy.await_url()
    browser.until(lambda: not browser.all("#connection"), "it is there again")
    assert browser.field("Weight").get_attribute("value") == "2"
    save(browser)
    assert proxy.json("/api/config") == edited(weight=2)


def test_a_page_on_which_nothing_was_typed_follows(
    browser: Browser, proxy: Proxy
) -> None:
    """What is opened stays open."""
    browser.run("document.activeElement.blur()")
    assert proxy.post("/api/config", edited(weight=3))[0] == 200
    browser.until(
        lambda: browser.field("Weight").get_attribute("value") == "3",
        "it is brought up to date",
    )
    assert browser.text("#state").startswith("It was changed elsewhere")


def test_the_last_save_is_undone_and_done_again(browser: Browser, proxy: Proxy) -> None:
    """Each is told in words; while something is typed neither is offered."""
    browser.fill("Weight", "2")
    save(browser)
    browser.press("#undo")
    browser.until_told("#done", "a: weight 2 → 1")
    assert proxy.json("/api/config") == TWO
    assert browser.text("#undo") == "Redo it"
    browser.press("#undo")
    browser.until_told("#done", "a: weight 1 → 2")
    assert proxy.json("/api/config") == edited(weight=2)
    browser.fill("Weight", "3")
    assert browser.all("#undo") == []


def import_file(browser: Browser, file: Path) -> None:
    """Choose a file in the dialog."""
    browser.press("#tools .menu-button")
    browser.click(browser.all(".menu button")[0])
    browser.find("dialog [type=file]").send_keys(str(file))


def test_a_configuration_is_imported_after_it_was_looked_at(
    browser: Browser, tmp_path: Path, proxy: Proxy
) -> None:
    """It is shown as what it would change, and saved like anything else."""
    document = {**edited(weight=2), "requestTimeout": 60}
    (tmp_path / "other.json").write_text(json.dumps(document))
    import_file(browser, tmp_path / "other.json")
    browser.until_told("dialog .changes", "a: weight 1 → 2")
    assert "Patience with an answer: 290 s → 1 min" in browser.text("dialog .changes")
    assert browser.driver.current_url.endswith("#import")
    browser.press("dialog .primary")
    browser.until_told("#state", "2 unsaved changes")
    assert proxy.json("/api/config") == TWO
    save(browser)
    assert proxy.json("/api/config") == document


def test_what_is_no_configuration_is_not_imported(
    browser: Browser, expected: list[str], tmp_path: Path, proxy: Proxy
) -> None:
    """The dialog says why, and taking it over changes nothing."""
    expected.append("status of 400 (Bad Request)")
    for text, told in (
        ("[1]", "it must be a JSON object"),
        ('{"backends": 7}', "backends"),
        ("no JSON", "it must be a JSON object"),
    ):
        (tmp_path / "other.json").write_text(text)
        import_file(browser, tmp_path / "other.json")
        browser.until_told("dialog .error", told)
        browser.press("dialog .primary")
        browser.until(lambda: not browser.all("dialog"), "the dialog closes")
        assert browser.text("#state") == ""


def test_what_is_exported_can_be_imported(
    browser: Browser, tmp_path: Path, proxy: Proxy
) -> None:
    """It is the whole configuration, but for its secrets."""
    secret = edited(headers={"Authorization": "Bearer secret"})
    assert proxy.post("/api/config", secret)[0] == 200
    browser.driver.refresh()
    browser.find("[data-work]")
    allowed = {"behavior": "allow", "downloadPath": str(tmp_path)}
    browser.driver.execute_cdp_cmd("Page.setDownloadBehavior", allowed)
    browser.press("#tools .menu-button")
    browser.click(browser.all(".menu button")[1])
    file = tmp_path / "immich-ml-proxy.json"
    browser.until(file.is_file, "the file is there")
    assert json.loads(file.read_text()) == edited(headers={"Authorization": "***"})
    import_file(browser, file)
    browser.until_told("dialog", "It says what is in force already.")


def test_an_empty_save_says_so(browser: Browser, proxy: Proxy) -> None:
    """Nothing is asked, and nothing is sent."""
    browser.press("#save")
    browser.until_told("#state", "There is nothing to save.")
    browser.press(cell("ocr", "a"))
    browser.until_told("#state", "1 unsaved change")
    open_settings(browser)
