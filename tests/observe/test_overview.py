"""The answer of ``/api/overview``: complete at first, then what is new, and small."""

from __future__ import annotations

import random
import zlib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.errors import BadRequest
from immich_ml_proxy.observe.time_left import Queue, Queues
from tests.balancer.demands import image, search
from tests.observe.watching import START, UNIX, Waits, Watched

A, B, C = ({"name": name} for name in ("gaming-pc", "mac-mini", "nas"))


def test_a_first_answer_tells_all() -> None:
    """Every field that the page reads, of a proxy at rest."""
    watched = Watched({**A, "maxConcurrent": 3}, B, taskRouting={"ocr": [A["name"]]})
    watched.advance()
    told = watched.ask(demo={"simulated": True}, recording=True, config_error="bad")
    machine = told["machines"][0]
    assert machine == {
        "name": "gaming-pc",
        "url": "http://gaming-pc:3003",
        "state": "up",
        "since": UNIX,
        "why": "",
        "by": None,
        "until": None,
        "resting": False,
        "canWake": False,
        "woken": None,
        "inFlight": 0,
        "limit": 3,
        "limitFound": False,
        "alone": 0,
        "perMinute": {},
        "rate": {},
        "share": 0.0,
        "search": None,
        "image": None,
        "errors": None,
        "beats": " " * 59 + "u",
        "cannot": [],
        "notes": [],
    }
    assert told["machines"][1]["limitFound"] is True
    assert told["routes"][1] == {
        "key": "ocr",
        "machines": ["gaming-pc"],
        "fallback": [],
        "down": False,
        "holds": False,
        "arrived": {},
        "to": {},
        "maxWaiting": 1000,
        "waiting": [],
    }
    assert told["full"] is True
    assert told["now"] == UNIX + 1
    assert told["proxy"] == {"version": "1.2.3", "started": UNIX, "config": 0}
    assert (told["recording"], told["configError"]) == (True, "bad")
    assert told["demo"] == {"simulated": True}
    assert told["plot"]["images"] == {}
    assert told["plot"]["searchP95"] == []
    assert [one["kind"] for one in told["events"]] == ["started", "up", "up"]
    assert told["events"][0] == {
        "id": 1,
        "at": UNIX,
        "kind": "started",
        "machine": None,
        "text": "the proxy was started",
    }
    assert told["left"]["kinds"] == {}
    assert told["advice"] == []


def test_a_later_answer_has_what_is_new() -> None:
    """The newer steps and events; all else whole."""
    watched = Watched(A, B)
    watched.serve("gaming-pc", 4)
    watched.advance()
    first = watched.ask()
    watched.serve("gaming-pc", 2)
    watched.serve("mac-mini", 1, seconds=0.05, task="search")
    watched.down("mac-mini")
    watched.advance()
    told = watched.ask(first["cursor"])
    assert told["full"] is False
    assert told["plot"]["from"] == UNIX + 1
    assert told["plot"]["until"] == UNIX + 2
    assert told["plot"]["images"] == {"gaming-pc": [2]}
    assert told["plot"]["searchP95"] == pytest.approx([50], rel=0.05)
    assert [one["text"] for one in told["events"]] == [
        "mac-mini is down: connection refused"
    ]
    assert len(told["machines"]) == 2
    assert told.keys() == first.keys()


@given(st.lists(st.integers(0, 5), max_size=40), st.randoms(use_true_random=False))
def test_answers_put_together_are_the_plot(
    counts: list[int], chance: random.Random
) -> None:
    """Whenever a page asks: what it has of the steps is what was done in them."""
    watched = Watched(A)
    page: dict[int, int] = {}
    cursor, events = None, list[int]()
    for count in counts:
        watched.serve("gaming-pc", count)
        if chance.random() < 0.1:
            watched.down("gaming-pc", chance.choice([None, "connection refused"]))
        watched.advance()
        if chance.random() < 0.5:
            cursor = _merge(page, events, watched.ask(cursor))
    _merge(page, events, watched.ask(cursor))
    assert {at - UNIX: count for at, count in page.items()} == {
        at: count for at, count in enumerate(counts) if count
    }
    assert events == [one.id for one in watched.watch.events.after(0, 0.0)]


def _merge(page: dict[int, int], events: list[int], told: dict[str, Any]) -> str:
    plot = told["plot"]
    if told["full"]:
        page.clear()
        events.clear()
    for at, count in enumerate(plot["images"].get("gaming-pc", [])):
        if count:
            page[plot["from"] + at * plot["step"]] = count
    events += [one["id"] for one in told["events"]]
    cursor: str = told["cursor"]
    return cursor


