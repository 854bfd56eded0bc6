"""Pings every backend on a timer, and on demand, and writes down what was seen."""

from __future__ import annotations

from collections.abc import Callable

from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred, DeferredList, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.http_headers import Headers

from immich_ml_proxy.balancer.health import of_ping
from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.balancer.server import Server
from immich_ml_proxy.balancer.turns import Turns
from immich_ml_proxy.upstream.client import BackendClient, Outgoing
from immich_ml_proxy.upstream.reply import ExchangeFailed

#: Seconds after which a round is over for who waits for it, whatever a ping may take:
#: Immich gives up our own /ping after 2.
LONGEST_ROUND = 1.5


class HealthChecker(Service):
    """
    :param clock: source of time: the reactor, or a ``task.Clock`` in tests.
    :param client: sends the pings.
    :param pool: the backends, and the interval in the configuration in force.
    :param new_trace_id: names a round of pings in records.
    :param via: the ``Via`` of pings of our own; empty: none.
    :ivar observers: told of the backend after every ping.
    """

    _log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        client: BackendClient,
        pool: Pool,
        new_trace_id: Callable[[], str],
        via: bytes = b"",
    ) -> None:
        self._clock = clock
        self._client = client
        self._pool = pool
        self._new_trace_id = new_trace_id
        self._via = via
        self.observers: list[Callable[[Server], object]] = []
        self._loop: LoopingCall | None = None
        # Those that wait for their turn, too.
        self._pings: dict[Server, Deferred[None]] = {}
        self._turns = Turns(pool.config.max_pings)

    def startService(self) -> None:
        """Begin with a round at once."""
        super().startService()
        self._start_loop()

    def stopService(self) -> Deferred[None]:
        """End the loop and the pings under way."""
        super().stopService()
        self._stop_loop()
        self._turns.end()
        for ping in tuple(self._pings.values()):
            ping.cancel()
        return succeed(None)

    def reconfigured(self) -> None:
        """Go on with the interval and the backends of the new configuration."""
        self._turns.end()  # some may be gone; all others are in the round that begins
        self._turns.allow(self._pool.config.max_pings)
        if self.running:
            self._stop_loop()
            self._start_loop()

    def look_at_new(self) -> None:
        """Ping those at once that have come since the last round began."""
        for server in self._pool:
            if server.health.status == "unknown" and server.is_pinged:
                self.ping(server)

    def check(self, trace_id: str | None = None, via: bytes = b"") -> Deferred[None]:
        """
        Ping all backends, ``maxPings`` at once; it fires within ``LONGEST_ROUND``.

        One that is to be left alone is not pinged, whoever asks for the round. A
        backend that is being pinged is not pinged twice: rounds share the ping.
        Pings that are not answered by then go on, and those that wait go out.

        :param via: the ``Via`` of the ping that they are for.
        """
        trace_id = trace_id or self._new_trace_id()
        pings = [
            self.ping(server, trace_id, via)
            for server in self._pool
            if server.is_pinged
        ]
        done: Deferred[None] = Deferred(lambda _: over.cancel())
        over = self._clock.callLater(LONGEST_ROUND, done.callback, None)

        def answered(_: object) -> None:
            if over.active():
                over.cancel()
                done.callback(None)

        DeferredList(pings, consumeErrors=True).addCallback(answered)
        return done

    def ping(
        self, server: Server, trace_id: str | None = None, via: bytes = b""
    ) -> Deferred[None]:
        """Ping one backend, or join the ping under way; it never fails."""
        under_way = self._pings.get(server)
        if under_way is None:
            trace_id = trace_id or self._new_trace_id()
            pinging = self._in_turn(server, trace_id, via or self._via)
            self._pings[server] = under_way = pinging
            pinging.addBoth(self._pinged, server)
        joined: Deferred[None] = Deferred()
        under_way.chainDeferred(joined)
        return joined

    def _in_turn(self, server: Server, trace_id: str, via: bytes) -> Deferred[None]:
        def go(_: None) -> Deferred[None]:
            pinging = Deferred.fromCoroutine(self._ping(server, trace_id, via))
            return pinging.addBoth(over)

        def over(result: Failure | None) -> Failure | None:
            self._turns.give_back()
            return result

        def left(failure: Failure) -> None:
            failure.trap(CancelledError)  # it stops, or another round begins

        return self._turns.take().addCallbacks(go, left)

    async def _ping(self, server: Server, trace_id: str, via: bytes) -> None:
        headers = Headers({b"Accept": [b"*/*"], b"Via": [via] if via else []})
        outgoing = Outgoing(b"GET", "/ping", headers, trace_id)
        evidence, timeout = self._pool.evidence, self._pool.config.ping_timeout
        sent = self._clock.seconds()
        try:
            reply = await self._client.send(
                server.backend, outgoing, lambda taken: timeout - taken
            )
        except CancelledError:
            return  # the service is stopping; nothing was learned
        except ExchangeFailed as failed:
            now = self._clock.seconds()
            if failed.timed_out:
                evidence.missed_ping(server, str(failed), sent, now)
            else:
                evidence.observe(server, str(failed), now, True, sent)
        else:
            now = self._clock.seconds()
            evidence.observe(server, of_ping(reply), now, sent=sent)
        for observer in self.observers:
            observer(server)

    def _pinged(self, result: Failure | None, server: Server) -> None:
        self._pings.pop(server, None)
        if result is not None:
            self._log.failure("pinging {backend}", result, backend=server.name)

    def _start_loop(self) -> None:
        self._loop = LoopingCall(self._round)
        self._loop.clock = self._clock
        self._loop.start(self._pool.config.health_check_interval, now=True)

    def _round(self) -> Deferred[None]:
        """Check all; a bug of ours must not be the last round."""
        try:
            return self.check()
        except Exception:
            self._log.failure("a round of health checks failed; there will be others")
            return succeed(None)

    def _stop_loop(self) -> None:
        if self._loop is not None and self._loop.running:
            self._loop.stop()
        self._loop = None
