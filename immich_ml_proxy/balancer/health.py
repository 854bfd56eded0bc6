"""What is known of a server's health: values, and what an observation makes of them."""

from __future__ import annotations

from typing import Literal

import attrs

Status = Literal["unknown", "healthy", "unhealthy"]


@attrs.frozen
class Health:
    """
    :ivar status: ``unknown`` until the first observation.
    :ivar last_check: when it was last observed, in seconds of the clock; 0 if never.
    :ivar error: why it is unhealthy, in words; empty otherwise.
    """

    status: Status = "unknown"
    last_check: float = 0.0
    error: str = ""

    def observe(self, error: str | None, now: float) -> Health:
        """Return the health after an observation; ``error`` is ``None`` when good."""
        if error is None:
            return Health("healthy", now)
        return Health("unhealthy", now, error)