def test_a_minute_that_goes_on_is_told_again() -> None:
    """In the plot of a day; its step is that of the minute, in Unix time."""
    watched = Watched(A)
    watched.serve("gaming-pc", 2)
    watched.advance()
    first = watched.ask(plot="24h")
    assert first["plot"] == {
        "range": "24h",
        "step": 60,
        "from": UNIX,
        "until": UNIX + 60,
        "images": {"gaming-pc": [2]},
        "searchP95": [],
    }
    watched.serve("gaming-pc", 3)
    watched.advance()
    later = watched.ask(first["cursor"], "24h")
    assert later["plot"]["from"] == UNIX
    assert later["plot"]["images"] == {"gaming-pc": [5]}


def test_while_nothing_happens_the_answer_stays_the_same() -> None:
    """So does its tag: the page is told that it has it already."""
    watched = Watched(A, B)
    watched.serve("gaming-pc", 3)
    watched.advance(70)
    cursor = watched.ask()["cursor"]
    before = watched.raw(cursor)
    cursor = msgspec.json.decode(before.body)["cursor"]
    one = watched.raw(cursor)
    watched.advance(40)
    other = watched.raw(cursor)
    assert other.tag == one.tag
    assert _but_for_now(other.body) == _but_for_now(one.body)
    watched.serve("mac-mini")
    watched.advance()
    assert watched.raw(cursor).tag != one.tag


def _but_for_now(body: bytes) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.json.decode(body)
    del told["now"]
    return told


def test_all_who_ask_share_what_was_put_together() -> None:
    """Once a second, and once for each cursor."""
    watched = Watched(A)
    watched.advance()
    one, other = watched.raw(), watched.raw()
    assert one is other
    assert one.packed is other.packed
    assert zlib.decompress(one.packed, 31) == one.body
    watched.advance()
    assert watched.raw() is not one


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "nonsense",
        "b007-0-0",
        "other-0-0.1.3.1764300001",
        "b007-1-0.1.3.1764300001",
        "b007-0-3600.1.3.1764300001",
        "b007-0-0.1.99.1764300001",
        "b007-0-0.99.3.1764300001",
        "b007-0-0.1.3.1764309999",
        "b007-0-0.1.3." + "9" * 5000,
        "b007-0-0.1.3.-5",
    ],
)
def test_what_cannot_be_gone_on_from_gets_all(cursor: str) -> None:
    """Another run, another configuration, another clock; and what is no cursor."""
    watched = Watched(A)
    watched.serve("gaming-pc")
    watched.advance()
    assert watched.ask()["cursor"] == "b007-0-0.1.2.1764300001"
    assert watched.ask("b007-0-0.1.2.1764300001")["full"] is False
    assert watched.ask(cursor)["full"] is True


@given(st.text())
def test_no_cursor_does_harm(cursor: str) -> None:
    """It comes from anybody."""
    watched = Watched(A)
    assert watched.ask(cursor)["full"] is True


def test_who_was_away_for_too_long_gets_all() -> None:
    """What was done meanwhile is not kept by the second; if nothing was, it goes on."""
    watched = Watched(A)
    watched.serve("gaming-pc")
    watched.advance()
    cursor = watched.ask()["cursor"]
    watched.advance(1000)
    assert watched.ask(cursor)["full"] is False
    watched.serve("gaming-pc")
    watched.advance()
    assert watched.ask(cursor)["full"] is True


def test_another_configuration_tells_all() -> None:
    """The names in it may be others; it is told in the same second."""
    watched = Watched(A, B)
    watched.advance()
    cursor = watched.ask()["cursor"]
    watched.save(A)
    told = watched.ask(cursor)
    assert told["full"] is True
    assert [one["name"] for one in told["machines"]] == ["gaming-pc"]


def test_when_the_wall_clock_is_set_all_times_move() -> None:
    """Nothing that was kept is torn; a page gets all of it anew."""
    watched = Watched(A)
    watched.serve("gaming-pc", 5)
    watched.advance()
    cursor = watched.ask()["cursor"]
    watched.ahead += 3600.0
    told = watched.ask(cursor)
    assert told["full"] is True
    assert told["plot"]["from"] == UNIX + 3600
    assert told["proxy"]["started"] == UNIX + 3600
    assert told["now"] == UNIX + 3601


def test_a_range_that_there_is_not() -> None:
    """The error tells which there are."""
    with pytest.raises(BadRequest, match="plot: must be one of 15m, 24h"):
        Watched(A).ask(plot="1y")


def busy() -> Watched:
    """Return three machines after a busy day."""
    chance = random.Random(7)
    watched = Watched(
        {**A, "wakeOnLan": {"mac": "00:11:22:aa:bb:cc"}},
        B,
        C,
        taskRouting={
            "clip": {"backends": ["gaming-pc", "mac-mini"], "fallback": True},
            "facial-recognition": {"backends": ["gaming-pc"], "holdSeconds": 120},
            "ocr": ["gaming-pc", "nas"],
        },
    )
    start = watched.now
    for minute in range(24 * 60):
        watched.now = start + 60.0 * minute
        _work(watched, chance, 300)
        watched.advance()
        if minute % 7 == 0:
            watched.down("nas", "answered 502: a gateway in its place is not well")
            watched.down("nas", None)
    for _ in range(900):
        _work(watched, chance, 9)
        watched.advance()
    return watched


