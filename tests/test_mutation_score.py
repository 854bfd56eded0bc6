"""Which modules faults are put into, and how what mutmut found is counted."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatch
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import frozen

from tests.mutation_run import arranged
from tests.mutation_score import Score, score, total
from tests.test_import_map import EDGES, FACES, OURS, room

ROOMS = {"balancer", "protocol"}
SETTINGS = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())
MUTMUT = SETTINGS["tool"]["mutmut"]


def is_mutated(name: str) -> bool:
    """Whether faults are put into this module."""
    path = f"immich_ml_proxy/{name.replace('.', '/')}.py"
    return any(fnmatch(path, one) for one in MUTMUT["only_mutate"]) and not any(
        fnmatch(path, one) for one in MUTMUT["do_not_mutate"]
    )


def test_faults_are_put_into_every_module_that_decides() -> None:
    """What is left out of the two rooms is an edge, and exists."""
    modules = {name for name in set(OURS) - FACES if room(name) in ROOMS}
    left_out = {name for name in modules if not is_mutated(name)}
    assert left_out <= EDGES
    assert len(left_out) == len(MUTMUT["do_not_mutate"])
    assert {room(name) for name in modules - left_out} == ROOMS


@frozen
class Item:
    """A collected test, as far as it is looked at."""

    path: Path
    obj: object


def test_a_fault_is_shown_to_its_rooms_tests_those_of_its_module_first() -> None:
    """Such as draw examples come last; without a fault all is as it was."""
    drawn = SimpleNamespace(is_hypothesis_test=True)
    web = Item(Path("tests/web/test_api.py"), object())
    pool = Item(Path("tests/balancer/test_pool.py"), object())
    model = Item(Path("tests/balancer/test_queue.py"), drawn)
    queue = Item(Path("tests/balancer/test_queue.py"), object())
    items: list[Any] = [web, pool, model, queue]
    assert arranged(items, "") == items
    fault = "immich_ml_proxy.balancer.queue.x_heads__mutmut_1"
    expected: list[Any] = [queue, model, pool]
    assert arranged(items, fault) == expected


def test_a_fault_is_noticed_by_a_failed_test_or_by_one_without_an_end() -> None:
    """Passed, without any test, or the runner broken: nobody noticed."""
    exit_codes = {"failed": 1, "endless": -24, "passed": 0, "no test": 33, "broke": -11}
    found = score("queue", exit_codes)
    assert (found.noticed, found.faults, found.percent) == (2, 5, 40.0)


def test_a_run_that_was_ended_early_has_no_score() -> None:
    """The faults that were tried first are the ones found soonest."""
    with pytest.raises(ValueError, match="queue: 1 faults were not tried"):
        score("queue", {"failed": 1, "not tried": None})


def test_a_room_is_counted_by_its_faults() -> None:
    """A small module weighs little."""
    found = total("balancer/", [Score("pool", 90, 100), Score("health", 0, 1)])
    assert (found.noticed, found.faults) == (90, 101)
