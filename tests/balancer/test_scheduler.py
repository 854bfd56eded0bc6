"""Who is given a place, and when."""

from __future__ import annotations

import pytest

from immich_ml_proxy.balancer.scheduler import LOOK_EVERY, Waiting
from immich_ml_proxy.balancer.server import Server
from immich_ml_proxy.config.model import Route
from immich_ml_proxy.errors import Unavailable
from tests.balancer.demands import configured, image, pool_of, server
from tests.balancer.requests import Requests, one_at_a_time


def test_a_free_place_is_granted_at_once() -> None:
    """And a taken one is waited for."""
    requests = one_at_a_time()
    requests.ask("i1")
    requests.ask("i2")
    assert (requests.granted, requests.waiting) == (["i1>a"], 1)
    assert requests.release("i1") == ["i2>a"]
    assert requests.waiting == 0


def test_a_full_line_refuses() -> None:
    """503, with the time after which to try again; nobody else is lost."""
    requests = one_at_a_time(maxWaiting=2)
    for name in ("i1", "i2", "s1"):
        requests.ask(name)
    with pytest.raises(Unavailable) as refused:
        requests.ask("i3")
    assert refused.value.status == 503
    assert refused.value.retry_after == 5
    assert str(refused.value) == (
        "clip/visual: 2 requests wait already for a place on the route default"
    )
    requests.release("i1")
    requests.ask("i4")
    assert requests.waiting == 2


def test_a_line_full_of_images_takes_a_search() -> None:
    """It is refused only when as many searches wait as there may be requests."""
    requests = one_at_a_time(maxWaiting=2)
    for name in ("i1", "i2", "i3", "s1", "s2"):
        requests.ask(name)
    assert requests.waiting == 4
    with pytest.raises(Unavailable):
        requests.ask("s3")
    assert requests.release("i1") == ["s1>a"]
    requests.ask("s4")
    with pytest.raises(Unavailable):
        requests.ask("i4")


def test_a_place_that_time_has_opened_is_given_with_the_next_event() -> None:
    """Whatever it is: those in line are looked at again, ten times a second at most."""
    requests = Requests(pool_of({"name": "a"}, {"name": "b"}, defaultBackend="a"))
    requests.pool["a"].busy_until = 3.0
    requests.ask("i1")
    other = Route("other", ("b",))
    requests.now = 2.9
    requests.ask("o1", image(other))
    requests.release("o1")
    assert requests.granted == ["o1>b"]
    requests.now = 2.95
    requests.ask("o2", image(other))
    requests.now = 3.01
    requests.ask("i2")
    assert requests.granted == ["o1>b", "o2>b", "i1>a", "i2>a"]


def test_a_released_place_has_the_others_looked_at_too() -> None:
    """But not if they were just now: with many backends that takes long."""
    requests = Requests(pool_of({"name": "a"}, {"name": "b"}, defaultBackend="a"))
    requests.pool["a"].busy_until = 3.0
    requests.now = 2.5
    requests.ask("i1")
    for name in ("o1", "o2"):
        requests.ask(name, image(Route("other", ("b",))))
    requests.scheduler.dispatch(2.95)
    requests.now = 3.0
    assert requests.release("o1") == []
    requests.now = 2.95 + LOOK_EVERY
    assert requests.release("o2") == ["i1>a"]


def test_a_request_that_nobody_may_serve_is_told_so() -> None:
    """Whom the route has cannot do it, and one that could has failed it."""
    requests = one_at_a_time()
    demand = image(requests.route())
    requests.pool["a"].abilities.refused(demand.need, 1.0)
    requests.ask("i1", demand)
    assert requests.granted == ["i1>None"]


def test_who_wants_one_that_has_served_waits_for_that_one() -> None:
    """A second opinion is worth most from a server that knows such requests."""
    backends = [{"name": name, "maxConcurrent": 1} for name in "ab"]
    requests = Requests(pool_of(*backends))
    demand = image(requests.route())
    requests.pool["b"].abilities.served(demand.needs, 1)
    requests.ask("i1", demand, proven=True)
    requests.ask("i2", image(requests.route()), proven=True)
    assert (requests.granted, requests.waiting) == (["i1>b"], 1)
    requests.ask("i3")
    assert requests.release("i3") == []
    assert requests.release("i1") == ["i2>b"]


def test_a_full_line_takes_whom_a_backend_has_failed() -> None:
    """It was taken in once: to send it away now would lose it."""
    requests = one_at_a_time(maxWaiting=1)
    requests.ask("i1")
    requests.ask("i2")
    requests.ask("i3", tried=frozenset({server("b")}))
    assert requests.waiting == 2


def test_a_line_of_no_length_still_grants_what_is_free() -> None:
    """``maxWaiting`` 0 is: at once or not at all."""
    requests = one_at_a_time(maxWaiting=0)
    requests.ask("i1")
    with pytest.raises(Unavailable):
        requests.ask("i2")
    requests.release("i1")
    requests.ask("i3")
    assert requests.granted == ["i1>a", "i3>a"]


