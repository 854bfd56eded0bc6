"""What state each server is in, since when, and who has put it aside."""

from __future__ import annotations

from collections.abc import Collection

import attrs

from immich_ml_proxy.balancer.replica_set import Machine
from immich_ml_proxy.config.model import State

UP = "up"
DOWN = "down"
UNKNOWN = "unknown"
_ASIDE: dict[State, str] = {"drain": "drained", "disabled": "disabled"}
_STATUS = {"healthy": UP, "unhealthy": DOWN}

#: Put aside by somebody who uses the pages, or so by the file at the start.
BY_HAND = "hand"
BY_FILE = "file"
#: Its windows are closed.
BY_WINDOW = "window"


@attrs.frozen
class Standing:
    """
    :ivar state: ``up``, ``down``, ``unknown``, ``drained`` or ``disabled``.
    :ivar since: in seconds of the clock.
    :ivar why: it is down, in words.
    :ivar by: who, or what, has put it aside; ``None`` while it is in use.
    """

    state: str
    since: float
    why: str = ""
    by: str | None = None

    @property
    def is_aside(self) -> bool:
        """Whether it is not used on purpose."""
        return self.by is not None


def state_of(server: Machine, now: float) -> tuple[str, str]:
    """Return the state of a server, and why it is down."""
    aside = _ASIDE.get(server.backend.state)
    if server.is_off:
        aside = "disabled"
    if aside is not None:
        return aside, ""
    health = server.reported(now)
    return _STATUS.get(health.status, UNKNOWN), health.error


class Standings:
    """The states of all servers, each by a key that it keeps."""

    def __init__(self) -> None:
        self._standings: dict[str, Standing] = {}

    def of(self, key: str) -> Standing:
        """Return the state of a server as it was seen last."""
        return self._standings[key]

    def look(
        self, key: str, server: Machine, now: float, by: str
    ) -> tuple[Standing | None, Standing]:
        """
        Look at a server again.

        :param by: who has put it aside, if somebody has.
        :return: what it was before, and what it is.
        """
        before = self._standings.get(key)
        state, why = state_of(server, now)
        is_off = server.is_off
        if (
            before is not None
            and before.state == state
            and is_off == (before.by == BY_WINDOW)
        ):
            standing = before if before.why == why else attrs.evolve(before, why=why)
        else:
            is_aside = server.backend.state in _ASIDE
            who = BY_WINDOW if is_off else by if is_aside else None
            standing = Standing(state, now, why, who)
        self._standings[key] = standing
        return before, standing

    def keep(self, keys: Collection[str]) -> None:
        """Forget all others."""
        self._standings = {
            key: one for key, one in self._standings.items() if key in keys
        }
