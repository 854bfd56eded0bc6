"""Starts and stops the proxy: in what order, and what is said about it."""

from __future__ import annotations

import gc
import signal
from collections.abc import Sequence
from typing import Any

from twisted.application.service import IService, MultiService
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.defer import TimeoutError as TookTooLong
from twisted.internet.task import deferLater
from twisted.logger import Logger

from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.downstream.listener import Listener
from immich_ml_proxy.downstream.site import ProxySite
from immich_ml_proxy.upstream.client import BackendClient

#: Seconds that requests under way get when the proxy is stopped.
GRACE = 30.0
#: Seconds between two looks at whether the last answers have been sent.
FLUSH = 0.02


class ProxyService(MultiService):
    """
    The whole proxy.

    :param reactor: source of time, and what a signal stops.
    :param listener: the port.
    :param site: the requests under way.
    :param pool: the backends, for the greeting.
    :param client: closed at the end.
    :param parts: services that must run while requests are answered.
    :param guests: of those, or of their own, who send requests to it themselves: they
        are stopped first, and nobody waits for what they have asked.
    """

    _log = Logger()

    def __init__(
        self,
        reactor: Any,
        listener: Listener,
        site: ProxySite,
        pool: Pool,
        client: BackendClient,
        *parts: IService,
        guests: Sequence[IService] = (),
    ) -> None:
        super().__init__()
        self._reactor = reactor
        self._listener = listener
        self._site = site
        self._pool = pool
        self._client = client
        self._guests = guests
        for part in (*parts, listener):
            part.setServiceParent(self)

    def startService(self) -> None:
        """Start everything, and say where."""
        super().startService()
        self._log.info("{greeting}", greeting=self._greeting())
        self._reactor.callWhenRunning(_stop_on_signals, self._reactor)
        # What was made so far stays: looking at it again in every collection makes
        # the slowest percent of requests wait 20 ms longer.
        gc.collect()
        gc.freeze()

    async def _stop(self) -> None:
        for guest in self._guests:
            await maybeDeferred(guest.stopService)
        await self._listener.stopService()
        deadline = self._reactor.seconds() + GRACE
        drained = self._site.drained()
        if self._site.active:
            self._log.info(
                "stopping; {count} requests get up to {grace:.0f} s to finish",
                count=len(self._site.active),
                grace=GRACE,
            )
        try:
            await drained.addTimeout(GRACE, self._reactor)
            while any(getattr(one, "connected", 0) for one in self._site.closing):
                await deferLater(self._reactor, FLUSH)
                if self._reactor.seconds() > deadline:
                    break
        except TookTooLong:
            self._log.warn("{count} requests cut off", count=len(self._site.active))
        await super().stopService()
        self._client.close()

    def stopService(self) -> Deferred[None]:
        """Let the requests under way finish, then stop everything."""
        return Deferred.fromCoroutine(self._stop())

    def _greeting(self) -> str:
        count = len(list(self._pool))
        backends = "1 backend" if count == 1 else f"{count or 'no'} backends"
        port = self._listener.port
        host: Any = port.getHost() if port is not None else None
        if not hasattr(host, "port"):
            return f"listening on {host}; {backends}"
        name = "localhost" if host.host in ("0.0.0.0", "::") else host.host
        base = (
            f"http://[{name}]:{host.port}"
            if ":" in name
            else f"http://{name}:{host.port}"
        )
        return (
            f"immich-ml-proxy is listening on {base} with {backends}; "
            f"configure it at {base}/config, watch it at {base}/debug"
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
