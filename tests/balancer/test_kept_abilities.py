"""What is kept of what a server cannot do: sizes, and how much of it."""

from __future__ import annotations

import gc
import tracemalloc

import pytest

from immich_ml_proxy.balancer import abilities
from immich_ml_proxy.balancer.abilities import (
    LONGEST,
    MODELS,
    MOST_NEEDS,
    MOST_TASKS,
    Abilities,
)
from immich_ml_proxy.balancer.demand import Demand
from immich_ml_proxy.balancer.latency import Kind, size_class
from immich_ml_proxy.balancer.server import Server
from tests.balancer.able import (
    LATER,
    NOW,
    OCR,
    VISUAL,
    can,
    model,
    refusing,
)
from tests.balancer.demands import PICTURE, ROUTE, needing, server


def test_a_body_that_is_too_large_is_learned_as_a_size() -> None:
    """What is no smaller is not sent there, whatever it asks for; for ten minutes."""
    known = Abilities()
    known.too_large(2_000_000, NOW)
    assert can(known, VISUAL, size=1_999_999)
    assert not can(known, VISUAL, size=2_000_000)
    assert not can(known, OCR, size=9_000_000)
    assert known.cannot(NOW) == ["bodies of 2.0 MB and more"]
    assert not can(known, VISUAL, LATER - 0.1, 2_000_000)
    assert can(known, VISUAL, LATER, 2_000_000)
    assert known.cannot(LATER) == []


def test_the_smallest_that_is_too_large_counts() -> None:
    """As long as it is not outdated."""
    known = Abilities()
    for size in (3000, 2000, 4000):
        known.too_large(size, NOW)
    assert not can(known, VISUAL, size=2000)
    assert can(known, VISUAL, size=1999)
    known.too_large(4000, LATER)
    assert can(known, VISUAL, LATER, 3999)
    assert not can(known, VISUAL, LATER, 4000)


def test_a_size_that_is_served_after_all_is_forgotten() -> None:
    """A smaller one says nothing; and the next refusal is learned as the first."""
    known = Abilities()
    known.too_large(2000, NOW)
    known.served(VISUAL, 1999)
    assert not can(known, VISUAL, size=2000)
    known.served(VISUAL, 2000)
    assert can(known, VISUAL, size=2000)
    assert known.cannot(NOW) == []
    known.too_large(5000, NOW)
    assert can(known, VISUAL, size=4999)
    assert not can(known, VISUAL, size=5000)


def test_only_so_much_is_told() -> None:
    """Tasks first, then models, then the size."""
    known = refusing(*(model(n) for n in range(30)), served=VISUAL)
    for number in range(3):
        known.refused(model(number, "ocr")[-1], NOW)
    told = known.cannot(NOW)
    assert len(told) == abilities.SHOWN == 20
    assert told[:2] == ["ocr", "clip/visual (model 0)"]
    known.forget_refusals()
    known.refused(OCR[-1], NOW)
    known.too_large(1_540_000, NOW)
    assert known.cannot(NOW) == [
        "ocr (PP-OCRv5_mobile)",
        "bodies of 1.5 MB and more",
    ]


def test_what_was_refused_longest_ago_goes() -> None:
    """Of a thousand models, and of fifty tasks, that clients make up."""
    assert (MOST_NEEDS, MOST_TASKS) == (1000, 50)
    known = refusing(*(model(n) for n in range(MOST_NEEDS + 1)), served=VISUAL)
    assert can(known, model(0))
    assert not can(known, model(1))
    known = Abilities()
    for number in range(MOST_TASKS + 1):
        for each in range(MODELS):
            known.refused(model(each, f"task {number}")[-1], NOW)
    assert can(known, model(9, "task 0"))
    assert not can(known, model(9, "task 1"))


def test_what_was_served_longest_ago_goes() -> None:
    """And what was served again just now stays."""
    known = Abilities()
    for number in range(MOST_NEEDS):
        known.served(model(number), 1)
    known.served(model(0), 1)
    known.served(model(MOST_NEEDS), 1)
    assert known.has_served(model(0)[-1])
    assert not known.has_served(model(1)[-1])
    known.refused(OCR[-1], NOW)
    known.served(model(2), 1)
    known.served(model(MOST_NEEDS + 1), 1)
    assert known.has_served(model(2)[-1])
    assert not known.has_served(model(3)[-1])


@pytest.mark.parametrize(("length", "is_kept"), [(LONGEST, True), (LONGEST + 1, False)])
def test_a_task_with_a_long_name_is_not_learned(length: int, is_kept: bool) -> None:
    """Its models are: of those a digest is kept."""
    task = "t" * length
    known = refusing(*(model(n, task) for n in range(3)))
    assert can(known, model(4, task)) is not is_kept
    assert not can(known, model(1, task))


def known_to(one: Server) -> None:
    """Have a server be asked for models, and tasks, that clients make up."""
    for number in range(4_000):
        is_task = number % 20 == 0
        task = f"{number:010000d}" if is_task else "clip"
        need = needing(task, "visual", model=f"{number:010000d}")
        kind = Kind(f"{task}/visual", size_class(PICTURE))
        demand = Demand(ROUTE, kind, (task,), False, need, PICTURE)
        one.take(demand, NOW)
        if number % 2:
            one.answered(demand, 1.0)
            one.has_served(demand, 1.0)
        one.abilities.refused(demand.need, NOW)
        one.breakers.failed(demand.tasks, NOW)
        one.detours.failed(demand.tasks, NOW)
        one.overloaded(demand)
        one.give_back(demand)


def test_what_clients_make_up_takes_no_room() -> None:
    """Four thousand names of 10 KB each: less than 5 MB of a server."""
    one = server()
    tracemalloc.start()
    known_to(one)
    gc.collect()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 5_000_000
    assert len(one.notes(NOW)) <= 2 + MOST_TASKS
    assert len(one.notes(NOW)[0]) < 20 * 200
