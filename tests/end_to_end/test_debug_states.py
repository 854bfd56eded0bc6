"""The debug page in every state, in a real browser before records that are made up."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from tests.end_to_end.axe import violations
from tests.end_to_end.browser import Browser
from tests.end_to_end.drawn import resize
from tests.end_to_end.fake_proxy import FakeProxy
from tests.end_to_end.fake_records import LARGEST, FakeRecords, detail, part, row

pytest_plugins = ["tests.end_to_end.browser_fixtures"]

LINE = "#lines .line"
FOCUSED = "return document.activeElement.closest('li')?.dataset.recordId"
_FITS = """
const { scrollWidth, clientWidth } = document.documentElement;
return scrollWidth <= clientWidth;
"""
#: The request whose line is seen in the middle of the list.
_AMID = """
const { left, top, height } = lines.getBoundingClientRect();
const seen = document.elementFromPoint(left + 60, top + height / 2);
return seen?.closest("li")?.dataset.recordId;
"""
#: Lines that may be in the page, however many requests there are.
MOST_LINES = 80

HOSTILE = "<img src=x onerror=\"document.title='run'\">'&quot;</script>"
BACKWARDS = "\u202eevil \u05d0\u05d1\u05d2"
LONG = "a-name-that-goes-on-" * 40


@pytest.fixture(autouse=True)
def fake() -> Iterator[FakeProxy]:
    """
    A proxy that says what it is told to.

    It is there before the browser, and gone after it.
    """
    started = FakeProxy()
    yield started
    started.stop()


@pytest.fixture
def records(fake: FakeProxy) -> FakeRecords:
    """Its recorded requests."""
    return FakeRecords(fake)


def fill(records: FakeRecords, count: int) -> None:
    """Have so many requests recorded, of all kinds; every tenth has failed."""
    works = ("search", "picture", "faces", "ocr")
    for number in range(1, count + 1):
        more: dict[str, Any] = {}
        if number % 10 == 0:
            more = {"status": 503, "error": "gpu: connection refused"}
        if number % 3 == 0:
            more["machines"] = ["nas"]
        records.rows.append(row(number, works[number % 4], **more))


def in_page(browser: Browser) -> int:
    """Return how many lines are in the page."""
    return len(browser.driver.find_elements("css selector", "#lines li"))


def until_focused(browser: Browser, name: str) -> None:
    """Wait until a request's line has the focus."""
    browser.until(lambda: browser.run(FOCUSED) == name, f"{name} has the focus")


def press_key(browser: Browser, *keys: str) -> None:
    """Press keys, wherever the focus is."""
    for key in keys:
        browser.driver.switch_to.active_element.send_keys(key)


def test_ten_thousand_requests_are_a_window_and_small_answers(
    browser: Browser, fake: FakeProxy, records: FakeRecords
) -> None:
    """What is not seen is not in the page, and is asked for when one comes there."""
    fill(records, 10_000)
    browser.open(f"{fake.url}/debug")
    browser.until(lambda: len(browser.all(LINE)) > 5, "lines show")
    browser.until_told("#found", "10,000 recorded")
    first = [path for path, _ in fake.asked if "records?" in path]
    assert "before=" not in "".join(first), "more was asked for than is seen"
    assert in_page(browser) < MOST_LINES
    assert browser.run("return lines.scrollHeight") > 10_000 * 20
    browser.find(LINE).send_keys(Keys.END)
    until_focused(browser, "r1")
    assert in_page(browser) < MOST_LINES
    place = browser.find("#lines li[data-record-id=r1]")
    assert place.get_attribute("aria-posinset") == "10000"
    assert place.get_attribute("aria-setsize") == "10000"
    press_key(browser, Keys.HOME)
    until_focused(browser, "r10000")
    assert in_page(browser) < MOST_LINES
    assert max(records.sizes) < LARGEST


