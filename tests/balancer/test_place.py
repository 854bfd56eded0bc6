"""Waiting for a place, with time."""

from __future__ import annotations

import pytest
from twisted.internet.defer import CancelledError

from immich_ml_proxy.balancer.place import LOOK_EVERY
from immich_ml_proxy.balancer.server import OVERDUE
from immich_ml_proxy.errors import Unavailable
from tests.balancer.demands import configured, image
from tests.balancer.takers import Takers, at
from tests.fakes import outcome, result_of


def test_a_free_place_is_there_at_once() -> None:
    """Without a timer, and without waking anybody."""
    takers = Takers("a")
    assert result_of(takers.take(hold=60)).server is takers.pool["a"]
    assert takers.clock.getDelayedCalls() == []
    assert takers.wanted == []


def test_a_taken_place_is_waited_for() -> None:
    """Until it is given back."""
    takers = Takers("a")
    first = takers.fill()
    second = outcome(takers.take())
    assert second == []
    first.give_back()
    assert at(second) == ["a"]
    takers.check_quiet()


def test_a_place_is_given_back_once() -> None:
    """Whoever holds it may say so twice; the next holder's place stays taken."""
    takers = Takers("a")
    first = takers.fill()
    first.give_back()
    second = takers.fill()
    first.give_back()
    assert takers.pool["a"].in_flight == 1
    second.give_back()
    assert takers.pool["a"].in_flight == 0


def test_nobody_left_to_ask_is_none() -> None:
    """All have failed it."""
    takers = Takers("a", "b")
    assert result_of(takers.take(hold=60, tried="ab")) is None


def test_a_full_line_is_raised() -> None:
    """And nobody is woken for it."""
    takers = Takers("a", maxWaiting=0)
    takers.take()
    with pytest.raises(Unavailable):
        takers.take()
    assert takers.wanted == []


def test_a_request_is_held_until_a_backend_is_back() -> None:
    """It goes there at once, and its timer ends."""
    takers = Takers("a", "b")
    takers.down("a", "b")
    held = outcome(takers.take(hold=60))
    takers.clock.advance(59)
    assert held == []
    takers.up("b")
    assert at(held) == ["b"]
    takers.check_quiet()


def test_a_request_is_held_so_long_and_no_longer() -> None:
    """Then any backend is tried: a request is never failed unasked."""
    takers = Takers("a")
    takers.down("a")
    held = outcome(takers.take(hold=60))
    takers.clock.advance(59.9)
    assert held == []
    takers.clock.advance(0.1)
    assert at(held) == ["a"]
    takers.check_quiet()


def test_who_is_held_no_longer_does_not_wait_for_those_who_are() -> None:
    """Each has its own time, though they stand in one line."""
    takers = Takers("a")
    takers.down("a")
    long, short = outcome(takers.take(hold=60)), outcome(takers.take(hold=10))
    takers.clock.advance(10)
    assert (long, at(short)) == ([], ["a"])


def test_without_holding_any_backend_is_tried_at_once() -> None:
    """What pings say may be wrong."""
    takers = Takers("a")
    takers.down("a")
    assert takers.fill().server is takers.pool["a"]


def test_who_is_held_no_longer_still_waits_for_a_place() -> None:
    """Limits hold."""
    takers = Takers("a")
    first = takers.fill()
    takers.down("a")
    held = outcome(takers.take(hold=60))
    takers.clock.advance(60)
    assert (held, takers.waiting) == ([], 1)
    first.give_back()
    assert at(held) == ["a"]


def test_cancelling_leaves_the_line() -> None:
    """The place that is free later goes to the next, and no timer is left."""
    takers = Takers("a")
    first = takers.fill()
    gone, patient = takers.take(hold=60), outcome(takers.take())
    ended = outcome(gone)
    gone.cancel()
    assert ended[0].check(CancelledError)
    [look] = takers.clock.getDelayedCalls()
    assert (takers.waiting, look.getTime()) == (1, LOOK_EVERY)
    first.give_back()
    assert at(patient) == ["a"]
    takers.check_quiet()


def test_a_backend_that_work_waits_for_is_wanted() -> None:
    """Those that are down; not those that are well or are not to be used."""
    takers = Takers("a", "b", "c", "d", states={"c": "drain", "d": "disabled"})
    takers.down("a", "c", "d")
    takers.take()
    assert takers.wanted == []
    takers.take()
    assert (takers.waiting, takers.wanted) == (1, ["a"])


