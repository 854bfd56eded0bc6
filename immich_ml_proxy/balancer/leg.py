"""How a group fares on its way, as the line of its request in the log tells it."""

from __future__ import annotations

import attrs

from immich_ml_proxy.errors import TimedOut, Unavailable

#: What came of a group in the end: a server has served it, or all have refused it and
#: the first refusal was passed on; or there is no answer, in three ways; or nobody
#: waited for it any more.
SERVED, REFUSED = "served", "refused"
FAILED, TIMED_OUT, UNAVAILABLE = "failed", "timed_out", "unavailable"
CANCELLED = "cancelled"


@attrs.define(eq=False)
class Leg:
    """
    A group on its way; a request has one, or several at once.

    :ivar route: the key of its route.
    :ivar backend: the name of the server that answered, or was asked last; empty: none.
    :ivar tries: how often a server was asked.
    :ivar wait: seconds before that server was asked; ``None``: none was.
    :ivar service: seconds that its answer took; ``None``: there was none.
    :ivar outcome: what came of it.
    """

    route: str
    backend: str = ""
    tries: int = 0
    wait: float | None = None
    service: float | None = None
    outcome: str = CANCELLED


def outcome_of(error: BaseException | None) -> str:
    """Return what it is called that there is no answer."""
    if isinstance(error, Unavailable):
        return UNAVAILABLE
    return TIMED_OUT if isinstance(error, TimedOut) else FAILED