def test_a_keystroke_asks_for_one_small_answer(
    browser: Browser, fake: FakeProxy, records: FakeRecords
) -> None:
    """It changes few elements, and no more than one question is on its way."""
    fill(records, 10_000)
    browser.open(f"{fake.url}/debug")
    browser.until(lambda: len(browser.all(LINE)) > 5, "lines show")
    browser.run(
        "window.made = 0; new MutationObserver((all) => all.forEach((one) => {"
        "window.made += one.addedNodes.length; })).observe(document.body,"
        "{ childList: true, subtree: true })"
    )
    asked = len(fake.asked)
    records.sizes.clear()
    browser.find("#text").send_keys("f")
    browser.until_told("#found", "2,500 of 10,000 recorded match")
    questions = [path for path, _ in fake.asked[asked:] if "text=f" in path]
    assert [path for path in questions if "before=" in path] == []
    assert len([path for path in questions if "after=" not in path]) == 1
    assert max(records.sizes) < LARGEST
    assert browser.run("return window.made") < 40 * MOST_LINES


def test_all_can_be_done_with_the_keyboard_alone(
    browser: Browser, fake: FakeProxy, records: FakeRecords
) -> None:
    """From the text over the list into the details of a request, and back."""
    fill(records, 300)
    records.details["r292"] = detail(records.rows[291], part())
    browser.open(f"{fake.url}/debug")
    browser.until(lambda: len(browser.all(LINE)) > 5, "lines show")
    press_key(browser, "/")
    assert browser.driver.switch_to.active_element.get_attribute("id") == "text"
    press_key(browser, "gpu", Keys.ENTER)
    browser.until_told("#found", "200 of 300")
    until_focused(browser, "r299")
    press_key(browser, Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ARROW_UP)
    until_focused(browser, "r298")
    press_key(browser, Keys.PAGE_DOWN)
    browser.until(lambda: browser.run(FOCUSED) not in ("r298", None), "it goes on")
    press_key(browser, Keys.HOME)
    until_focused(browser, "r299")
    press_key(browser, *[Keys.ARROW_DOWN] * 5, Keys.ENTER)
    browser.until_told("#detail", "First choice")
    title = browser.driver.switch_to.active_element
    assert title.get_attribute("id") == "detail-title"
    assert "open=r292" in browser.driver.current_url
    press_key(browser, Keys.ESCAPE)
    until_focused(browser, "r292")
    assert not browser.all("#detail")
    assert "open=" not in browser.driver.current_url
    press_key(browser, Keys.ENTER)
    browser.until_told("#detail", "First choice")
    press_key(browser, Keys.TAB)
    focused = browser.driver.switch_to.active_element
    assert focused.text == "trace-292", "what can be done comes next"


def test_every_line_says_which_request_it_is(
    browser: Browser, fake: FakeProxy, records: FakeRecords
) -> None:
    """Its link names the work, the model, the machine, how it ended and how long."""
    resize(browser, 1280)
    records.rows = [row(1), row(2, "faces", status=None, error="nas: refused")]
    browser.open(f"{fake.url}/debug")
    browser.until(lambda: len(browser.all(LINE)) == 2, "both show")
    faces, search = (line.accessible_name for line in browser.all(LINE))
    told = "search ViT-B-32__openai gpu 200 241 ms waited 200 ms, worked 41 ms 42 KiB"
    assert search.endswith(told)
    assert " faces nas: refused gpu failed 241 ms waited" in faces


def test_filters_and_the_opened_request_are_an_address(
    browser: Browser, fake: FakeProxy, records: FakeRecords
) -> None:
    """Who is sent it sees the same; the proxy is asked for it, not the page."""
    resize(browser, 1280)
    fill(records, 40)
    browser.open(f"{fake.url}/debug")
    browser.until(lambda: len(browser.all(LINE)) > 5, "lines show")
    Select(browser.field("Work")).select_by_visible_text("Faces")
    browser.until_told("#found", "10 of 40")
    Select(browser.field("Machine")).select_by_visible_text("gpu")
    Select(browser.field("Status")).select_by_visible_text("Failed")
    browser.until_told("#found", "1 of 40")
    browser.until_told("#narrowed", "Only faces that failed at gpu.")
    browser.press(LINE)
    browser.until_told("#detail h2", "Faces, buffalo_l")
    address = browser.driver.current_url
    told = "task=faces&machine=gpu&status=failed&open=r10"
    assert address == f"{fake.url}/debug#{told}"
    asked = "task=faces&backend=gpu&status=failed"
    assert any(asked in path for path, _ in fake.asked)
    browser.open("about:blank")
    browser.open(address)
    browser.until_told("#detail h2", "Faces, buffalo_l")
    browser.until_told("#found", "1 of 40")
    assert Select(browser.field("Status")).first_selected_option.text == "Failed"
    assert browser.find(LINE).get_attribute("aria-current") == "true"
    browser.press("#narrowed a")
    browser.until_told("#found", "40 recorded")
    assert not browser.all("#detail")
    browser.driver.back()
    browser.until_told("#detail h2", "Faces, buffalo_l")


