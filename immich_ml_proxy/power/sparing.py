"""Has the schedule looked at by the clock of this machine, and does what it says."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

from twisted.application.service import MultiService

from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.balancer.replica_set import Machine
from immich_ml_proxy.power.schedule import Schedule
from immich_ml_proxy.power.sleep_hook import Post, SleepHook


class Sparing(MultiService):
    """
    :param pool: the servers.
    :param wall: what time it is, in Unix seconds.
    :param post: posts something.
    :ivar switched: told that windows have opened, or closed.
    :ivar ended: told the name of a backend that was disabled until now.
    :ivar told: told of a machine that was told to sleep, and why that has failed, in
        words; ``None``: it has not.
    """

    def __init__(self, pool: Pool, wall: Callable[[], float], post: Post) -> None:
        super().__init__()
        self.switched: Callable[[], object] = lambda: None
        self.ended: Callable[[str], object] = lambda name: None
        self.told: Callable[[Machine, str | None], object] = lambda machine, why: None
        self._wall = wall
        hook = SleepHook(post, lambda machine, why: self.told(machine, why))
        hook.setServiceParent(self)
        self._schedule = Schedule(
            pool,
            datetime.fromtimestamp,
            lambda: self.switched(),
            lambda name: self.ended(name),
            hook.call,
        )
        self.rearranged()

    def look(
        self, now: float, at_work: Collection[str], waiting: Collection[str]
    ) -> None:
        """
        See what it is time for; to be called once a second.

        :param now: seconds of the clock.
        :param at_work: the keys of routes that have work; ``waiting``: on which some
            waits.
        """
        self._schedule.look(now, self._wall(), at_work, waiting)

    def rearranged(self) -> None:
        """There are other servers, or they are configured otherwise."""
        self._schedule.rearranged(self._wall())
