"""A backend's places: when it is full, and for whom."""

from __future__ import annotations

from immich_ml_proxy.balancer.demand import Demand
from immich_ml_proxy.balancer.latency import Kind
from immich_ml_proxy.balancer.limit import ANSWERS, START
from immich_ml_proxy.balancer.server import OVERDUE, OVERTAKES, Server
from immich_ml_proxy.config.model import Backend
from tests.balancer.demands import PICTURE, ROUTE, image, search, server

OCR = image(task="ocr")


def found(limit: int) -> Server:
    """Return a backend whose limit was found."""
    one = server()
    one.limiter.limit = limit
    return one


def taken(one: Server, *demands: Demand, now: float = 1.0) -> Server:
    """Give a backend these."""
    for demand in demands:
        assert one.has_place(demand, now)
        one.take(demand, now)
    return one


def test_a_fixed_limit_holds_exactly() -> None:
    """For searches too, and however long the others take."""
    one = taken(server(max_concurrent=2), image(), image())
    for now in (1.0, 1e6):
        assert not one.has_place(image(), now)
        assert not one.has_place(search(), now)


def test_a_place_that_is_given_back_is_free() -> None:
    """Exactly one."""
    first = image()
    one = taken(server(max_concurrent=2), first, image())
    one.give_back(first)
    taken(one, image())
    assert not one.has_place(image(), 1.0)
    assert one.in_flight == 2


def test_limits_by_task_hold_exactly() -> None:
    """One OCR at a time, and clip as well."""
    one = taken(server(max_concurrent=9, limits={"ocr": 1}), image(task="ocr"))
    assert not one.has_place(OCR, 1e6)
    taken(one, image(), image())
    assert not one.has_place(OCR, 1e6)


def test_a_request_takes_a_place_of_each_of_its_tasks() -> None:
    """And gives each of them back."""
    needs = (*image().needs, *OCR.needs)
    kind = Kind("clip/visual + ocr", 1)
    both = Demand(ROUTE, kind, ("clip", "ocr"), False, needs, PICTURE)
    one = taken(server(max_concurrent=9, limits={"ocr": 1, "clip": 2}), image())
    taken(one, both)
    assert not one.has_place(OCR, 1.0)
    assert not one.has_place(image(), 1.0)
    one.give_back(both)
    assert one.has_place(both, 1.0)


def test_a_limit_by_task_holds_beside_one_that_is_found() -> None:
    """Neither overtaking nor overdue requests break it."""
    one = taken(server(limits={"clip": 1}), search())
    assert not one.has_place(search(), 1.0)
    assert not one.has_place(image(), 1.0 + OVERDUE)
    assert one.has_place(OCR, 1.0 + OVERDUE)


def test_where_a_limit_is_found_a_search_overtakes() -> None:
    """One of them, beyond the limit; a picture does not."""
    one = taken(found(2), image(), image())
    assert not one.has_place(image(), 1.0)
    taken(one, search())
    assert not one.has_place(search(), 1.0)
    assert not one.has_place(image(), 1.0)


def test_searches_that_overtake_leave_images_their_turn() -> None:
    """
    Of searches that come without a gap only so many go beyond the limit: else the
    backend would never be below it, where an image may begin.
    """
    under_way = image()
    one = taken(found(1), under_way)
    overtaken = 0
    while one.has_place(search(), 1.0) and overtaken < 100:
        following = search()
        taken(one, following)
        one.give_back(under_way)
        under_way = following
        overtaken += 1
    assert overtaken == OVERTAKES
    one.give_back(under_way)
    taken(one, image(), search())


def test_what_takes_very_long_does_not_count() -> None:
    """A model that is downloaded does not keep everything else waiting."""
    one = taken(found(1), image())
    assert not one.has_place(image(), 1.0 + OVERDUE - 0.1)
    other = image()
    taken(one, other, now=1.0 + OVERDUE)
    assert not one.has_place(image(), 1.0 + OVERDUE)
    one.give_back(other)
    one.last_answer = 1.5 + OVERDUE
    taken(one, image(), now=1.5 + OVERDUE)
    assert one.in_flight == 2


