"""
What one server can do, as far as its configuration states it or its answers have told.

A server that refuses what another then serves is not asked for it again: at once where
it has never served it, else after ``IN_A_ROW`` times in a row, for one broken picture
proves nothing. Three models of a task refused and none served: it lacks the task. All
of it is tried again after ``TRY_AGAIN_AFTER``, and after the server was away, for it
may have come back as another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from immich_ml_proxy.balancer.need import Need
from immich_ml_proxy.balancer.recent import Recent
from immich_ml_proxy.config.model import StatedAbilities

#: Seconds until what was refused is tried again.
TRY_AGAIN_AFTER = 600.0
#: Refusals in a row of what the server has served before.
IN_A_ROW = 3
#: Models of a task that are refused before the task is.
MODELS = 3
#: Needs, and tasks, that are remembered; clients make them up.
MOST_NEEDS = 1000
MOST_TASKS = 50
#: Characters of a task's name that is remembered.
LONGEST = 100
#: What it cannot do is told of so many.
SHOWN = 20


@attrs.define
class _Refusal:
    """What was refused ``count`` times in a row; not asked for until ``until``."""

    label: str
    tasks: frozenset[str]
    count: int = 0
    until: float = 0.0


@attrs.define
class _Task:
    """A task of which nothing was served yet, and models of it that were refused."""

    models: set[bytes] = attrs.Factory(set)
    until: float = 0.0


class Abilities:
    """
    :ivar stated: what the configuration says it can do; of refusals only the size of
        a body is learned then.
    """

    def __init__(self, stated: StatedAbilities | None = None) -> None:
        self.stated = stated
        self._served: Recent[bytes, bool] = Recent(MOST_NEEDS)
        self._served_tasks: Recent[str, bool] = Recent(MOST_TASKS)
        self._refusals: Recent[bytes, _Refusal] = Recent(MOST_NEEDS)
        self._tasks: Recent[str, _Task] = Recent(MOST_TASKS)
        self._size = 0  # bytes of the smallest body that was too large; 0: none was
        self._size_until = 0.0

    @property
    def are_whole(self) -> bool:
        """Whether nothing is known that it cannot do."""
        return not self._refusals and not self._size and self.stated is None

    def can(self, needs: Iterable[Need], size: int, now: float) -> bool:
        """
        Whether it may be asked for something.

        :param needs: see :func:`~immich_ml_proxy.balancer.need.needs_of`.
        :param size: bytes of the body.
        """
        if self.stated is not None and not _states(self.stated, needs):
            return False
        if self._size and size >= self._size and now < self._size_until:
            return False
        if not self._refusals:
            return True
        return not any(self._refuses(need, now) for need in needs)

    def has_served(self, need: Need) -> bool:
        """Whether it has ever served this."""
        return need.digest in self._served

    def served(self, needs: Sequence[Need], size: int) -> None:
        """It has served this: whatever it refused of it is forgotten."""
        if self._size and size >= self._size:
            self._size = 0
        if needs[-1].digest in self._served and not self._refusals:
            self._served.move_to_end(needs[-1].digest)
            return
        for need in needs:
            self._served.keep(need.digest, True)
            self._refusals.pop(need.digest, None)
            for task in _names(need):
                self._served_tasks.keep(task, True)
                self._tasks.pop(task, None)

    def refused(self, need: Need, now: float) -> bool:
        """
        It has refused what another server then served.

        :return: whether that was learned just now.
        """
        if self.stated is not None:
            return False
        before = self._refuses(need, now)
        known = self._refusals.get(need.digest)
        refusal = self._refusals.keep(
            need.digest, known or _Refusal(need.label, frozenset(_names(need)))
        )
        refusal.count += 1
        if refusal.count >= IN_A_ROW or not self.has_served(need):
            refusal.until = now + TRY_AGAIN_AFTER
        for task in _names(need) if len(need.tasks) == 1 else ():
            if task not in self._served_tasks:
                told = self._tasks.keep(task, self._tasks.get(task) or _Task())
                if len(told.models) < MODELS:
                    told.models.add(need.model_digest)
                if len(told.models) == MODELS:
                    told.until = now + TRY_AGAIN_AFTER
        return self._refuses(need, now) and not before

    def too_large(self, size: int, now: float) -> None:
        """It has refused a body of so many bytes for its size: 413."""
        is_known = self._size and now < self._size_until
        self._size = min(size, self._size) if is_known else size
        self._size_until = now + TRY_AGAIN_AFTER

    def forget_refusals(self) -> None:
        """It was away, and may be another now."""
        self._refusals.clear()
        self._tasks.clear()
        self._size = 0

    def cannot(self, now: float) -> list[str]:
        """Return what it is not asked for, in words, ``SHOWN`` at the most."""
        tasks = [task for task, told in self._tasks.items() if now < told.until]
        needs = [
            one.label
            for one in self._refusals.values()
            if now < one.until and one.tasks.isdisjoint(tasks)
        ]
        sizes = (
            [f"bodies of {self._size / 1e6:.1f} MB and more"]
            if self._size and now < self._size_until
            else []
        )
        return [*tasks, *needs, *sizes][:SHOWN]

    def _refuses(self, need: Need, now: float) -> bool:
        refusal = self._refusals.get(need.digest)
        if refusal is not None and now < refusal.until:
            return True
        return any(
            task in self._tasks and now < self._tasks[task].until for task in need.tasks
        )


def _names(need: Need) -> list[str]:
    """The tasks, as far as their names may be kept."""
    return [task for task in need.tasks if len(task) <= LONGEST]


def _states(stated: StatedAbilities, needs: Iterable[Need]) -> bool:
    return all(
        stated.allows(task, model)
        for need in needs
        if len(need.tasks) == 1
        for task in need.tasks
        for model in need.models or (None,)
    )
