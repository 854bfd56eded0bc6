"""What time does to servers: windows open, breaks end, machines are idle for long."""

from __future__ import annotations

from collections.abc import Callable, Collection

from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.balancer.replica_set import Machine
from immich_ml_proxy.balancer.switch import Off
from immich_ml_proxy.config import windows
from immich_ml_proxy.config.model import Backend
from immich_ml_proxy.config.windows import Local
from immich_ml_proxy.power.idle import Idleness
from immich_ml_proxy.power.on_demand import OnDemand


class Schedule:
    """
    :param pool: the servers.
    :param local: what the clock on the wall shows at a Unix time.
    :param switched: told that some are used again, or are not any more, by their
        windows.
    :param ended: told the name of one that was disabled until now.
    :param idle: told of one whose machine may go to sleep.
    """

    def __init__(
        self,
        pool: Pool,
        local: Local,
        switched: Callable[[], object],
        ended: Callable[[str], object],
        idle: Callable[[Machine], object],
    ) -> None:
        self._pool = pool
        self._local = local
        self._switched = switched
        self._ended = ended
        self._idle = idle
        self._idleness = Idleness()
        self._on_demand = OnDemand()

    def look(
        self,
        now: float,
        unix: float,
        at_work: Collection[str],
        waiting: Collection[str],
    ) -> None:
        """
        See what it is time for, once a second.

        :param at_work: the keys of routes that have work; ``waiting``: on which some
            waits.
        """
        for backend in self._pool.config.backends:
            until = backend.disabled_until
            if until is not None and until <= unix:
                self._ended(backend.name)
        if self._switch(unix):
            self._switched()
        machines = self._pool.machines
        self._on_demand.look(machines, self._names(at_work), now)
        for machine in self._idleness.look(machines, self._names(waiting), now):
            self._idle(machine)

    def rearranged(self, unix: float) -> None:
        """There are other servers, or they are configured otherwise."""
        self._switch(unix)

    def _switch(self, unix: float) -> bool:
        """Switch what is to be, and return whether anything was."""
        is_changed = False
        for server in self._pool:
            off = self._off(server.backend, unix)
            is_changed |= (off is None) != (server.off is None)
            if off != server.off:
                server.switch(off)
        if is_changed:
            self._pool.switched()
        return is_changed

    def _off(self, backend: Backend, unix: float) -> Off | None:
        open_in = windows.known(backend.windows)
        if open_in is None or open_in.are_open(self._local(unix)):
            return None
        until = open_in.until(unix, self._local)
        if until is None:
            return None
        clock = windows.in_words(until, unix, self._local)
        return Off(until, f"off until {clock} by its window")

    def _names(self, keys: Collection[str]) -> set[str]:
        """Return the names of the backends of these routes."""
        return {
            name
            for route in self._pool.config.all_routes
            if route.key in keys
            for name in route.backends
        }
