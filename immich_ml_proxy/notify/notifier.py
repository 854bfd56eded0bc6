"""Looks once a second at what time has brought, and has those told who want to know."""

from __future__ import annotations

from twisted.application.service import MultiService
from twisted.internet.interfaces import IReactorTime

from immich_ml_proxy.balancer.replica_set import Machine
from immich_ml_proxy.notify.sender import Sender
from immich_ml_proxy.observe.at_work import at_work, told_to_sleep, waiting
from immich_ml_proxy.observe.moment import Moment
from immich_ml_proxy.observe.notices import Notices
from immich_ml_proxy.observe.ticker import Ticker, Timepiece
from immich_ml_proxy.observe.watch import Watch
from immich_ml_proxy.power.sparing import Sparing


class Notifier(MultiService):
    """
    :param clock: source of time.
    :param timepiece: tells the moment.
    :param sender: tells those who want to know.
    :param watch: what is seen; it looks before this does.
    :param sparing: is told of the work that there is, and tells what it has done.
    """

    def __init__(
        self,
        clock: IReactorTime,
        timepiece: Timepiece,
        sender: Sender,
        watch: Watch,
        sparing: Sparing,
    ) -> None:
        super().__init__()
        self._clock = clock
        self._watch = watch
        self._sparing = sparing
        self._notices = Notices(watch)
        self.sender = sender
        sender.failed = self._failed
        sparing.told = self._told_to_sleep
        sender.setServiceParent(self)
        Ticker(clock, timepiece, self._look).setServiceParent(self)

    def _look(self, moment: Moment) -> None:
        work = at_work(self._watch, moment.second)
        self._sparing.look(moment.now, work, waiting(self._watch))
        for notice in self._notices.look(moment.now):
            self.sender.send(notice)

    def _failed(self, name: str, why: str) -> None:
        text = f"{name} cannot be told what happens: {why}"
        self._watch.events.add(self._clock.seconds(), "untold", text)

    def _told_to_sleep(self, machine: Machine, why: str | None) -> None:
        told_to_sleep(self._watch, machine, why, self._clock.seconds())
