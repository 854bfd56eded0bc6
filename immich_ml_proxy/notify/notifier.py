"""Has those told who want to know what is seen, once a second."""

from __future__ import annotations

from immich_ml_proxy.notify.sender import Sender
from immich_ml_proxy.observe.notices import Notices
from immich_ml_proxy.observe.watch import Watch


class Notifier:
    """
    :param watch: what is seen.
    :param sender: tells them.
    """

    def __init__(self, watch: Watch, sender: Sender) -> None:
        self._watch = watch
        self._sender = sender
        self._notices = Notices(watch)
        self._now = watch.start.now
        sender.failed = self._failed

    def look(self, now: float) -> None:
        """Tell what is new."""
        self._now = now
        for notice in self._notices.look(now):
            self._sender.send(notice)

    def _failed(self, name: str, why: str) -> None:
        text = f"{name} cannot be told what happens: {why}"
        self._watch.events.add(self._now, "untold", text)
