"""What is seen, second by second, and the sentences that are made of it."""

from __future__ import annotations

import tracemalloc

from immich_ml_proxy.balancer.breaker import TRIP_AFTER
from immich_ml_proxy.balancer.outcome import Kind
from immich_ml_proxy.observe.watch import LIMIT_PAUSE
from tests.balancer.demands import image
from tests.balancer.tries import tried
from tests.observe.watching import START, UNIX, Waits, Watched

A, B = {"name": "a"}, {"name": "b"}


def test_what_is_answered_in_a_second_is_counted_in_it() -> None:
    """By server, by kind, and by route for the traffic."""
    watched = Watched(A, B, taskRouting={"ocr": ["b"]})
    watched.serve("a", 3)
    watched.serve("b", 2, key="ocr", task="ocr")
    watched.advance()
    watched.serve("a", 4)
    watched.advance()
    history, second = watched.watch.history, watched.moment.second
    a, b = (history.server(f"http://{name}:3003") for name in "ab")
    assert a.kind("clip").done.seconds.read(second - 3, second) == [0, 3, 4]
    assert a.kind("clip").done.minutes.get(second // 60) == 7
    assert b.count(second - 10, second) == {"ocr": 2}
    assert b.traffic["ocr", False].sum(second - 10, second) == 2
    assert history.done == {"clip": 7, "ocr": 2}
    assert history.route("ocr").arrived[False].sum(second - 10, second) == 2


def test_a_second_that_was_told_does_not_change_any_more() -> None:
    """A look that is late is soon followed by another: that waits for the next one."""
    watched = Watched(A)
    watched.serve("a", 3)
    watched.advance()
    cursor = watched.ask()["cursor"]
    watched.serve("a", 4)
    watched.now += 0.9
    watched.watch.tick(watched.moment)
    watched.now += 0.1
    watched.watch.tick(watched.moment)
    assert watched.ask(cursor)["plot"]["images"] == {"a": [4]}
    assert watched.ask()["plot"]["images"] == {"a": [3, 4]}


def test_times_are_kept_by_second_and_by_minute() -> None:
    """The percentiles of a minute are those of all its times."""
    watched = Watched(A)
    watched.serve("a", 9, seconds=0.1)
    watched.advance()
    watched.serve("a", 1, seconds=0.8)
    watched.advance()
    kind = watched.watch.history.server("http://a:3003").kind("clip")
    last = watched.moment.second - 1
    assert kind.p50.seconds.get(last) > kind.p50.seconds.get(last - 1)
    assert kind.p50.minutes.get(last // 60) == kind.p50.seconds.get(last - 1)
    assert kind.p95.minutes.get(last // 60) == kind.p95.seconds.get(last)


def test_service_times_of_the_last_minutes_are_told_as_one() -> None:
    """And forgotten after a quarter of an hour."""
    watched = Watched(A)
    watched.serve("a", 50, seconds=0.2)
    watched.serve("a", 20, seconds=0.05, task="search")
    watched.advance()
    told = watched.machine("a")
    assert abs(told["image"]["p50"] - 200) <= 10
    assert abs(told["search"]["p95"] - 50) <= 3
    watched.advance(16 * 60)
    told = watched.machine("a")
    assert told["image"] is told["search"] is None


def test_a_backend_that_is_renamed_keeps_its_numbers() -> None:
    """They belong to its URL; one that moves begins anew."""
    watched = Watched(A, B)
    watched.serve("a", 5)
    watched.serve("b", 7)
    watched.advance()
    moved = {"name": "b", "url": "http://elsewhere:3003"}
    watched.save({"name": "gaming-pc", "url": "http://a:3003"}, moved)
    watched.advance()
    told = {one["name"]: one["perMinute"] for one in watched.ask()["machines"]}
    assert told == {"gaming-pc": {"clip": 5}, "b": {}}
    assert "a is called gaming-pc now" in watched.events()
    assert watched.ask()["plot"]["images"] == {"gaming-pc": [5]}
    assert watched.watch.history.done == {"clip": 12}


def test_two_names_with_one_url_have_numbers_of_their_own() -> None:
    """Somebody may want one machine twice; their states are told apart, too."""
    url = "http://a:3003"
    watched = Watched({**A, "url": url}, {**B, "url": url, "state": "drain"})
    watched.serve("a", 5)
    watched.advance(3)
    told = {one["name"]: one for one in watched.ask()["machines"]}
    assert [told[name]["perMinute"] for name in "ab"] == [{"clip": 5}, {}]
    assert [told[name]["state"] for name in "ab"] == ["up", "drained"]
    assert watched.events() == ["the proxy was started", "a is up"]


def test_down_and_up_again_are_told_with_why_and_for_how_long() -> None:
    """Once, however often it is seen."""
    watched = Watched(A)
    watched.down("a")
    watched.advance(180)
    told = watched.machine("a")
    assert (told["state"], told["why"]) == ("down", "connection refused")
    assert told["since"] == UNIX
    watched.down("a", None)
    watched.advance()
    assert watched.events() == [
        "the proxy was started",
        "a is up",
        "a is down: connection refused",
        "a is up again after 3 min",
    ]


def test_who_has_put_a_machine_aside_and_when() -> None:
    """By hand since the start, or so by the file; that is no trouble."""
    watched = Watched(A, {**B, "state": "disabled"})
    watched.advance(5)
    watched.save({**A, "state": "drain"}, {**B, "state": "disabled"})
    watched.advance(5)
    told = {one["name"]: one for one in watched.ask()["machines"]}
    assert (told["a"]["state"], told["a"]["by"]) == ("drained", "hand")
    assert (told["b"]["state"], told["b"]["by"]) == ("disabled", "file")
    assert told["a"]["since"] == UNIX + 5
    assert watched.events()[-1] == "a was drained by 10.0.0.9"
    watched.save(A, {**B, "state": "disabled"})
    assert watched.machine("a")["by"] is None
    assert watched.events()[-1] == "a was enabled by 10.0.0.9"


def test_a_configuration_that_is_saved_is_an_event() -> None:
    """It tells who; a change of a state alone has a sentence of its own."""
    watched = Watched(A, B)
    watched.save(A, who="192.168.1.7")
    assert watched.events()[-1] == "the configuration was saved by 192.168.1.7"
    assert watched.ask()["proxy"]["config"] == 1
    assert len(watched.ask()["machines"]) == 1


def test_a_wake_up_call_is_told_of_the_machine() -> None:
    """When it was sent last."""
    watched = Watched({**A, "wakeOnLan": {"mac": "00:11:22:aa:bb:cc"}}, B)
    watched.watch.wakes(watched.pool["a"], START + 1)
    told = watched.ask()["machines"]
    assert [one["woken"] for one in told] == [UNIX + 1, None]
    assert [one["canWake"] for one in told] == [True, False]
    assert watched.events()[-1] == "a was sent a wake-up call"


def test_immichs_first_call_is_told_once() -> None:
    """It is what a newcomer waits for."""
    watched = Watched(A)
    assert watched.ask()["immich"] == {"firstCall": None}
    watched.watch.immich_called(START + 1)
    watched.watch.immich_called(START + 9)
    watched.advance()
    assert watched.ask()["immich"] == {"firstCall": UNIX + 1}
    assert watched.events().count("Immich has called for the first time") == 1


def test_who_is_put_out_for_a_task() -> None:
    """For how long, and why."""
    watched = Watched(A, B)
    demand = image(watched.route())
    one, by = (
        tried(watched.pool["a"], Kind.FAILED),
        tried(watched.pool["b"], Kind.SERVED),
    )
    watched.advance()
    for _ in range(TRIP_AFTER):
        watched.pool.evidence.outdone(one, by, demand, watched.now)
    watched.advance()
    assert [text for text in watched.events() if "put out" in text] == [
        "a is put out of clip for 4 s: it failed 3 in a row that others then did"
    ]
    watched.advance()
    assert sum("put out" in text for text in watched.events()) == 1


def test_a_limit_that_was_found_is_told_when_it_is_another() -> None:
    """Not every trial, and not every minute's doubts."""
    watched = Watched(A, {**B, "maxConcurrent": 2})
    watched.advance()
    limiter: object = watched.pool["a"].limiter
    limiter.__dict__["_found"] = 8
    watched.advance()
    limiter.__dict__["_found"] = 16
    watched.advance()
    assert watched.events()[-1] == "a is given up to 8 at once, 4 before"
    watched.advance(int(LIMIT_PAUSE))
    assert watched.events()[-1] == "a is given up to 16 at once, 8 before"
    limiter.__dict__["_found"] = 15
    watched.advance(int(LIMIT_PAUSE))
    assert sum("at once" in text for text in watched.events()) == 2


def test_failures_are_counted_with_the_last_reason() -> None:
    """For a day; a minute in which there were some has a mark of its own."""
    watched = Watched(A)
    watched.fail("a")
    watched.fail("a", "timed out after 5 s")
    watched.advance()
    told = watched.machine("a")
    assert told["errors"] == {
        "count": 2,
        "since": UNIX,
        "last": UNIX + 1,
        "why": "timed out after 5 s",
    }
    assert told["beats"][-1] == "e"
    watched.now += 86_400
    watched.advance()
    assert watched.machine("a")["errors"] is None


def test_the_last_sixty_minutes_have_a_tick_each() -> None:
    """A minute is as bad as the worst in it; of those before the start none knows."""
    watched = Watched(A)
    watched.advance(60)
    watched.down("a")
    watched.advance()
    watched.down("a", None)
    watched.advance(59)
    watched.save({**A, "state": "drain"})
    watched.advance(60)
    assert watched.machine("a")["beats"] == f"{' ' * 56}uda "


def test_what_waits_is_kept_by_route_and_kind() -> None:
    """And what of it is held."""
    watched = Watched(A)
    demand = image(watched.route())
    watched.under_way = [Waits(demand), Waits(demand), Waits(demand, is_waiting=False)]
    watched.advance()
    watched.down("a")
    watched.advance()
    watched.under_way.clear()
    watched.advance()
    route, second = watched.watch.history.route("default"), watched.moment.second
    assert route.waiting["clip"].seconds.read(second - 3, second) == [2, 2, 0]
    assert route.held["clip"].seconds.read(second - 3, second) == [0, 2, 0]
    under_way = watched.watch.history.under_way["clip"].seconds
    assert under_way.read(second - 3, second) == [3, 3, 0]


def test_for_which_part_of_a_second_a_machine_was_busy() -> None:
    """In hundredths, whatever begins and ends in it."""
    watched = Watched(A)
    server, demand = watched.pool["a"], image(watched.route())
    watched.advance()
    server.take(demand, watched.now + 0.25)
    watched.advance()
    watched.advance()
    server.give_back(demand)
    server.busy_seconds += watched.now + 0.5 - server.busy_since
    watched.advance()
    history, second = (
        watched.watch.history.server("http://a:3003"),
        watched.moment.second,
    )
    assert history.busy.seconds.read(second - 4, second) == [0, 75, 100, 50]
    assert history.kind("clip").in_flight.seconds.read(second - 4, second) == [
        0,
        1,
        1,
        0,
    ]


def test_a_day_of_twenty_machines_takes_less_than_five_megabytes() -> None:
    """Whatever they do: it is kept in rings, which have their size from the start."""
    names = [{"name": f"m{n}"} for n in range(20)]
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    watched = Watched(*names, taskRouting={"ocr": ["m0"], "clip": ["m1"]})
    # Of what is no ring the newest quarter of an hour is kept.
    for minute in range(16):
        watched.now = START + 60.0 * minute
        for one in names:
            for task in ("search", "clip", "facial-recognition", "ocr", "captions"):
                watched.serve(one["name"], 1, 0.001 * 1.5**minute, task=task)
            watched.fail(one["name"])
        watched.under_way = [Waits(image(watched.route()))]
        watched.advance()
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert taken < 5_000_000


def test_a_request_of_a_machine_that_is_gone_is_counted_nowhere() -> None:
    """But in what was done in all; it may have left while it was answered."""
    watched = Watched(A, B)
    gone = watched.pool["b"]
    demand = image(watched.route())
    watched.save(A)
    gone.observer.answered(gone, demand, 0.1)
    gone.observer.failed(gone, demand, "answered 500")
    watched.watch.flipped(gone, watched.now)
    watched.watch.wakes(gone, watched.now)
    watched.advance()
    assert watched.watch.history.done == {"clip": 1}
    assert set(watched.watch.history.servers) == {"http://a:3003"}
    assert not watched.watch.woken