def test_a_backend_that_is_held_for_is_wanted() -> None:
    """It may be asleep."""
    takers = Takers("a", "b")
    takers.down("a", "b")
    takers.take(hold=60)
    assert takers.wanted == ["a", "b"]


def test_it_is_wanted_again_with_every_ping_in_vain() -> None:
    """A packet may be lost; how often one is sent is not decided here."""
    takers = Takers("a")
    takers.down("a")
    takers.take(hold=60)
    takers.down("a")
    takers.places.changed()
    assert takers.wanted == ["a", "a"]
    takers.up("a")
    takers.places.changed()
    assert (takers.waiting, takers.wanted) == (0, ["a", "a"])


def test_a_new_configuration_lets_those_in_line_go() -> None:
    """To the places that it brings, or away, when there is nobody left."""
    takers = Takers("a")
    takers.take()
    second, third = outcome(takers.take()), outcome(takers.take(hold=60))
    takers.pool.reconfigure(configured({"name": "a", "maxConcurrent": 2}))
    takers.places.reconfigured()
    assert (at(second), third) == (["a"], [])
    takers.pool.reconfigure(configured({"name": "b"}))
    takers.places.reconfigured()
    assert third == [None]
    takers.check_quiet()


def test_what_time_alone_opens_is_given_within_half_a_second() -> None:
    """A busy server's end; while somebody waits, and no longer."""
    takers = Takers("a")
    takers.pool["a"].busy_until = 3.2
    held = outcome(takers.take())
    for _ in range(6):
        takers.clock.advance(0.5)
        assert held == []
    takers.clock.advance(0.5)
    assert at(held) == ["a"]
    assert takers.clock.getDelayedCalls() == []


def test_a_request_that_is_overdue_leaves_its_place() -> None:
    """Nothing else happens: no answer, no ping, nobody who comes."""
    takers = Takers("a", places="auto")
    takers.pool["a"].limiter.limit = 1
    takers.fill()
    second, third = outcome(takers.take()), outcome(takers.take())
    takers.clock.advance(OVERDUE - 0.1)
    assert second == []
    takers.clock.pump([0.5] * 2)
    assert (at(second), third) == (["a"], [])


def test_one_looks_for_all_who_wait() -> None:
    """However many there are."""
    takers = Takers("a")
    first = takers.fill()
    waiting = [outcome(takers.take()) for _ in range(50)]
    assert len(takers.clock.getDelayedCalls()) == 1
    takers.clock.advance(10)
    assert len(takers.clock.getDelayedCalls()) == 1
    first.give_back()
    assert at(waiting[0]) == ["a"]


def test_a_free_place_is_taken_without_waiting() -> None:
    """For a second attempt beside the first: where there is one, at who is ready."""
    takers = Takers("a", "b", spill=True)
    first = takers.places.take_free(image(takers.demand.route), ())
    assert first is not None
    assert (first.server.name, first.server.in_flight) == ("a", 1)
    demand = image(takers.demand.route)
    second = takers.places.take_free(demand, [takers.pool["a"]])
    assert second is not None
    assert second.server.name == "b"
    assert takers.places.take_free(image(takers.demand.route), ()) is None
    second.give_back()
    takers.down("b")
    assert takers.places.take_free(image(takers.demand.route), ()) is None
    assert (takers.waiting, takers.wanted) == (0, [])
    assert [server.in_flight for server in takers.pool] == [1, 0]


def test_one_that_has_served_such_requests_may_be_wanted() -> None:
    """For a second opinion: the others are left alone while it is there."""
    takers = Takers("a", "b", strategy="round_robin")
    takers.pool["b"].abilities.served(takers.demand.needs, 1)
    place = result_of(takers.take(proven=True))
    assert place.server.name == "b"
    second = outcome(takers.take(proven=True))
    assert second == []
    place.give_back()
    assert at(second) == ["b"]


def test_nobody_is_woken_by_a_request_that_finds_nobody() -> None:
    """A disabled backend is left in peace."""
    takers = Takers("a", states={"a": "disabled"})
    takers.down("a")
    assert result_of(takers.take(hold=60)) is None
    assert takers.wanted == []
