"""Looks the names of backends with ``resolve`` up, on a timer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.defer import TimeoutError as TooLate
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.balancer.replicas import Looked, host_of
from immich_ml_proxy.upstream.resolver import GIVE_UP, is_gone

#: Seconds between two look-ups of a name.
EVERY = 10.0
#: Addresses that a line of the log names.
NAMED = 8


class Discovery(Service):
    """
    :param clock: source of time: the reactor, or a ``task.Clock`` in tests.
    :param look_up: looks a name up, and may be cancelled; see ``Resolver.look_up``.
    :param pool: the backends.
    :param changed: told when there are other servers than before.
    """

    _log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        look_up: Callable[[str], Deferred[Sequence[str]]],
        pool: Pool,
        changed: Callable[[], object],
    ) -> None:
        self._clock = clock
        self._look_up = look_up
        self._pool = pool
        self._changed = changed
        self._names: dict[str, Looked] = {}
        self._asking: dict[str, Deferred[None]] = {}
        self._loop = LoopingCall(self._round)
        self._loop.clock = clock

    def startService(self) -> None:
        """Begin with a look-up of all names at once."""
        super().startService()
        self._loop.start(EVERY, now=True)

    def stopService(self) -> Deferred[None]:
        """Look nothing up any more."""
        super().stopService()
        if self._loop.running:
            self._loop.stop()
        for asking in tuple(self._asking.values()):
            asking.cancel()
        return succeed(None)

    def reconfigured(self) -> None:
        """Forget the names that are not asked for any more; look new ones up."""
        wanted = self._wanted()
        for host in self._asking.keys() - wanted:
            self._asking[host].cancel()
        if not self._names.keys() <= wanted:
            known = self._names.items()
            self._names = {host: looked for host, looked in known if host in wanted}
            self._pool.resolved(dict(self._names))
        if self.running:
            for host in wanted - self._names.keys():
                self._ask(host)

    def _wanted(self) -> set[str]:
        backends = self._pool.config.backends
        return {host_of(one) for one in backends if one.resolve is not None}

    def _round(self) -> None:
        for host in self._wanted():
            self._ask(host)

    def _ask(self, host: str) -> None:
        """Look a name up, unless that is being done."""
        if host in self._asking:
            return
        asking: Deferred[Sequence[str]] = self._look_up(host)
        asking.addTimeout(GIVE_UP, self._clock)
        told: Deferred[None] = asking.addCallbacks(
            partial(self._found, host), partial(self._failed, host)
        )
        told.addErrback(self._bug, host)
        if not told.called:
            self._asking[host] = told
            told.addBoth(self._asked, host)

    def _asked(self, result: None, host: str) -> None:
        self._asking.pop(host, None)

    def _found(self, host: str, addresses: Sequence[str]) -> None:
        self._learn(host, self._known(host).found(addresses))

    def _failed(self, host: str, failure: Failure) -> None:
        if failure.check(CancelledError):
            return  # nobody wants to know it any more
        problem: Any = failure.value
        error, now = in_words(problem), self._clock.seconds()
        before = self._known(host)
        if error != before.error:
            kept = "; its addresses of before are used" if before.addresses else ""
            self._log.warn(
                "{host} cannot be looked up: {error}{kept}",
                host=host,
                error=error,
                kept=kept,
            )
        self._learn(host, before.failed(error, is_gone(problem), now))

    def _bug(self, failure: Failure, host: str) -> None:
        self._log.failure("looking {host} up", failure, host=host)

    def _known(self, host: str) -> Looked:
        return self._names.get(host, Looked())

    def _learn(self, host: str, looked: Looked) -> None:
        before = self._names.get(host)
        self._names[host] = looked
        if looked == before:
            return
        self._pool.resolved(dict(self._names))
        was = () if before is None else before.addresses
        if looked.addresses != was:
            self._tell(host, was, looked.addresses)
            self._changed()

    def _tell(self, host: str, before: Sequence[str], now: Sequence[str]) -> None:
        came = [one for one in now if one not in before]
        gone = [one for one in before if one not in now]
        changes = [
            *([f"new: {_listed(came)}"] if came else ()),
            *([f"gone: {_listed(gone)}"] if gone else ()),
        ]
        self._log.info(
            "{host} has {count} addresses ({changes})",
            host=host,
            count=len(now),
            changes="; ".join(changes),
        )


def in_words(error: BaseException) -> str:
    """Return why a look-up failed, as a person would say it."""
    if isinstance(error, TooLate):
        return f"no name server answered in {GIVE_UP:g} s"
    if is_gone(error):
        return "there is no address of this name"
    return str(getattr(error, "strerror", None) or str(error) or type(error).__name__)


def _listed(addresses: Sequence[str]) -> str:
    more = len(addresses) - NAMED
    told = ", ".join(addresses[:NAMED])
    return f"{told} and {more} more" if more > 0 else told