def test_pings_and_pages_show_only_if_asked_for(
    browser: Browser, fake: FakeProxy, records: FakeRecords
) -> None:
    """The proxy leaves them out until somebody wants them."""
    browser.open(f"{fake.url}/debug")
    browser.until_told("#empty", "No request has come")
    assert all("kind=" not in path for path, _ in fake.asked)
    browser.press("#filter-pings")
    browser.press("#filter-pages")
    wanted = "kind=pings&kind=pages"
    browser.until(lambda: any(wanted in path for path, _ in fake.asked), "both asked")
    assert browser.driver.current_url.endswith("#pings=1&pages=1")


def test_what_has_not_ended_stands_at_the_top_and_grows_older(
    browser: Browser, fake: FakeProxy, records: FakeRecords
) -> None:
    """Under way, waiting and held; when one ends, its line goes among the others."""
    fill(records, 3)
    going: dict[str, Any] = {"status": None, "machines": [], "responseBytes": 0}
    records.under_way = [
        row(13, state="under way", wait=0, work=60, **(going | {"machines": ["nas"]})),
        row(12, "faces", state="waiting", wait=61, work=0, **going),
        row(11, "ocr", state="held", wait=62, work=0, **going),
    ]
    browser.open(f"{fake.url}/debug")
    browser.until_told("#found", "1 under way, 1 waiting, 1 held, 3 recorded")
    states = [one.text for one in browser.all("#lines .badge")]
    assert states[:3] == ["under way", "waiting", "held"]
    took = browser.find("#lines [data-record-id=r13] .took")
    before = float(took.text.removesuffix(" s"))
    records.under_way[0]["work"] += 5
    browser.until(
        lambda: float(took.text.removesuffix(" s")) >= before + 5, "it grows older"
    )
    browser.find("#lines [data-record-id=r13] a").send_keys(Keys.ARROW_UP)
    until_focused(browser, "r13")
    ended = records.under_way.pop(0)
    records.rows.append({**ended, "state": "done", "status": 200})
    browser.until_told("#found", "1 waiting, 1 held, 4 recorded")
    until_focused(browser, "r13")
    shown = [one.get_attribute("data-record-id") for one in browser.all("#lines li")]
    assert shown[:3] == ["r12", "r11", "r13"]


def test_the_reader_is_not_disturbed_by_new_requests(
    browser: Browser, fake: FakeProxy, records: FakeRecords
) -> None:
    """What is read stays where it is in the window, and opened; the top shows them."""
    resize(browser, 1280)
    fill(records, 200)
    browser.open(f"{fake.url}/debug")
    browser.until(lambda: len(browser.all(LINE)) > 5, "lines show")
    browser.run("lines.scrollTop = 3000")
    name = browser.until(lambda: browser.run(_AMID), "lines show there")
    where = f"return lines.querySelector('[data-record-id={name}]')"
    place = browser.run(f"{where}.getBoundingClientRect().top")
    for number in range(201, 220):
        records.rows.append(row(number))
    browser.until_told("#found", "219 recorded")
    assert abs(browser.run(f"{where}.getBoundingClientRect().top") - place) < 2
    browser.run("lines.scrollTop = 0")
    browser.find("#lines [data-record-id=r219]")
    records.rows.append(row(220))
    browser.find("#lines [data-record-id=r220]")
    assert browser.run("return lines.scrollTop") == 0


