"""A backend's places: when it is full, and for whom."""

from __future__ import annotations

import pytest

from immich_ml_proxy.balancer.demand import Demand
from immich_ml_proxy.balancer.latency import Kind
from immich_ml_proxy.balancer.limit import ANSWERS
from immich_ml_proxy.balancer.server import OVERDUE, OVERTAKES, Server
from immich_ml_proxy.config.model import Backend
from tests.balancer.demands import ROUTE, image, search, server

OCR = image(task="ocr")


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
    both = Demand(ROUTE, Kind("clip/visual + ocr", 1), ("clip", "ocr"), False)
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
    one = taken(server(), image())
    assert not one.has_place(image(), 1.0)
    taken(one, search())
    assert not one.has_place(search(), 1.0)


def test_searches_that_overtake_leave_images_their_turn() -> None:
    """
    Of searches that come without a gap only so many go beyond the limit: else the
    backend would never be below it, where an image may begin.
    """
    under_way = image()
    one = taken(server(), under_way)
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
    one = taken(server(), image())
    assert not one.has_place(image(), 1.0 + OVERDUE - 0.1)
    taken(one, image(), now=1.0 + OVERDUE)
    assert not one.has_place(image(), 1.0 + OVERDUE)
    taken(one, image(), now=1.0 + 2 * OVERDUE)
    assert one.in_flight == 3


def test_its_finish_is_expected_by_what_is_under_way() -> None:
    """Those in front are answered as many at a time as there are places."""
    one = server(max_concurrent=2)
    assert one.seconds_to_finish(image()) == 0
    one.times.add(image().kind, 3.0)
    assert one.seconds_to_finish(image()) == 3.0
    taken(one, image(), image())
    assert one.seconds_to_finish(image()) == pytest.approx(4.5)


@pytest.mark.parametrize(
    ("state", "shown"),
    [("enabled", "healthy"), ("drain", "healthy"), ("disabled", "unknown")],
)
def test_only_an_enabled_backend_takes_requests(state: str, shown: str) -> None:
    """What is shown of one that drains is what pings tell."""
    one = server(state=state)
    assert one.is_healthy(2.0) == one.is_enabled == (state == "enabled")
    assert one.reported(2.0).status == shown
    assert one.reported(2.0).last_check == 1.0


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
    for _ in range(ANSWERS):
        one.limiter.answered("k", 1.0, 1)
    assert one.limiter.limit == 2
    one.reconfigure(Backend(name="a", url=one.backend.url, weight=2.0))
    assert one.limiter.limit == 2
    one.reconfigure(Backend(name="a", url=one.backend.url, max_concurrent=7))
    assert one.limiter.limit == 7
