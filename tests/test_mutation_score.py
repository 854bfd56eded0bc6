"""Which modules faults are put into, and how what mutmut found is counted."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

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
