"""
What ``make mutants`` found, by module and room: ``python -m tests.mutation_score``.

mutmut keeps, beside each module that it has put faults into, the exit codes of the test
runs. A fault is noticed if a test failed, or if the tests did not come to an end.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from attrs import frozen

#: Percent of the faults in a room that its tests must notice.
GOAL = 90.0
#: Exit codes of pytest for failed tests, and of mutmut for tests without an end.
NOTICED = {1, 3, 24, -24, 36, 152, 255}


@frozen
class Score:
    """How many of the faults in a module or room its tests noticed."""

    name: str
    noticed: int
    faults: int

    @property
    def percent(self) -> float:
        """Their part; all of none is all."""
        return 100 * self.noticed / self.faults if self.faults else 100.0


def score(name: str, exit_codes: Mapping[str, int | None]) -> Score:
    """
    Return the score of a module from mutmut's exit codes by fault.

    :raises ValueError: for a fault that was not tried: the run was ended early.
    """
    untried = [fault for fault, code in exit_codes.items() if code is None]
    if untried:
        raise ValueError(f"{name}: {len(untried)} faults were not tried; run it again")
    noticed = sum(code in NOTICED for code in exit_codes.values())
    return Score(name, noticed, len(exit_codes))


def total(name: str, scores: Iterable[Score]) -> Score:
    """Return the score of a room from those of its modules."""
    pairs = [(one.noticed, one.faults) for one in scores]
    return Score(name, sum(one for one, _ in pairs), sum(one for _, one in pairs))


def read(directory: Path) -> dict[str, list[Score]]:
    """Return the scores of the modules by room, from what mutmut wrote."""
    rooms: dict[str, list[Score]] = {}
    for path in sorted(directory.glob("*/*.py.meta")):
        exit_codes = json.loads(path.read_text("utf-8"))["exit_code_by_key"]
        if exit_codes:
            name = path.name.removesuffix(".py.meta")
            rooms.setdefault(path.parent.name, []).append(score(name, exit_codes))
    return rooms


def main() -> int:
    """Print the table; 1 if a room is below the goal, or if nothing was tried."""
    rooms = read(Path("mutants") / "immich_ml_proxy")
    print(f"{'':14}{'faults':>8}{'noticed':>9}{'percent':>9}")
    whole = [total(f"{room}/", scores) for room, scores in rooms.items()]
    for room, scores in zip(whole, rooms.values(), strict=True):
        for one in (room, *scores):
            shown = one.name if one is room else f"  {one.name}"
            print(f"{shown:14}{one.faults:8,}{one.noticed:9,}{one.percent:9.1f}")
    return 0 if whole and all(room.percent >= GOAL for room in whole) else 1


if __name__ == "__main__":
    sys.exit(main())