def opened(records: FakeRecords) -> None:
    """Have a picture recorded that a second machine had to be asked for."""
    told = row(1, "picture", thumbnail=True, machines=["gpu", "nas"], parts=2, wait=0)
    refused = part(
        status=None,
        outcome="failed",
        reason="connection refused",
        responseHeaders=None,
        response=None,
    )
    records.rows = [told]
    records.details["r1"] = detail(
        told,
        refused,
        part("nas", begin=0.1, wait=0.05, duration=0.14, why="failover"),
        boxes={
            "faces": [{"x1": 20, "y1": 30, "x2": 90, "y2": 120, "score": 0.98}],
            "texts": [
                {
                    "points": [0.5, 0.5, 0.9, 0.5, 0.9, 0.6, 0.5, 0.6],
                    "text": "EXIT",
                    "score": 0.9,
                }
            ],
        },
        imageWidth=320,
        imageHeight=240,
        pictureKept=True,
    )


def test_a_request_can_be_seen_through(
    browser: Browser, fake: FakeProxy, records: FakeRecords
) -> None:
    """Its tries with their reasons on its time, what was found, and what was sent."""
    opened(records)
    browser.open(f"{fake.url}/debug")
    thumbnail = browser.find("#lines .thumb img").get_attribute("src")
    assert thumbnail == f"{fake.url}/api/debug/records/r1/thumbnail"
    browser.press(LINE)
    browser.until_told(".waterfall", "Asked after another one had failed")
    first, second = (one.text for one in browser.all(".waterfall > li"))
    assert "gpu" in first and "connection refused" in first
    assert "nas" in second and "answered, 200" in second
    bars = browser.all(".waterfall .bar .worked")
    left, right = (bar.rect["x"] for bar in bars)
    assert left < right
    browser.until(
        lambda: browser.run(
            "return document.querySelector('.picture img').naturalWidth"
        ),
        "the picture shows",
    )
    image, drawn = (browser.find(f".picture {one}").rect for one in ("img", "svg"))
    assert image == drawn
    face = browser.run(
        "return document.querySelector('polygon.face').getBoundingClientRect().toJSON()"
    )
    scale = image["width"] / 320
    assert face["x"] == pytest.approx(image["x"] + 20 * scale, abs=3)
    assert face["bottom"] == pytest.approx(image["y"] + 120 * scale, abs=3)
    told = "The picture that was sent; found: 1 face, 1 text"
    assert browser.find(".picture img").get_attribute("alt") == told
    browser.run(
        "detail.querySelectorAll('.fold').forEach((one) => { one.open = true })"
    )
    browser.until_told(".details", "0.511")
    told = browser.text(".details")
    for words in ("512 numbers: 0.01, -0.2, 0.3, …", "“EXIT”: 90 % sure", "multipart"):
        assert words in told
    part_of = [path for path, _ in fake.asked if "/numbers?" in path]
    assert "/api/debug/records/r1/numbers?path=%2Fclip&part=1" in part_of
    assert "/api/debug/records/r1/numbers?path=%2Fclip" in part_of


def test_a_request_can_be_taken_along_and_sent_again(
    browser: Browser, fake: FakeProxy, records: FakeRecords
) -> None:
    """As curl, as HAR, and to another machine, with how alike the answers are."""
    opened(records)
    browser.open(f"{fake.url}/debug#open=r1")
    har = browser.find("#detail a[download]")
    assert har.get_attribute("href") == f"{fake.url}/api/debug/records/r1/har"
    assert har.get_attribute("download") == "r1.har"
    copied = "const [button] = document.querySelectorAll('#detail .details button');"
    browser.run(
        "navigator.clipboard.writeText = async (text) => { window.copied = text }"
    )
    browser.run(f"{copied} button.click()")
    browser.until(
        lambda: (
            browser.run("return window.copied")
            == "curl http://proxy/predict -F entries=@-"
        ),
        "it is copied",
    )
    browser.run("navigator.clipboard.writeText = () => Promise.reject(new Error())")
    browser.run(f"{copied} button.click()")
    by_hand = browser.find("#detail textarea")
    assert "curl http" in browser.run("return arguments[0].value", by_hand)
    records.again = {"similarity": {"clip": 0.99812}, "text": "nas took 100 ms."}
    Select(browser.field("To")).select_by_visible_text("nas")
    browser.press(".again button")
    browser.until_told("#detail", "cosine similarity of 0.998")
    assert fake.posted("/api/debug/records/r1/send") == [{"machine": "nas"}]
    records.again = {"status": 503, "error": "nas is full"}
    browser.press(".again button")
    browser.until_told("#detail .error", "nas is full")


