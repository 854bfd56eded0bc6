"""How each policy chooses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.balancer.demand import Demand
from immich_ml_proxy.balancer.selection import POLICIES, Policy
from immich_ml_proxy.balancer.server import Server
from immich_ml_proxy.config.model import STRATEGIES, Route
from tests.balancer.demands import ROUTE, SEARCH, image, search, server


def policy(strategy: str, **more: Any) -> Policy:
    """Return a new policy."""
    return POLICIES[strategy](Route("default", ("a", "b"), strategy, **more))


def busy(one: Server, count: int) -> Server:
    """Have a backend do so much."""
    for _ in range(count):
        one.take(image(), 1.0)
    return one


def takes(one: Server, seconds: float, demand: Demand | None = None) -> Server:
    """Have a backend be known to take so long for a search, or for ``demand``."""
    one.times.add(demand.kind if demand else SEARCH, seconds)
    return one


def chosen(of: Policy, free: Sequence[Server], times: int) -> str:
    """Return the names of whom it chooses for pictures, one after another."""
    return "".join(
        "-" if one is None else one.name
        for one in (of.choose(free, free, image(), 1.0) for _ in range(times))
    )


def test_every_strategy_has_a_policy() -> None:
    """And there is none that nobody can ask for."""
    assert set(POLICIES) == set(STRATEGIES)


@pytest.mark.parametrize("strategy", ["round_robin", "least_busy", "fastest"])
def test_equals_take_turns(strategy: str) -> None:
    """Backends that do not differ get the same."""
    servers = [server(name) for name in "abc"]
    assert chosen(policy(strategy), servers, 6) == "abcabc"


def test_round_robin_goes_on_over_those_with_a_place() -> None:
    """Whatever they do, and however fast they are."""
    a, b = busy(takes(server("a"), 9.0), 5), server("b")
    rota = policy("round_robin")
    assert rota.choose([b], [a, b], image(), 1.0) is b
    assert set(chosen(rota, [a, b], 2)) == {"a", "b"}


def test_routes_have_their_own_turns() -> None:
    """Another route's work does not shift them."""
    servers = [server(name) for name in "ab"]
    one, two = policy("round_robin"), policy("round_robin")
    assert chosen(one, servers, 1) + chosen(two, servers, 1) == "aa"


def test_least_busy_takes_the_fewest_in_flight() -> None:
    """By itself, and for its weight."""
    a, b = busy(server("a"), 2), busy(server("b"), 1)
    assert chosen(policy("least_busy"), [a, b], 3) == "bbb"
    a, b = busy(server("a", weight=4.0), 3), busy(server("b"), 1)
    assert chosen(policy("least_busy"), [a, b], 3) == "aaa"
    a, b = busy(server("a", weight=4.0), 4), busy(server("b"), 1)
    assert sorted(chosen(policy("least_busy"), [a, b], 2)) == ["a", "b"]


@given(st.lists(st.integers(0, 5), min_size=1, max_size=5))
def test_least_busy_chooses_a_least_busy_one(loads: list[int]) -> None:
    """Always."""
    servers = [busy(server(str(n)), load) for n, load in enumerate(loads)]
    one = policy("least_busy").choose(servers, servers, image(), 1.0)
    assert one is not None
    assert one.in_flight == min(loads)


def test_least_busy_shares_work_out_by_weight() -> None:
    """A server of weight 3 does three quarters of what is under way."""
    servers = [server("a", weight=3.0), server("b")]
    shared = policy("least_busy")
    for _ in range(40):
        one = shared.choose(servers, servers, image(), 1.0)
        assert one is not None
        one.take(image(), 1.0)
    assert Counter({m.name: m.in_flight for m in servers}) == {"a": 30, "b": 10}


def test_fastest_takes_the_fastest_with_a_place() -> None:
    """For pictures, and for searches."""
    for demand in (image(), search()):
        slow, fast = takes(server("a"), 2.0, demand), takes(server("b"), 0.1, demand)
        quick = policy("fastest")
        assert [
            quick.choose([slow, fast], [slow, fast], demand, 1.0) for _ in "123"
        ] == [fast] * 3


