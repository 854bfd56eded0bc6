"""Starts and stops the proxy: in what order, and what is said about it."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Sequence
from typing import Any

from twisted.application.service import IService, MultiService
from twisted.internet.defer import (
    Deferred,
    DeferredList,
    gatherResults,
    maybeDeferred,
)
from twisted.logger import Logger

from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.downstream.listener import Listener
from immich_ml_proxy.downstream.site import ProxySite
from immich_ml_proxy.upstream.client import BackendClient

#: Seconds that requests under way get when the proxy is stopped.
GRACE = 30.0


class ProxyService(MultiService):
    """
    The whole proxy.

    :param reactor: source of time, and what a signal stops.
    :param doors: the ports, the one for Immich first, each with its site.
    :param pool: the backends, for the greeting.
    :param client: closed at the end.
    :param parts: services that must run while requests are answered.
    :param guests: of those, or of their own, who send requests to it themselves: they
        are stopped first, and nobody waits for what they have asked.
    :param note: what is to be known of who may do what, or empty.
    :param hung_up: called at SIGHUP, unless it was the terminal that was closed.
    """

    _log = Logger()

    def __init__(
        self,
        reactor: Any,
        doors: Sequence[tuple[Listener, ProxySite]],
        pool: Pool,
        client: BackendClient,
        *parts: IService,
        guests: Sequence[IService] = (),
        note: str = "",
        hung_up: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__()
        self._reactor = reactor
        self._doors = doors
        self._note = note
        self._hung_up = hung_up
        self._pool = pool
        self._client = client
        self._guests = guests
        for part in parts:
            part.setServiceParent(self)
        for listener, _ in reversed(doors):
            listener.setServiceParent(self)

    def startService(self) -> None:
        """Start everything, and say where."""
        super().startService()
        self._log.info("{greeting}", greeting=self._greeting())
        if self._note:
            self._log.warn("{note}", note=self._note)
        self._reactor.callWhenRunning(_stop_on_signals, self._reactor)
        self._reactor.callWhenRunning(_hear_sighup, self._reactor, self._hung_up)
        # What was made so far stays: looking at it again in every collection makes
        # the slowest percent of requests wait 20 ms longer.
        gc.collect()
        gc.freeze()

    async def _stop(self) -> None:
        for guest in self._guests:
            await maybeDeferred(guest.stopService)
        await gatherResults([listener.stopService() for listener, _ in self._doors])
        sites = [site for _, site in self._doors]
        active = sum(len(site.active) for site in sites)
        if active:
            self._log.info(
                "stopping; {count} requests get up to {grace:.0f} s to finish",
                count=active,
                grace=GRACE,
            )
        ended = DeferredList([site.end() for site in sites], consumeErrors=True)
        await ended.addTimeout(GRACE, self._reactor)
        if any(site.connections for site in sites):
            active = sum(len(site.active) for site in sites)
            self._log.warn("{count} requests cut off", count=active)
            for site in sites:
                site.connections.cut()
        await super().stopService()
        self._client.close()

    def stopService(self) -> Deferred[None]:
        """Let the requests under way finish, then stop everything."""
        return Deferred.fromCoroutine(self._stop())

    def _greeting(self) -> str:
        count = len(list(self._pool))
        backends = "1 machine" if count == 1 else f"{count or 'no'} machines"
        places = [_url(listener) for listener, _ in self._doors]
        place, pages = places[0], places[-1]
        if place is None or pages is None:
            told = [str(listener.host) for listener, _ in self._doors]
            return f"listening on {' and '.join(told)}; {backends}"
        return (
            f"immich-ml-proxy is listening on {place} with {backends}; "
            f"configure it at {pages}/config, watch it at {pages}/debug"
        )


def _url(listener: Listener) -> str | None:
    """Return the URL of a port, if it is one that has a number."""
    host: Any = listener.host
    if not hasattr(host, "port"):
        return None
    name = "localhost" if host.host in ("0.0.0.0", "::") else host.host
    return (
        f"http://[{name}]:{host.port}" if ":" in name else f"http://{name}:{host.port}"
    )


def _stop_on_signals(reactor: Any) -> None:
    """
    Make SIGTERM and Ctrl-C an orderly end, with status 0; a second one ends at once.

    Twisted's own handlers have the process die of the signal in the end.
    """

    def stop(number: int, frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        reactor.callFromThread(reactor.stop)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)


def _hear_sighup(reactor: Any, hung_up: Callable[[], None]) -> None:
    """
    Have SIGHUP mean what it does to servers, not the end.

    When the terminal is closed in which the proxy was started it is the end: else a
    proxy that nobody sees would keep the port.
    """
    has_terminal = os.isatty(0)

    def hear(number: int, frame: object) -> None:
        is_closed = has_terminal and not os.isatty(0)
        reactor.callFromThread(reactor.stop if is_closed else hung_up)

    signal.signal(signal.SIGHUP, hear)