def test_what_is_not_kept_any_more_is_told(
    browser: Browser, fake: FakeProxy, records: FakeRecords, expected: list[str]
) -> None:
    """A request that is gone, and a body that is: it cannot be sent again."""
    expected.append("404")
    fill(records, 1)
    records.details["r1"] = detail(records.rows[0], part(), bodyKept=False)
    browser.open(f"{fake.url}/debug#open=r9")
    browser.until_told("#detail", "This request is not kept any more")
    browser.press("#close")
    until_focused(browser, "r1")
    press_key(browser, Keys.ENTER)
    browser.until_told("#detail", "What was sent is not kept any more")
    assert not browser.all(".again")


def test_the_next_request_is_a_press_away(
    browser: Browser, fake: FakeProxy, records: FakeRecords
) -> None:
    """Up and down the list, while the details stay open."""
    records.rows = [row(1), row(2, "faces"), row(3, "ocr")]
    browser.open(f"{fake.url}/debug#open=r2")
    browser.until_told("#detail h2", "Faces")
    newer, older = browser.all("#detail .walk button")[:2]
    newer.click()
    browser.until_told("#detail h2", "Text in pictures")
    older.click()
    older.click()
    browser.until_told("#detail h2", "Search")
    older.click()
    assert browser.driver.current_url.endswith("#open=r1")


def test_recording_is_switched_bounded_and_cleared(
    browser: Browser, fake: FakeProxy, records: FakeRecords
) -> None:
    """What is lost by a click is asked for first."""
    records.enabled = False
    browser.open(f"{fake.url}/debug")
    browser.until_told("#empty", "Nothing is recorded. Switch recording on")
    browser.press("#enabled")
    browser.until_told("#empty", "No request has come")
    fill(records, 5)
    browser.until_told("#count", "5 of 10,000 kept: 3 MiB of 64 MiB, pictures 1 MiB")
    browser.fill("Keep at most", "2")
    browser.press("#limits button")
    browser.until_told("#count", "2 of 2 kept")
    browser.until(lambda: len(browser.all(LINE)) == 2, "two are left")
    browser.fill("Keep at most", "10001")
    browser.press("#limits button")
    assert browser.run("return document.querySelector('#limit:invalid') !== null")
    assert records.max_records == 2
    browser.press("#clear")
    browser.until_told("dialog", "Clear all recorded requests?")
    browser.press("dialog button:not(.bad)")
    assert len(records.rows) == 2
    browser.press("#clear")
    browser.press("dialog button.bad")
    browser.until_told("#empty", "No request has come")
    assert records.rows == []