def test_fastest_tries_what_it_does_not_know() -> None:
    """Else nothing would ever be known of it."""
    known, unknown = takes(server("a"), 0.1, image()), server("b")
    one = policy("fastest").choose([known, unknown], [known, unknown], image(), 1.0)
    assert one is unknown


def test_a_search_waits_for_a_fast_backend_rather_than_go_to_a_slow_one() -> None:
    """If it will still be answered sooner: 0.5 s and 0.1 s here against 2 s."""
    fast = takes(takes(server("a", max_concurrent=1), 0.1), 2.5, image())
    fast.take(image(), -1.0)
    slow = takes(server("b"), 2.0)
    assert policy("fastest").choose([slow], [fast, slow], search(), 1.0) is None


def test_a_search_does_not_wait_longer_than_a_slow_backend_takes() -> None:
    """
    The picture before it takes another 0.5 s, and the search 0.1 s; against 0.55 s.

    The time is what the picture has left, however long it has been there.
    """
    fast = takes(takes(server("a", max_concurrent=1), 0.1), 2.5, image())
    fast.take(image(), -1.0)
    slow = takes(server("b"), 0.55)
    assert policy("fastest").choose([slow], [fast, slow], search(), 1.0) is slow


def test_a_search_does_not_wait_for_a_backend_that_nothing_is_known_of() -> None:
    """It may load a model for a minute."""
    unknown = busy(server("a", max_concurrent=1), 1)
    known = takes(server("b"), 0.1)
    assert policy("fastest").choose([known], [unknown, known], search(), 1.0) is known
    fresh = server("b")
    assert policy("fastest").choose([fresh], [unknown, fresh], search(), 1.0) is fresh


def test_image_work_never_waits_for_a_fast_backend() -> None:
    """To leave a slow one idle would only make the whole import longer."""
    fast = busy(takes(server("a", max_concurrent=1), 0.001, image()), 1)
    slow = takes(server("b"), 100.0, image())
    assert policy("fastest").choose([slow], [fast, slow], image(), 1.0) is slow


def test_in_order_takes_the_first() -> None:
    """Always, as long as it is well and has a place."""
    servers = [server("a"), server("b")]
    assert chosen(policy("in_order"), servers, 3) == "aaa"


def test_in_order_waits_for_the_first_when_it_is_full() -> None:
    """The next one is for when it is down, when it is not among those well."""
    a, b = server("a"), server("b")
    assert policy("in_order").choose([b], [a, b], image(), 1.0) is None
    assert policy("in_order").choose([b], [b], image(), 1.0) is b


def test_in_order_with_spill_goes_on_to_the_next() -> None:
    """The first with a place."""
    a, b, c = server("a"), server("b"), server("c")
    spilling = policy("in_order", spill=True)
    assert spilling.choose([b, c], [a, b, c], image(), 1.0) is b
    assert spilling.choose([a, c], [a, b, c], image(), 1.0) is a


@given(
    st.sampled_from([s for s in STRATEGIES if s != "in_order"]),
    st.lists(st.tuples(st.integers(0, 4), st.none() | st.floats(0.01, 9)), min_size=1),
    st.booleans(),
    st.data(),
)
def test_every_choice_has_a_place(
    strategy: str,
    states: list[tuple[int, float | None]],
    is_search: bool,
    data: st.DataObject,
) -> None:
    """Only a search with the policy ``fastest`` may be told to wait."""
    demand = search(ROUTE) if is_search else image(ROUTE)
    servers = []
    for number, (load, seconds) in enumerate(states):
        servers.append(busy(server(str(number)), load))
        if seconds is not None:
            takes(servers[-1], seconds, demand)
    numbers = st.sets(st.integers(0, len(servers) - 1), min_size=1)
    free = [servers[n] for n in sorted(data.draw(numbers))]
    one = policy(strategy).choose(free, servers, demand, 1.0)
    assert one in free or (one is None and is_search and strategy == "fastest")