def test_who_leaves_is_not_granted_anything() -> None:
    """And its room in the line is free; to leave twice does nothing."""
    requests = one_at_a_time(maxWaiting=2)
    for name in ("i1", "i2", "i3"):
        requests.ask(name)
    for _ in range(2):
        requests.leave("i2")
    requests.leave("i1")
    requests.ask("i4")
    assert requests.waiting == 2
    assert requests.release("i1") == ["i3>a"]


def test_nobody_left_to_ask_is_told_at_once() -> None:
    """All have failed it, or none takes new work: no place will ever be free."""
    requests = one_at_a_time()
    requests.ask("i1", tried=frozenset(requests.pool))
    assert requests.granted == ["i1>None"]
    requests.pool.reconfigure(configured({"name": "a", "state": "drain"}))
    requests.ask("i2")
    assert requests.granted == ["i1>None", "i2>None"]


def test_those_in_line_are_told_when_nobody_is_left() -> None:
    """A new configuration takes the last backend away: they do not wait for ever."""
    requests = one_at_a_time()
    for name in ("i1", "i2", "s1", "i3"):
        requests.ask(name)
    requests.pool.reconfigure(
        configured({"name": "b"}, {"name": "a", "state": "disabled"})
    )
    requests.scheduler.reconfigured(2.0)
    assert requests.granted[1:] == ["s1>None", "i2>None", "i3>None"]
    assert requests.waiting == 0
    assert requests.release("i1") == []


def test_a_higher_limit_lets_those_in_line_go_at_once() -> None:
    """As many as there are new places."""
    requests = one_at_a_time()
    for name in ("i1", "i2", "i3", "i4"):
        requests.ask(name)
    requests.pool.reconfigure(configured({"name": "a", "maxConcurrent": 3}))
    requests.scheduler.reconfigured(2.0)
    assert requests.granted == ["i1>a", "i2>a", "i3>a"]
    assert requests.waiting == 1


def test_a_line_gets_the_length_of_the_new_configuration() -> None:
    """For those who come."""
    requests = one_at_a_time(maxWaiting=0)
    requests.ask("i1")
    backend = {"name": "a", "maxConcurrent": 1}
    longer = {"backends": ["a"], "maxWaiting": 1}
    requests.pool.reconfigure(configured(backend, defaultBackend=longer))
    requests.scheduler.reconfigured(2.0)
    requests.ask("i2")
    assert requests.release("i1") == ["i2>a"]


def test_who_is_held_waits_for_a_healthy_backend() -> None:
    """And takes none before, until it is let go: then any will do."""
    requests = one_at_a_time()
    pool = requests.pool
    pool.evidence.observe(pool["a"], "connection refused", 1.0, is_away=True)
    requests.ask("i1", hold=True)
    requests.ask("i2", hold=True)
    requests.scheduler.dispatch(1.0)
    assert requests.granted == []
    requests.scheduler.let_go(requests.asked["i2"], 2.0)
    assert requests.granted == ["i2>a"]
    requests.release("i2")
    assert requests.waiting == 1
    pool.evidence.observe(pool["a"], None, 3.0)
    requests.scheduler.dispatch(3.0)
    assert requests.granted == ["i2>a", "i1>a"]


def test_to_let_go_of_who_is_gone_does_nothing() -> None:
    """Granted already, or left."""
    requests = one_at_a_time()
    requests.ask("i1")
    requests.ask("i2", hold=True)
    requests.leave("i2")
    for name in ("i1", "i2"):
        requests.scheduler.let_go(requests.asked[name], 2.0)
    assert (requests.granted, requests.waiting) == (["i1>a"], 0)


def test_a_place_given_back_at_once_goes_to_the_next() -> None:
    """While places are given out: sending may fail in the same turn."""
    requests = one_at_a_time()
    requests.ask("i0")
    given: list[str] = []

    def failing(name: str) -> Waiting:
        def granted(server: Server | None) -> None:
            assert server is not None
            given.append(name)
            requests.scheduler.release(server, waiting.demand, 1.0)

        waiting = Waiting(image(requests.route()), granted)
        return waiting

    for n in range(900):
        requests.scheduler.ask(failing(f"i{n + 1}"), 1.0)
    requests.release("i0")
    assert given == [f"i{n + 1}" for n in range(900)]
    assert requests.pool["a"].in_flight == 0


def test_one_who_asks_while_places_are_given_out_comes_last() -> None:
    """A failed request asks for the next backend in the same turn."""
    requests = one_at_a_time()
    requests.ask("i0")
    granted: list[str] = []

    def again(server: Server | None) -> None:
        assert server is not None
        granted.append("again")
        requests.ask("late")
        requests.scheduler.release(server, waiting.demand, 1.0)

    waiting = Waiting(image(requests.route()), again)
    requests.scheduler.ask(waiting, 1.0)
    requests.ask("i1")
    assert requests.release("i0") == ["i1>a"]
    assert granted == ["again"]
    assert requests.release("i1") == ["late>a"]