def test_only_those_that_are_overdue_do_not_count() -> None:
    """Of several, each has its own time."""
    one = taken(found(2), image(), now=1.0)
    taken(one, image(), now=3.0)
    assert not one.has_place(image(), 1.0 + OVERDUE - 0.1)
    taken(one, image(), now=1.0 + OVERDUE)
    assert not one.has_place(image(), 3.0 + OVERDUE - 0.1)
    assert one.has_place(image(), 3.0 + OVERDUE)


def test_who_hangs_gets_as_many_again_and_no_more() -> None:
    """Overdue requests keep nobody waiting; unless nothing is answered any more."""
    one = taken(found(4), *[image() for _ in range(4)])
    assert not one.has_place(image(), 5.9)
    for number in range(4):
        assert one.has_place(image(), 6.0), number
        one.take(image(), 6.0)
    for later in (6.0, 11.0, 60.0):
        assert not one.has_place(image(), later)
    one.last_answer = 61.0
    assert one.has_place(image(), 61.0)


def test_a_new_server_does_four_at_once() -> None:
    """The types of one request run at once; the fifth waits."""
    one = taken(server(), *(image() for _ in range(4)))
    assert not one.has_place(image(), 1.0)


def test_an_overload_in_one_task_leaves_the_others_their_places() -> None:
    """Half of what was there of it; the places in all are one number."""
    one = taken(found(8), *(image(task="ocr") for _ in range(4)), image())
    one.overloaded(OCR)
    assert not one.has_place(OCR, 1.0)
    taken(one, image(), image(), image())
    assert not one.has_place(image(), 1.0)
    assert one.limiter.limit == 8


def test_what_is_answered_raises_the_limit_of_a_task_again() -> None:
    """It goes at last: when it says no more than that of all tasks."""
    first = image(task="ocr")
    one = taken(found(2), first)
    one.overloaded(OCR)
    assert one.task_limits
    assert not one.has_place(OCR, 1.0)
    one.answered(first, 0.1)
    one.give_back(first)
    taken(one, image(task="ocr"), image(task="ocr"))
    assert not one.has_place(OCR, 1.0)
    one.answered(OCR, 0.1)
    assert not one.task_limits


def test_a_limit_that_was_written_is_not_halved() -> None:
    """What the user wrote holds."""
    one = taken(server(max_concurrent=8), *(image() for _ in range(4)))
    one.overloaded(image())
    assert not one.task_limits
    assert one.has_place(image(), 1.0)


def test_what_was_served_is_timed() -> None:
    """For what is expected, and for the limit."""
    one = taken(server(), *(image() for _ in range(4)))
    for _ in range(START // 2 + ANSWERS):
        one.answered(image(), 0.5)
    assert one.times.expected(image().kind) == 0.5
    assert one.limiter.limit == 8


def test_a_new_limit_leaves_what_is_under_way_alone() -> None:
    """There may be more in flight than the new limit for a while."""
    first = image()
    one = taken(server(max_concurrent=3), first, image(), image())
    url = one.backend.url
    one.reconfigure(Backend(name="a", url=url, max_concurrent=2))
    one.give_back(first)
    assert one.in_flight == one.limiter.limit == 2
    assert not one.has_place(image(), 1.0)


def test_a_limit_that_was_found_is_kept_when_something_else_changes() -> None:
    """To find it again would cost time."""
    one = server()
    for _ in range(START // 2 + ANSWERS):
        one.limiter.answered("k", 1.0, 4)
    assert one.limiter.limit == 8
    one.reconfigure(Backend(name="a", url=one.backend.url, weight=2.0))
    assert one.limiter.limit == 8
    one.reconfigure(Backend(name="a", url=one.backend.url, max_concurrent=7))
    assert one.limiter.limit == 7
