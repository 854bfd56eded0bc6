"""Has those told who want to know what is seen, once a second."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from twisted.application.service import MultiService
from twisted.internet.interfaces import IReactorTime

from immich_ml_proxy.config.notify import Target
from immich_ml_proxy.notify.sender import Post, Sender
from immich_ml_proxy.observe.notices import Notices
from immich_ml_proxy.observe.watch import Watch


class Notifier(MultiService):
    """
    :param clock: source of time.
    :param wall: what time it is, in Unix seconds.
    :param post: posts something.
    :param watch: what is seen.
    :param targets: who wants to know.
    :ivar sender: tells them.
    """

    def __init__(
        self,
        clock: IReactorTime,
        wall: Callable[[], float],
        post: Post,
        watch: Watch,
        targets: Iterable[Target],
    ) -> None:
        super().__init__()
        self._clock = clock
        self._watch = watch
        self._notices = Notices(watch)
        self.sender = Sender(clock, wall, post)
        self.sender.reconfigured(targets)
        self.sender.failed = self._failed
        self.sender.setServiceParent(self)

    def look(self, now: float) -> None:
        """Tell what is new."""
        for notice in self._notices.look(now):
            self.sender.send(notice)

    def _failed(self, name: str, why: str) -> None:
        text = f"{name} cannot be told what happens: {why}"
        self._watch.events.add(self._clock.seconds(), "untold", text)
