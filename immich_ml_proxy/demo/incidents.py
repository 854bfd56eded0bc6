"""What goes wrong while trouble is simulated, and when. Pure."""

from __future__ import annotations

from typing import Literal

from attrs import frozen

What = Literal["down", "slow"]

#: Seconds after which it all begins again.
PERIOD = 90.0
#: How many times as long a request takes on a slow machine.
SLOWER = 6.0


@frozen
class Incident:
    """
    Something that goes wrong.

    :ivar machine: whom it befalls.
    :ivar what: ``down``: it refuses connections; ``slow``: see :data:`SLOWER`.
    :ivar begins: seconds after trouble, or the period, began.
    :ivar ends: likewise.
    """

    machine: str
    what: What
    begins: float
    ends: float


#: At once something happens, and most of the time something does; never twice at once.
INCIDENTS = (
    Incident("simulated-gpu", "down", 0.0, 35.0),
    Incident("simulated-nas", "slow", 50.0, 80.0),
)


def at(seconds: float) -> tuple[Incident | None, float]:
    """
    Return what is wrong so long after trouble began, and how long it still is.

    The second value is 0 when nothing is.
    """
    inside = seconds % PERIOD
    for incident in INCIDENTS:
        if incident.begins <= inside < incident.ends:
            return incident, incident.ends - inside
    return None, 0.0
