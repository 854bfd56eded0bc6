"""Whether a server is to be used, and pinged: as people wish, and by the clock."""

from __future__ import annotations

import attrs

from immich_ml_proxy.balancer.health import Health
from immich_ml_proxy.config.model import Backend
from immich_ml_proxy.config.power import ON_DEMAND

#: Of one that is pinged on demand, while there is no demand.
RESTING = "is asked how it is only when there is work for it"


@attrs.frozen
class Off:
    """
    The windows of a server are closed.

    :ivar until: when one opens, in Unix seconds.
    :ivar words: the same, for people.
    """

    until: float
    words: str


class Switch:
    """
    What is switched of a server; one pinged on demand begins as one that is well.

    :ivar backend: its configuration.
    :ivar health: what pings and traffic told last.
    :ivar is_enabled: whether it is wished to take requests.
    :ivar off: that its windows are closed; ``None``: they are not.
    :ivar has_work: whether there is, or was lately, work for it; looked after only
        where it is pinged on demand.
    """

    def __init__(self, backend: Backend) -> None:
        self.health = Health()
        self.off: Off | None = None
        self.has_work = False
        self.put_under(backend)

    def put_under(self, backend: Backend) -> None:
        """Go on under this configuration."""
        self.backend = backend
        self.switch(self.off)
        if self.is_on_demand and self.health.status == "unknown":
            self.rest()

    def switch(self, off: Off | None) -> None:
        """Its windows have closed, or opened: how it is then is not known any more."""
        if self.off is not None and off is None:
            self.health = Health()
            if self.is_on_demand:
                self.rest()
        self.off = off
        self.is_enabled = self.backend.state == "enabled" and off is None

    @property
    def is_off(self) -> bool:
        """Whether its windows alone keep it from being used."""
        return self.off is not None and self.backend.state == "enabled"

    @property
    def until(self) -> float | None:
        """When what keeps it from being used ends by itself, in Unix seconds."""
        if self.is_off and self.off is not None:
            return self.off.until
        return self.backend.disabled_until

    @property
    def is_on_demand(self) -> bool:
        """Whether it is asked how it is only while there is work for it."""
        return self.backend.pings == ON_DEMAND

    @property
    def is_pinged(self) -> bool:
        """Whether it is asked now how it is, if no request gives reason to."""
        if self.backend.state == "disabled" or self.off is not None:
            return False
        return self.has_work or not self.is_on_demand

    @property
    def is_resting(self) -> bool:
        """Whether it counts as well because there is no work to ask it for."""
        is_well = self.is_enabled and self.health.status == "healthy"
        return is_well and self.is_on_demand and not self.has_work

    @property
    def is_asleep(self) -> bool:
        """Whether it is away, as one may be that is pinged on demand."""
        return self.is_on_demand and self.health.is_away

    def rest(self) -> None:
        """There is no work to ask it for: it counts as well until work fails there."""
        self.health = Health("healthy", self.health.last_check)

    @property
    def aside(self) -> str:
        """Why it is not even asked how it is, in words; empty if it is."""
        if self.backend.state == "disabled":
            return "disabled"
        return "" if self.off is None else self.off.words
