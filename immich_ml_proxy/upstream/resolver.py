"""
Looks host names up, so that a name server which hangs holds up nobody else.

Only the C library knows all the places where names are kept, and it waits in the thread
that asks, for half a minute and more. So it is asked in threads: of a name never in two
at once, and in threads that nobody waits for when the process ends.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any

import attrs
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IDelayedCall,
    IHostnameResolver,
    IHostResolution,
    IReactorPluggableNameResolver,
    IResolutionReceiver,
)
from zope.interface import implementer

#: Names that are looked up at once; a home has fewer that hang.
THREADS = 64
#: Seconds after which the addresses of before are taken, when there are any.
PATIENCE = 0.3
#: Seconds after which a name without addresses is given up.
GIVE_UP = 5.0
#: Seconds that addresses are still used of a name that is said to exist no more: name
#: servers forget the names at home while they restart.
KEPT = 60.0

#: An address of a name: its family, and host with what belongs to it.
Found = tuple[int, tuple[Any, ...]]

_GONE = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
_TYPES: dict[int, Any] = {socket.AF_INET: IPv4Address, socket.AF_INET6: IPv6Address}


def look_up(name: str) -> list[Found]:
    """Return the addresses of ``name``, as soon as the C library knows them."""
    found = socket.getaddrinfo(name, 0, type=socket.SOCK_STREAM)
    return [(family, address) for family, _, _, _, address in found if family in _TYPES]


def is_gone(error: BaseException) -> bool:
    """Whether a look-up has failed since there is no such name, or no address of it."""
    return getattr(error, "errno", None) in _GONE


@attrs.define(eq=False)
class _Name:
    """
    What is known of a name.

    :ivar addresses: what was found last.
    :ivar at: when, in seconds.
    :ivar asked: when the look-up under way began; ``None`` without one.
    :ivar waiting: who waits for it, and until when.
    :ivar asking: who wants to know what this look-up tells, and nothing older.
    """

    addresses: Sequence[Found] = ()
    at: float = 0.0
    asked: float | None = None
    waiting: dict[_Waiter, IDelayedCall] = attrs.field(factory=dict)
    asking: list[Deferred[Sequence[str]]] = attrs.field(factory=list)


@implementer(IHostResolution)
@attrs.define(eq=False)
class _Waiter:
    """Who has asked, and what for."""

    name: str
    receiver: IResolutionReceiver
    port: int
    types: tuple[Any, ...]
    transport: Any

    def cancel(self) -> None:
        """Not to be had: who connects takes no interest in the answer, at the most."""
        raise NotImplementedError

    def tell(self, addresses: Sequence[Found]) -> None:
        """Tell all that was found."""
        for family, (host, _, *rest) in addresses:
            kind = _TYPES[family]
            if kind in self.types:
                self.receiver.addressResolved(
                    kind(self.transport, host, self.port, *rest)
                )
        self.receiver.resolutionComplete()


@implementer(IHostnameResolver)
class Resolver:
    """
    :param reactor: where the answers are wanted.
    :param look_up: asks for a name's addresses; called in a thread.
    :param threads: how many of them there may be.
    """

    def __init__(
        self,
        reactor: Any,
        look_up: Callable[[str], Sequence[Found]] = look_up,
        threads: int = THREADS,
    ) -> None:
        self._reactor = reactor
        self._look_up = look_up
        self._threads = threads
        self._started = 0
        self._under_way = 0
        self._questions: SimpleQueue[str] = SimpleQueue()
        self._names: dict[str, _Name] = {}

    def resolveHostName(
        self,
        resolutionReceiver: IResolutionReceiver,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Sequence[Any] | None = None,
        transportSemantics: str = "TCP",
    ) -> IHostResolution:
        """
        Look a name up; see ``IHostnameResolver``.

        What was found before is told when there is no better answer: while a look-up
        takes long, and when it has failed.
        """
        types = tuple(addressTypes or _TYPES.values())
        waiter = _Waiter(
            hostName, resolutionReceiver, portNumber, types, transportSemantics
        )
        resolutionReceiver.resolutionBegan(waiter)
        name, asked = self._begun(hostName)
        patience = GIVE_UP
        if name.addresses:
            patience = asked + PATIENCE - self._reactor.seconds()
        if patience > 0:
            name.waiting[waiter] = self._reactor.callLater(
                patience, self._late, name, waiter
            )
        else:
            waiter.tell(name.addresses)
        return waiter

    def look_up(self, host: str) -> Deferred[Sequence[str]]:
        """
        Return the addresses that a host has now, in any order.

        Cancelling it is to wait no more.

        :raises Exception: when they could not be looked up; see :func:`is_gone`.
        """
        name, _ = self._begun(host)
        told: Deferred[Sequence[str]] = Deferred(name.asking.remove)
        name.asking.append(told)
        return told

    def _begun(self, host: str) -> tuple[_Name, float]:
        """Return what is known of a name that is being looked up, and since when."""
        name = self._names.setdefault(host, _Name())
        if name.asked is None:
            self._ask(host)
            name.asked = self._reactor.seconds()
        return name, name.asked

    def _late(self, name: _Name, waiter: _Waiter) -> None:
        del name.waiting[waiter]
        waiter.tell(name.addresses)

    def _ask(self, host: str) -> None:
        if self._started < min(self._under_way + 1, self._threads):
            # A system that has no thread left says so here: then nothing was asked.
            threading.Thread(target=self._work, name="look-up", daemon=True).start()
            self._started += 1
        self._under_way += 1
        self._questions.put(host)

    def _work(self) -> None:
        while True:
            host = self._questions.get()
            answer: Sequence[Found] | Exception
            try:
                answer = self._look_up(host)
            except Exception as error:  # whatever it is, the next name is looked up
                answer = error
            self._reactor.callFromThread(self._answered, host, answer)

    def _answered(self, host: str, answer: Sequence[Found] | Exception) -> None:
        self._under_way -= 1
        name = self._names[host]
        name.asked = None
        now = self._reactor.seconds()
        if not isinstance(answer, Exception):
            name.addresses, name.at = answer, now
        elif now - name.at > KEPT and is_gone(answer):
            name.addresses = ()
        if not name.addresses:
            del self._names[host]
        waiting, name.waiting = name.waiting, {}
        for waiter, timer in waiting.items():
            timer.cancel()
            waiter.tell(name.addresses)
        asking, name.asking = name.asking, []
        for told in asking:
            if isinstance(answer, Exception):
                told.errback(answer)
            else:
                told.callback([address[0] for _, address in answer])


@implementer(IReactorPluggableNameResolver, IHostnameResolver)
class NamedHost:
    """
    A reactor that looks up one host, whatever name it is asked for.

    ``HostnameEndpoint`` refuses names that containers have, such as
    ``immich_machine_learning``, before anybody is asked. It is given another name, and
    this.

    :param reactor: does all the rest.
    :param host: the name that is looked up.
    """

    def __init__(self, reactor: Any, host: str) -> None:
        self._reactor = reactor
        self._host = host
        self.nameResolver = self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)

    def resolveHostName(
        self,
        resolutionReceiver: IResolutionReceiver,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Sequence[Any] | None = None,
        transportSemantics: str = "TCP",
    ) -> IHostResolution:
        """Look the host up; see ``IHostnameResolver``."""
        resolution: IHostResolution = self._reactor.nameResolver.resolveHostName(
            resolutionReceiver, self._host, portNumber, addressTypes, transportSemantics
        )
        return resolution
