"""What a simulated server has seen, as ``/demo/counts`` shows it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec
from attrs import define, field


@define
class Counts:
    """
    Counters, from the start of the process on.

    :ivar pings: that came, whatever became of them; ``predicts`` likewise.
    :ivar served: requests answered with 200, by task.
    :ivar outcomes: what became of predicts, by task (``""``: none could be read) and
        outcome: the status, ``drop``, ``reset``, ``cut``, or ``left``: the client did
        not wait.
    :ivar in_progress: requests that have a place now; ``peak_in_progress``: the most
        there ever were.
    :ivar waiting: requests that wait for a place.
    :ivar hanging: requests that will never be answered and whose client is still there.
    :ivar loads: models whose loading was begun.
    :ivar exits: how often the server has exited.
    """

    pings: int = 0
    predicts: int = 0
    served: Counter[str] = field(factory=Counter)
    outcomes: dict[str, Counter[str]] = field(factory=dict)
    in_progress: int = 0
    peak_in_progress: int = 0
    waiting: int = 0
    hanging: int = 0
    loads: int = 0
    exits: int = 0

    def ended(self, outcome: str, tasks: Iterable[str]) -> None:
        """Count what became of a predict for ``tasks``."""
        for task in tuple(tasks) or ("",):
            self.outcomes.setdefault(task, Counter())[outcome] += 1
            if outcome == "200":
                self.served[task] += 1

    def as_json(self) -> dict[str, Any]:
        """Return them as a JSON object."""
        document: dict[str, Any] = msgspec.to_builtins(self)
        return document
