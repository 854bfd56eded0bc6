"""The breakers of one server: a task that fails leaves the others alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.balancer.breaker import (
    CLOSED,
    FIRST_OUTAGE,
    LONGEST_OUTAGE,
    MOST_TASKS,
    TRIP_AFTER,
    Breaker,
    Breakers,
)


def failing(*tasks: str, times: int = TRIP_AFTER, now: float = 0.0) -> Breakers:
    """Return the breakers of a server that has failed these so often."""
    breakers = Breakers()
    for _ in range(times):
        breakers.failed(tasks, now)
    return breakers


def test_a_task_that_fails_puts_no_other_out() -> None:
    """A server that fails OCR goes on with clip."""
    breakers = failing("ocr")
    assert breakers.is_open(["ocr"], 4.9)
    assert not breakers.is_open(["clip"], 0.0)
    assert not breakers.is_open([], 0.0)
    assert not breakers.is_open(["ocr"], FIRST_OUTAGE)


def test_a_request_for_several_tasks_needs_all_of_them() -> None:
    """One that is out is enough, wherever it stands."""
    breakers = failing("ocr")
    assert breakers.is_open(["clip", "ocr"], 0.0)
    assert breakers.is_open(["ocr", "clip"], 0.0)


def test_a_request_for_several_tasks_counts_for_all_of_them() -> None:
    """Nobody knows which one it was."""
    breakers = failing("clip", "ocr")
    assert breakers.is_open(["clip"], 0.0)
    assert breakers.is_open(["ocr"], 0.0)


def test_that_it_tripped_is_told_once() -> None:
    """Whichever of the tasks it was; failures during an outage are not told."""
    breakers = Breakers()
    assert [breakers.failed(["ocr"], 0.0) for _ in range(4)] == [
        False,
        False,
        True,
        False,
    ]
    breakers.failed(["a"], 0.0)
    breakers.failed(["a"], 0.0)
    assert breakers.failed(["a", "b"], 0.0)
    breakers.failed(["b"], 0.0)
    assert breakers.failed(["a", "b"], 0.0)
    assert breakers.failed(["ocr"], FIRST_OUTAGE)


def test_what_is_served_is_forgiven() -> None:
    """All of it, for its tasks; the next outage is a first one again."""
    breakers = failing("clip", "ocr")
    for _ in range(9):
        breakers.failed(["clip", "ocr"], 5.0)
    breakers.served(["clip", "other"])
    assert breakers["clip"] == CLOSED
    assert not breakers.is_open(["clip"], 5.0)
    assert breakers.is_open(["ocr"], 5.0)
    breakers.served(["ocr"])
    assert not breakers
    assert not breakers.failed(["ocr"], 5.0)


def test_failures_that_are_not_in_a_row_put_nobody_out() -> None:
    """A server that serves some requests is not broken."""
    breakers = Breakers()
    for _ in range(10):
        for _ in range(TRIP_AFTER - 1):
            assert not breakers.failed(["clip"], 1.0)
        assert not breakers.is_open(["clip"], 1.0)
        breakers.served(["clip"])


def test_it_says_whether_there_is_anything_to_look_at() -> None:
    """Nothing is held against a server that has failed nothing."""
    assert not Breakers()
    assert failing("ocr", times=1)


def test_a_pause_closes_by_itself_and_is_not_told() -> None:
    """It is no outage; several pauses last as long as the longest."""
    breakers = Breakers()
    breakers.pause(["ocr", "clip"], 7.0)
    breakers.pause(["ocr"], 6.0)
    assert breakers.is_open(["ocr"], 6.9)
    assert breakers.is_open(["clip"], 6.9)
    assert not breakers.is_open(["ocr"], 7.0)
    assert not breakers.is_open(["face"], 6.0)
    assert list(breakers.tripped(6.0)) == []
    assert not breakers.failed(["ocr"], 6.5)


def test_it_tells_what_it_is_out_for() -> None:
    """As long as it is."""
    breakers = failing("ocr")
    breakers.failed(["clip"], 0.0)
    breakers.pause(["face"], 60.0)
    out = Breaker(failures=3, outages=1, open_until=5.0)
    assert list(breakers.tripped(4.9)) == [("ocr", out)]
    assert list(breakers.tripped(5.0)) == []


def test_how_many_failures_it_takes_may_be_said() -> None:
    """One, where another was faster by far."""
    breakers = Breakers(trip_after=1)
    assert breakers.failed(["clip"], 1.0)
    assert breakers.is_open(["clip"], 1.0 + FIRST_OUTAGE - 0.1)
    breakers.failed(["clip"], 1.0 + FIRST_OUTAGE)
    assert breakers.is_open(["clip"], 1.0 + 3 * FIRST_OUTAGE - 0.1)


def test_tasks_that_clients_make_up_take_no_room() -> None:
    """Of more than fifty, what came first is forgotten; what is there is kept."""
    breakers = failing("first", "second")
    for number in range(MOST_TASKS - 2):
        breakers.failed([str(number)], 0.0)
    breakers.failed(["first"], 0.0)
    assert breakers.is_open(["first"], 0.0)
    assert breakers.is_open(["second"], 0.0)
    breakers.pause(["one more"], 1.0)
    assert not breakers.is_open(["first"], 0.0)
    assert breakers.is_open(["second"], 0.0)
    assert breakers.is_open(["one more"], 0.0)


@given(
    st.lists(
        st.tuples(
            st.booleans(),
            st.sets(st.sampled_from(["clip", "ocr", "face"])),
            st.floats(0, 100, allow_nan=False),
        ),
        max_size=60,
    )
)
def test_a_breaker_never_shuts_anybody_out_for_good(
    history: list[tuple[bool, set[str], float]],
) -> None:
    """At any time it opens again within a minute, and is open only after failures."""
    breakers, now = Breakers(), 0.0
    in_a_row = dict.fromkeys(["clip", "ocr", "face"], 0)
    for served, tasks, pause in history:
        now += pause
        if served:
            breakers.served(tasks)
        else:
            breakers.failed(tasks, now)
        for task in tasks:
            in_a_row[task] = 0 if served else in_a_row[task] + 1
        for task, count in in_a_row.items():
            breaker = breakers[task]
            assert breaker.failures == count
            assert not breaker.is_open(now + LONGEST_OUTAGE)
            if count < TRIP_AFTER:
                assert not breaker.is_open(now)
            elif count == TRIP_AFTER and task in tasks:
                assert breaker.open_until == now + FIRST_OUTAGE
