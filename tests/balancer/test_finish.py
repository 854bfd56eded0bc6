"""When a backend would be done with a request that goes there next."""

from __future__ import annotations

import pytest

from immich_ml_proxy.balancer.server import Server
from tests.balancer.demands import image, search, server

NOW = 10.0


def used_to(
    picture: float | None, query: float | None = None, places: int = 2
) -> Server:
    """Return a backend that takes so many seconds, as far as is known."""
    one = server(max_concurrent=places)
    if picture is not None:
        one.times.add(image().kind, picture)
    if query is not None:
        one.times.add(search().kind, query)
    return one


def under_way(one: Server, *began: float) -> Server:
    """Have pictures be under way since then."""
    for when in began:
        one.take(image(), when)
    return one


def test_with_a_place_it_takes_as_long_as_usual() -> None:
    """0 where nothing is known; whatever the others do."""
    assert used_to(None).seconds_to_finish(image(), NOW) == 0.0
    assert used_to(3.0).seconds_to_finish(image(), NOW) == 3.0
    assert under_way(used_to(3.0), 9.0).seconds_to_finish(image(), NOW) == 3.0


def test_without_one_it_begins_when_the_first_is_done() -> None:
    """That which has the least left."""
    one = under_way(used_to(3.0, 0.5), 9.0, 8.0)
    assert one.seconds_to_finish(search(), NOW) == pytest.approx(1.0 + 0.5)
    assert one.seconds_to_finish(image(), NOW) == pytest.approx(1.0 + 3.0)


def test_those_in_front_are_done_before() -> None:
    """One more under way than there are places: two must be done."""
    one = under_way(used_to(3.0, 0.5), 9.0, 8.0, 9.5)
    assert one.seconds_to_finish(search(), NOW) == pytest.approx(2.0 + 0.5)
    one = under_way(one, 9.9)
    assert one.seconds_to_finish(search(), NOW) == pytest.approx(2.5 + 0.5)


def test_what_is_late_takes_as_long_as_it_took() -> None:
    """Twenty seconds for three: it will take another twenty."""
    one = under_way(used_to(3.0, 0.5, places=1), NOW - 20.0)
    assert one.seconds_to_finish(search(), NOW) == pytest.approx(20.5)
    exactly = under_way(used_to(3.0, 0.5, places=1), NOW - 3.0)
    assert exactly.seconds_to_finish(search(), NOW) == pytest.approx(3.5)


def test_what_nothing_is_known_of_is_late_at_once() -> None:
    """A picture while only searches are known."""
    one = under_way(used_to(None, 0.5, places=1), NOW - 4.0)
    assert one.seconds_to_finish(search(), NOW) == pytest.approx(4.5)


def test_who_came_back_is_not_waited_for() -> None:
    """Its place is free."""
    demand = image()
    one = used_to(3.0, places=1)
    one.take(demand, 9.0)
    assert one.seconds_to_finish(image(), NOW) == pytest.approx(5.0)
    one.give_back(demand)
    assert one.seconds_to_finish(image(), NOW) == 3.0