def in_trouble(watched: Watched) -> None:
    """Have a machine go while others wait for it."""
    watched.down("gaming-pc")
    watched.watch.wakes(watched.pool["gaming-pc"], watched.now)
    faces = image(watched.route("facial-recognition"), "facial-recognition")
    clip = watched.route("clip")
    demands = [faces] * 80 + [image(clip)] * 20 + [search(clip)] * 3
    watched.under_way = [Waits(one, watched.now - 60) for one in demands]
    watched.fail("gaming-pc", "connection refused")
    watched.advance()


def _work(watched: Watched, chance: random.Random, most: int) -> None:
    for name in ("gaming-pc", "mac-mini", "nas"):
        watched.serve(name, chance.randint(most // 2, most), chance.random(), "clip")
    watched.serve("mac-mini", 2, chance.random(), "clip", "search")


def test_answers_are_small() -> None:
    """For three machines the first is under 30 KB, each later one under 4 KB."""
    watched = busy()
    for trouble in (lambda _: None, in_trouble):
        trouble(watched)
        for plot in ("15m", "24h"):
            first = watched.raw(plot=plot)
            assert len(first.body) < 30_000
            told = msgspec.json.decode(first.body)
            assert len(told["events"]) > 20
            assert told["events"][-1]["id"] == watched.watch.events.last_id
            for name in ("gaming-pc", "mac-mini", "nas"):
                watched.serve(name, 9, key="clip")
            watched.advance(2)
            later = watched.raw(told["cursor"], plot)
            assert msgspec.json.decode(later.body)["full"] is False
            assert len(later.body) < 4_000


def test_rates_and_shares() -> None:
    """Per second over the last ten, and of the last minute's answers."""
    watched = Watched(A, B, taskRouting={"ocr": ["gaming-pc"]})
    for _ in range(20):
        watched.serve("gaming-pc", 3)
        watched.serve("gaming-pc", 1, key="ocr", task="ocr")
        watched.serve("mac-mini", 1, task="search")
        watched.advance()
    told = watched.ask()
    gaming, mac = told["machines"]
    assert gaming["perMinute"] == {"clip": 60, "ocr": 20}
    assert (gaming["rate"], mac["rate"]) == ({"image": 4.0}, {"search": 1.0})
    assert (gaming["share"], mac["share"]) == (0.8, 0.2)
    default, ocr = told["routes"]
    assert default["arrived"] == {"search": 1.0, "image": 3.0}
    assert default["to"] == {"gaming-pc": {"image": 3.0}, "mac-mini": {"search": 1.0}}
    assert ocr["arrived"] == {"image": 1.0}
    assert ocr["to"] == {"gaming-pc": {"image": 1.0}}
    watched.advance(11)
    assert watched.ask()["routes"][0]["to"] == {}


def test_immichs_queues_and_the_pace_make_the_time_left() -> None:
    """From when they were told; the rate is that of the last minute."""
    watched = Watched(A)
    demand = image(watched.route())
    watched.under_way = [Waits(demand, is_waiting=False)]
    for _ in range(60):
        watched.serve("gaming-pc", 2)
        watched.advance()
    queues = Queues({"clip": Queue(400)}, watched.now)
    left = watched.ask(queues=queues)["left"]
    assert left["kinds"]["clip"] == {
        "done": 120,
        "rate": 2.0,
        "left": 400,
        "ends": UNIX + 60 + 200,
        "paused": False,
    }
    assert left["asked"] == UNIX + 60
    assert (left["source"], left["slowest"]) == ("immich", "clip")


def test_immich_sends_too_few_at_once() -> None:
    """The machine that has nothing to do for most of the time is named."""
    watched = Watched({**A, "maxConcurrent": 6}, {**B, "maxConcurrent": 2})
    demand = image(watched.route())
    watched.under_way = [Waits(demand, is_waiting=False)] * 2
    for _ in range(150):
        watched.serve("mac-mini", 2)
        watched.pool["mac-mini"].busy_seconds += 1.0
        watched.pool["gaming-pc"].busy_seconds += 0.4
        watched.serve("gaming-pc", 1)
        watched.advance()
    [advice] = watched.ask()["advice"]
    assert advice["text"] == (
        "gaming-pc is idle 60 % of the time because Immich sends 2 at once; "
        "raise Smart Search concurrency to 8"
    )


def test_without_any_backend_there_is_an_answer() -> None:
    """A newcomer sees it first."""
    watched = Watched(defaultBackend="")
    watched.advance()
    told = watched.ask()
    assert told["machines"] == told["routes"] == told["advice"] == []


def test_events_of_a_day_are_told_at_first() -> None:
    """Older ones are no news."""
    watched = Watched(A)
    watched.now = START + 86_500
    watched.down("gaming-pc")
    assert [one["kind"] for one in watched.ask()["events"]] == ["down"]
