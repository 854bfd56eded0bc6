"""
Looks every two seconds whether the configuration's file says something else.

The content is compared: whether a link leads elsewhere, as a ConfigMap's does, whether
an editor has put another file in its place, or written into this one, is all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from immich_ml_proxy.config.model import Config
from immich_ml_proxy.config.store import ConfigStore, Found
from immich_ml_proxy.errors import ConfigError

#: Seconds between two looks.
INTERVAL = 2.0


@attrs.define(eq=False, slots=False)
class FileWatch(Service):
    """
    :param clock: source of time.
    :param aside: calls something that may hang, where it holds up nobody.
    :param store: has the file.
    :param check: raises ``ConfigError`` for what cannot be used here.
    :param apply: puts a configuration in force.
    :param refused: is told what is wrong with one that cannot be.
    """

    _log = Logger()

    _clock: IReactorTime
    _aside: Callable[[Callable[[], Found | None]], Deferred[Found | None]]
    _store: ConfigStore
    _check: Callable[[Config], None]
    _apply: Callable[[Config], None]
    _refused: Callable[[str], None]
    _odd: Found | None = attrs.field(init=False, default=None)
    _loop: LoopingCall | None = attrs.field(init=False, default=None)
    _under_way: Deferred[None] | None = attrs.field(init=False, default=None)
    _is_asked: bool = attrs.field(init=False, default=False)

    def startService(self) -> None:
        """Begin to look."""
        super().startService()
        self._loop = LoopingCall(self._look)
        self._loop.clock = self._clock
        self._loop.start(INTERVAL, now=False)

    def stopService(self) -> None:
        """Look no more; nobody waits for a look that hangs."""
        super().stopService()
        if self._loop is not None and self._loop.running:
            self._loop.stop()
        if self._under_way is not None:
            self._under_way.cancel()

    def ask(self) -> None:
        """Look at once, and say what comes of it, whatever that is."""
        self._is_asked = True
        self._look()

    def _look(self) -> None:
        """Look, if nobody does; one that hangs is waited for."""
        if self._under_way is not None or not self.running:
            return
        if not self._store.is_in_use:
            self._say("The configuration does not come from a file: nothing is read.")
            return
        looking = Deferred.fromCoroutine(self._compare())
        if not looking.called:
            self._under_way = looking
        looking.addBoth(self._looked)

    def _looked(self, outcome: Any) -> None:
        self._under_way = None
        if self.running and outcome is not None:
            self._log.failure("A look at the configuration's file failed", outcome)

    async def _compare(self) -> None:
        saves = self._store.saves
        found = await self._aside(self._store.peek)
        if found is None or saves != self._store.saves:
            return  # we have just written it ourselves
        if found == self._store.seen:
            self._odd = None
            self._say("The configuration's file says what it said before.")
            return
        try:
            new = self._store.parsed(found)
            self._check(new)
        except ConfigError as error:
            self._refuse(found, error)
            return
        self._odd, self._is_asked = None, False
        self._store.take(found)
        self._apply(new)
        self._log.info(
            "{path} was read again and is in force", path=str(self._store.path)
        )
        for warning in new.warnings:
            self._log.warn("The configuration was mended: {warning}", warning=warning)

    def _refuse(self, found: Found, error: ConfigError) -> None:
        """Tell what is wrong, if it is still so at the second look."""
        if found != self._odd and not self._is_asked:
            self._odd = found  # somebody may be in the middle of writing it
            return
        self._odd, self._is_asked = None, False
        told = self._store.refuse(found, error)
        self._log.error(
            "The configuration's file cannot be used: {error}. What was read before "
            "stays in force; the file is read again when it changes.",
            error=told,
        )
        self._refused(told)

    def _say(self, text: str) -> None:
        """Answer who has asked."""
        if self._is_asked:
            self._is_asked = False
            self._log.info("{text}", text=text)
