"""What the scheduling achieves, in virtual time: the same on every machine."""

from __future__ import annotations

import sys

import pytest

from benchmarks.simulator.simulation import Machine, Simulation, percentile

MIXED = [Machine(0.02, 4), Machine(0.2, 1)]


@pytest.mark.parametrize("strategy", ["fastest", "least_busy", "round_robin"])
def test_a_mixed_pool_is_kept_busy_with_nothing_set_by_hand(strategy: str) -> None:
    """A fast server beside one ten times slower: close to the ideal, no long tail."""
    done = Simulation(MIXED, {"strategy": strategy}).run(2000, clients=16)
    # A place stands empty for the half millisecond of the turnaround: 2.5 % of 20 ms.
    assert done.makespan <= 1.06 * done.ideal
    # While it is found out what the slow one can do it is given eight at once.
    assert max(done.latencies) <= 8 * 0.2 * 1.1
    assert percentile(done.latencies[300:], 0.99) < 0.5


@pytest.mark.parametrize(
    "server", [Machine(0.02, 4), Machine(0.2, 1), Machine(0.05, 8), Machine(0.1, 2)]
)
def test_the_limit_that_is_found_is_the_number_of_places(server: Machine) -> None:
    """Within a fifth, or one: neither starved nor flooded."""
    done = Simulation([server]).run(1500, clients=32)
    assert abs(done.limits[0] - server.places) <= max(1, 0.2 * server.places)


def test_a_limit_that_is_written_holds_exactly() -> None:
    """A burst of 500 is given to a server three at a time."""
    done = Simulation([Machine(0.02, 8)], backend={"maxConcurrent": 3}).run(500, 500)
    assert done.peaks == [3]


def test_a_search_hardly_waits_during_an_import() -> None:
    """
    It goes ahead of the line: at most one picture is before it.

    Or two, in the moments in which a higher limit is tried; up to eight in the first
    seconds, in which it is found.
    """
    written = {"maxConcurrent": 1}
    done = Simulation([Machine(0.2, 1)], backend=written).run(300, 16, search_every=1.0)
    assert len(done.searches) > 50
    assert percentile(done.searches, 0.99) <= 0.2 * 1.1 * 1.3 + 0.2 * 1.1
    found = Simulation([Machine(0.2, 1)]).run(300, 16, search_every=1.0)
    assert max(found.searches[:5]) <= 8 * 0.2 * 1.1 * 1.1
    assert percentile(found.searches[5:], 0.9) <= 0.2 * 1.1 * 1.3 + 0.2 * 1.1
    assert percentile(found.searches[5:], 0.99) <= 3.1 * 0.2 * 1.1


def test_nobody_starves() -> None:
    """All pictures are answered although searches keep coming."""
    done = Simulation([Machine(0.05, 1)]).run(100, clients=8, search_every=0.04)
    assert len(done.latencies) == 100


def calls(backends: int, requests: int) -> int:
    """Return how many functions are called for so many requests to each backend."""
    simulation = Simulation([Machine(0.1, 2)] * backends, {"maxWaiting": 10_000})
    count = 0

    def called(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(called)
    try:
        simulation.run(requests * backends, clients=12 * backends)
    finally:
        sys.setprofile(None)
    return count


def calls_per_request(backends: int) -> float:
    """Return how many there are for a request while many wait; not of the first."""
    return (calls(backends, 50) - calls(backends, 30)) / (20 * backends)


def test_a_request_costs_the_same_with_200_backends_as_with_ten() -> None:
    """A place that becomes free is offered; nobody looks for it at every backend."""
    assert calls_per_request(200) <= 1.5 * calls_per_request(10)


@pytest.mark.parametrize(("proxies", "most"), [(1, 4), (2, 4), (3, 6)])
def test_several_proxies_share_what_a_machine_is_given(proxies: int, most: int) -> None:
    """No machine is overloaded but by the rounding, and the import takes no longer."""
    shared = Simulation(
        [Machine(0.1, 4)] * 4,
        backend={"maxConcurrent": 4},
        proxies=proxies,
        more={"proxyReplicas": proxies},
    ).run(2000, clients=48, search_every=0.25)
    assert max(shared.peaks) == most
    assert shared.makespan <= 1.06 * shared.ideal
    alone = Simulation(
        [Machine(0.1, 4)] * 4, backend={"maxConcurrent": 4}, proxies=proxies
    ).run(2000, clients=48, search_every=0.25)
    assert max(alone.peaks) == 4 * proxies
    if proxies > 1:
        wait, wait_alone = (percentile(one.searches, 0.99) for one in (shared, alone))
        assert wait < 0.8 * wait_alone
