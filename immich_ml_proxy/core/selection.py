"""
How one of several backends is chosen: a policy is a class with one method.

A policy sees candidates only, never an empty list, and belongs to one route.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from immich_ml_proxy.core.config import ROUND_ROBIN

if TYPE_CHECKING:
    from immich_ml_proxy.core.pool import Member


class Policy(Protocol):
    """Chooses one of the backends that could take a request now."""

    def choose(self, candidates: Sequence[Member]) -> Member:
        """Return one of ``candidates``, which is never empty."""


class RoundRobin:
    """Takes turns over whatever candidates are offered."""

    def __init__(self) -> None:
        self._turn = 0

    def choose(self, candidates: Sequence[Member]) -> Member:
        """Return the next candidate."""
        chosen = candidates[self._turn % len(candidates)]
        self._turn += 1
        return chosen


POLICIES: Mapping[str, Callable[[], Policy]] = {ROUND_ROBIN: RoundRobin}