def test_what_others_have_written_is_only_ever_text(
    browser: Browser, fake: FakeProxy, records: FakeRecords
) -> None:
    """Names, models, refusals and headers that are markup, backwards or very long."""
    names = [HOSTILE, BACKWARDS, LONG]
    fake.answers["/api/health"] = {name: {} for name in names}
    for number, name in enumerate(names, 1):
        told = row(
            number,
            models=[name],
            machines=[name],
            words=name,
            traceId=name,
            path=f"/{name}",
            error=name,
            status=None,
        )
        records.rows.append(told)
        headers = {name: [name]}
        records.details[f"r{number}"] = detail(
            told,
            part(
                name,
                outcome=name,
                why=name,
                reason=name,
                requestHeaders=headers,
                response={name: name, "__proto__": [name]},
            ),
            request={"headers": headers, "entries": {name: {name: name}}, name: name},
            response={"headers": headers, "body": name},
            boxes={
                "faces": [],
                "texts": [
                    {"points": [1, 1, 9, 1, 9, 9, 1, 9], "text": name, "score": 1}
                ],
            },
            imageWidth=320,
            imageHeight=240,
            pictureKept=True,
        )

    def is_harmless() -> bool:
        made = browser.driver.find_elements(
            "css selector", "body :is(script, img:not(.picture img))"
        )
        assert [one.get_attribute("outerHTML") for one in made] == []
        return browser.driver.title != "run"

    for width in (1280, 390):
        resize(browser, width)
        browser.open("about:blank")
        browser.open(f"{fake.url}/debug")
        for number, name in enumerate(names, 1):
            line = browser.find(f"#lines [data-record-id=r{number}] a")
            assert name in line.accessible_name
            browser.click(line)
            browser.find(".waterfall li")
            browser.run(
                "detail.querySelectorAll('.fold').forEach((one) => { one.open = true })"
            )
            shown = "return detail.textContent.includes(arguments[0])"
            browser.until(partial(browser.run, shown, name), "it is told")
            assert browser.run(_FITS), name
            assert is_harmless()
            browser.press("#close")
    browser.open("about:blank")
    browser.open(
        f"{fake.url}/debug#machine=%3Cimg%3E&task=%3Cb%3E&status=%22%3E&text=%3Ci%3E"
    )
    browser.until_told("#narrowed", 'Only <b> that were answered with "> at <img>')
    assert is_harmless()


def test_everybody_can_use_the_page_in_every_state(
    browser: Browser, fake: FakeProxy, records: FakeRecords
) -> None:
    """axe-core finds nothing, wide and on a phone, where nothing sticks out."""
    going: dict[str, Any] = {"status": None, "machines": [], "work": 0}

    def looks(what: str) -> None:
        for width in (1280, 390):
            resize(browser, width)
            browser.run("return new Promise((then) => requestAnimationFrame(then))")
            assert (what, width, violations(browser)) == (what, width, [])
            assert browser.run(_FITS), what
        resize(browser, 1280)

    resize(browser, 1280)
    browser.open(f"{fake.url}/debug")
    browser.until_told("#empty", "No request has come")
    looks("empty")
    fill(records, 60)
    opened(records)
    records.rows += [row(2, "faces", status=503, error="refused"), row(3, status=422)]
    records.under_way = [
        row(6, "picture", state="under way", **going),
        row(5, "faces", state="waiting", **going),
        row(4, "ocr", state="held", **going),
    ]
    browser.until(lambda: len(browser.all(LINE)) == 6, "all show")
    looks("list")
    browser.find("#text").send_keys("gpu")
    browser.until_told("#narrowed", "have “gpu” in them")
    looks("narrowed")
    browser.press("#lines [data-record-id=r1] a")
    browser.find(".waterfall")
    looks("opened")
    browser.run(
        "detail.querySelectorAll('.fold').forEach((one) => { one.open = true })"
    )
    records.again = {"similarity": {"clip": 0.998}, "response": {"clip": [0.5] * 512}}
    browser.press(".again button")
    browser.until_told("#detail", "cosine similarity")
    looks("unfolded and sent again")
    browser.press("#clear")
    browser.find("dialog")
    looks("asked")


def test_a_proxy_that_is_gone_is_told_and_what_was_known_stays(
    browser: Browser, fake: FakeProxy, records: FakeRecords, expected: list[str]
) -> None:
    """The list can still be read."""
    expected.append("net::ERR_")
    fill(records, 3)
    browser.open(f"{fake.url}/debug")
    browser.until(lambda: len(browser.all(LINE)) == 3, "all show")
    fake.stop()
    browser.until_told("#connection", "The proxy cannot be reached. Is it running?")
    assert len(browser.all(LINE)) == 3


def test_times_are_those_of_this_clock(
    browser: Browser, fake: FakeProxy, records: FakeRecords
) -> None:
    """A request of yesterday comes with its date."""
    records.rows = [row(1, time=time.time() - 86400), row(2)]
    browser.open(f"{fake.url}/debug")
    browser.until(lambda: len(browser.all(LINE)) == 2, "both show")
    today, yesterday = (one.text for one in browser.all("#lines time"))
    assert len(yesterday) > len(today)
