"""How much of one task a server is given after an overload in it."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.balancer.limit import HIGHEST
from immich_ml_proxy.balancer.task_limits import MOST_TASKS, TaskLimits

OCR = ("ocr",)
CLIP = ("clip",)


def overloaded(in_flight: int, *tasks: str) -> TaskLimits:
    """Return the limits after an overload with so many of each task in flight."""
    limits = TaskLimits()
    limits.overloaded(tasks or OCR, dict.fromkeys(tasks or OCR, in_flight))
    return limits


def most(limits: TaskLimits, task: str = "ocr") -> int:
    """Return how many of a task there may be."""
    return next(
        count for count in range(200) if not limits.allow((task,), {task: count})
    )


def test_without_an_overload_there_is_no_limit() -> None:
    """But the highest there is."""
    limits = TaskLimits()
    assert not limits
    assert limits.allow(OCR, {"ocr": HIGHEST - 1})
    assert not limits.allow(OCR, {"ocr": HIGHEST})


@pytest.mark.parametrize(
    ("in_flight", "limit"), [(16, 8), (9, 4), (4, 2), (3, 1), (2, 1), (1, 1), (0, 1)]
)
def test_an_overload_halves_what_is_in_flight(in_flight: int, limit: int) -> None:
    """One is always given."""
    assert most(overloaded(in_flight)) == limit


def test_an_overload_of_one_task_leaves_the_others_alone() -> None:
    """A server whose memory OCR fills does clip as before."""
    limits = overloaded(8)
    assert limits
    assert most(limits) == 4
    assert most(limits, "clip") == HIGHEST
    assert limits.allow(CLIP, {"ocr": 60, "clip": 60})


def test_a_request_for_several_tasks_needs_room_for_each() -> None:
    """One that has none is enough; an overload is one of all of them."""
    limits = overloaded(8)
    assert not limits.allow(("clip", "ocr"), {"ocr": 4})
    assert not limits.allow(("ocr", "clip"), {"ocr": 4})
    assert limits.allow(("clip", "ocr"), {"ocr": 3})
    both = overloaded(8, "clip", "ocr")
    assert (most(both), most(both, "clip")) == (4, 4)


def test_each_further_overload_halves_it_again() -> None:
    """Never more than half of what the limit was, and never below one."""
    limits = overloaded(16)
    seen = []
    for _ in range(5):
        limits.overloaded(OCR, {"ocr": 60})
        seen.append(most(limits))
    assert seen == [4, 2, 1, 1, 1]
    limits = overloaded(16)
    limits.overloaded(OCR, {"ocr": 6})
    assert most(limits) == 3


def test_what_is_answered_raises_it_by_one_a_round() -> None:
    """As many answers as there are places, each under the full limit."""
    limits = overloaded(4)
    rounds = []
    for _ in range(4):
        before, answers = most(limits), 0
        while most(limits) == before:
            limits.answered(OCR, {"ocr": before}, 64)
            answers += 1
        rounds.append((before, answers))
    assert rounds == [(2, 3), (3, 3), (4, 5), (5, 5)]


def test_answers_below_the_limit_do_not_raise_it() -> None:
    """They prove nothing about more."""
    limits = overloaded(8)
    for _ in range(100):
        limits.answered(OCR, {"ocr": 3}, 64)
        limits.answered(CLIP, {"ocr": 4, "clip": 9}, 64)
        limits.answered(OCR, {}, 64)
    assert most(limits) == 4
    limits.answered(OCR, {"ocr": 4}, 64)
    for _ in range(4):
        limits.answered(("clip", "ocr"), {"clip": 1, "ocr": 5}, 64)
    assert most(limits) == 5


def test_a_limit_as_high_as_that_of_all_is_none() -> None:
    """Then there is nothing to look at any more."""
    limits = overloaded(8)
    limits.answered(OCR, {"ocr": 4}, 5)
    assert limits
    while most(limits) < 5:
        limits.answered(OCR, {"ocr": 4}, 5)
    assert limits
    limits.answered(OCR, {"ocr": 5}, 5)
    assert not limits
    assert most(limits) == HIGHEST


def test_tasks_that_clients_make_up_take_no_room() -> None:
    """Beyond fifty none gets a limit; those that have one go on."""
    limits = TaskLimits()
    for number in range(MOST_TASKS):
        limits.overloaded((str(number),), {str(number): 8})
    limits.overloaded(OCR, {"ocr": 8})
    assert most(limits) == HIGHEST
    assert most(limits, str(MOST_TASKS - 1)) == 4
    limits.overloaded(("0",), {"0": 8})
    assert most(limits, "0") == 2


@given(
    st.lists(
        st.tuples(
            st.booleans(),
            st.sets(st.sampled_from(["clip", "ocr"]), min_size=1),
            st.integers(0, 64),
            st.integers(1, 64),
        ),
        max_size=80,
    )
)
def test_one_of_each_task_is_always_given(
    events: list[tuple[bool, set[str], int, int]],
) -> None:
    """Whatever fails, and whatever is answered."""
    limits = TaskLimits()
    for fails, tasks, in_flight, limit in events:
        there = Counter(dict.fromkeys(tasks, in_flight))
        if fails:
            limits.overloaded(tasks, there)
            for task in tasks:
                assert most(limits, task) <= max(1, in_flight // 2)
        else:
            limits.answered(tasks, there, limit)
        assert limits.allow(("clip", "ocr"), {})
