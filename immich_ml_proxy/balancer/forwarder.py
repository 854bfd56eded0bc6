"""
Sends a group to a backend, judges what came of it, and fails over.

What an outcome means:

=====================================  ==========================  ==================
outcome                                the backend                 the group
=====================================  ==========================  ==================
2xx with a JSON object                 healthy                     served
4xx                                    as before: the request's    answered with it
                                       fault
connection error, timeout, broken off  unhealthy, pinged at once   next backend
5xx                                    unhealthy, pinged at once   one other backend;
                                                                   if that says 5xx
                                                                   too, failed
anything else                          unhealthy, pinged at once   next backend
=====================================  ==========================  ==================

Sending a group again is safe, since inference changes nothing. A client that left is
held against nobody. A backend that takes far longer than such requests usually take is
given up for another one that is well, as after a timeout; the last one asked is waited
for to the end.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.web.http_headers import Headers

from immich_ml_proxy.balancer.demand import demand_of
from immich_ml_proxy.balancer.hedging import HedgeBudget, hedged
from immich_ml_proxy.balancer.place import Places
from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.balancer.server import Server
from immich_ml_proxy.errors import BackendFailed, ProxyError, TimedOut, Unavailable
from immich_ml_proxy.protocol import merge, routing
from immich_ml_proxy.protocol.body import Body
from immich_ml_proxy.protocol.routing import Group
from immich_ml_proxy.upstream.body_producer import BodyProducer, Splice, as_sent
from immich_ml_proxy.upstream.client import BackendClient, Outgoing
from immich_ml_proxy.upstream.reply import ExchangeFailed, Reply

#: Seconds before backends that all failed are asked again by a request that is held.
START_OVER_AFTER = 1.0


@attrs.frozen
class Work:
    """
    A group on its way.

    :ivar group: what is asked for and where it may go.
    :ivar body: the client's form.
    :ivar splice: the group's own ``entries`` instead of the form's, or ``None`` when
        the form goes on as it is.
    :ivar content_type: of the form.
    :ivar trace_id: of the client's request.
    """

    group: Group
    body: Body
    splice: Splice | None
    content_type: bytes
    trace_id: str


@attrs.frozen
class Served:
    """
    An answer, and how it was come by.

    :ivar group: what was asked for.
    :ivar reply: a 2xx whose body is a JSON object, or a 4xx.
    :ivar backend: name of the backend that answered.
    :ivar waited: seconds before it was asked.
    :ivar took: seconds from asking to its whole answer.
    """

    group: Group
    reply: Reply
    backend: str
    waited: float
    took: float


class Forwarder:
    """
    :param clock: source of time.
    :param client: sends to a backend.
    :param pool: what is known of the backends.
    :param places: gives places at them.
    :param recheck: has a backend pinged at once.
    :ivar hedges: how many searches were asked of a second backend.
    """

    _log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        client: BackendClient,
        pool: Pool,
        places: Places,
        recheck: Callable[[Server], object],
    ) -> None:
        self._clock = clock
        self._client = client
        self._pool = pool
        self._places = places
        self._recheck = recheck
        self.hedges = HedgeBudget()

    async def forward(self, work: Work) -> Served:
        """
        Return the answer of the first backend that gives one.

        :raises BackendFailed: when none did; ``TimedOut`` when that was the last
            one's reason, ``Unavailable`` when there is none to ask.
        """
        journey = _Journey(work, self._clock)
        while journey.broken < 2:
            server = await self._places.take(
                journey.demand, journey.failed, journey.hold_until
            )
            if server is not None:
                with suppress(ExchangeFailed):
                    return await self._attempt(server, journey)
            elif self._rerouted(journey):
                continue
            elif self._may_start_over(journey):
                await deferLater(self._clock, START_OVER_AFTER)
                journey.failed.clear()
            else:
                break
        raise _verdict(work.group, journey.failed)

    def _rerouted(self, journey: _Journey) -> bool:
        """Whether a configuration that came meanwhile has another way for a group."""
        with suppress(Unavailable):
            group = routing.rerouted(journey.work.group, self._pool.config)
            if group.route != journey.demand.route:
                journey.demand = demand_of(group, journey.size)
                return True
        return False

    def _may_start_over(self, journey: _Journey) -> bool:
        """Whether all that could not be reached are waited for, to be asked again."""
        held = journey.hold_until > self._clock.seconds()
        return held and bool(journey.failed) and not journey.broken

    async def _attempt(self, server: Server, journey: _Journey) -> Served:
        after = journey.demand.route.hedge_after
        if after is None or not journey.demand.is_search:
            return await self._ask(server, journey)
        self.hedges.seen()
        first = Deferred.fromCoroutine(self._ask(server, journey))
        return await hedged(
            first, lambda: self._second(server, journey), after, self._clock
        )

    def _second(self, first: Server, journey: _Journey) -> Deferred[Served] | None:
        """Ask another healthy backend with a place as well, if the budget allows."""
        now = self._clock.seconds()
        demand, tried = journey.demand, {*journey.failed, first}
        other = self._pool.choose(demand, tried, now, hold=True)
        if other is None or not self.hedges.spend():
            return None
        other.take(demand, now)
        return Deferred.fromCoroutine(self._ask(other, journey))

    async def _ask(self, server: Server, journey: _Journey) -> Served:
        """Ask a backend at which a place was taken, and judge what comes of it."""
        asked = self._clock.seconds()
        try:
            reply = await self._judged(server, journey)
            if reply.status < 300:
                self._learn(server, journey, asked)
        except ExchangeFailed as error:
            journey.failed[server] = error
            journey.broken += error.status >= 500
            self._failed(server, journey.work, error)
            raise
        finally:
            # What was learned is known before the next request is given the place.
            self._places.give_back(server, journey.demand)
        waited, took = asked - journey.begun, self._clock.seconds() - asked
        return Served(journey.work.group, reply, server.name, waited, took)

    def _learn(self, server: Server, journey: _Journey, asked: float) -> None:
        now = self._clock.seconds()
        kind = journey.demand.kind
        # How long the client took to send the body says nothing of the backend.
        took = now - max(asked, journey.complete_at)
        server.times.add(kind, took)
        server.limiter.answered(kind, took, server.in_flight)
        self._pool.served(server, now)
        for other in journey.failed:
            self._pool.outdone(other, now)

    async def _judged(self, server: Server, journey: _Journey) -> Reply:
        reply = await self._client.send(
            server.backend,
            _outgoing(journey.work),
            lambda: self._allowed(server, journey),
        )
        if 400 <= reply.status < 500:
            return reply
        if not 200 <= reply.status < 300:
            raise ExchangeFailed(f"answered {reply.status}", status=reply.status)
        if merge.read(reply.body) is None:
            raise ExchangeFailed("answered something that is not a JSON object")
        return reply

    def _allowed(self, server: Server, journey: _Journey) -> float:
        """Return how many seconds ``server`` may take."""
        timeout = self._pool.config.request_timeout
        asked = {*journey.failed, server}
        patience = self._pool.patience(journey.demand, asked, self._clock.seconds())
        return timeout if patience is None else min(timeout, patience)

    def _failed(self, server: Server, work: Work, error: ExchangeFailed) -> None:
        server.failed += 1
        self._log.warn(
            "{backend} failed {group}: {error} (request {trace_id})",
            backend=server.name,
            group=work.group.label,
            error=error,
            trace_id=work.trace_id,
        )
        self._pool.observe(server, str(error), self._clock.seconds())
        self._recheck(server)
        if not error.status:
            self._places.wanted(server)


class _Journey:
    """A group on its way: who was asked, and how long it may be held."""

    def __init__(self, work: Work, clock: IReactorTime) -> None:
        body, now = work.body, clock.seconds()
        self.work = work
        self.size = body.length or body.size
        self.demand = demand_of(work.group, self.size)
        self.begun = now
        self.hold_until = now + work.group.route.hold_seconds
        self.failed: dict[Server, ExchangeFailed] = {}
        self.broken = 0  # backends that answered 5xx
        self.complete_at = now
        body.when_complete(lambda: setattr(self, "complete_at", clock.seconds()))


def _outgoing(work: Work) -> Outgoing:
    body, splice = work.body, work.splice
    return Outgoing(
        method="POST",
        path="/predict",
        headers=Headers(
            {
                b"Content-Type": [work.content_type],
                b"Accept": [b"*/*"],
                b"X-Request-ID": [work.trace_id.encode("ascii")],
            }
        ),
        trace_id=work.trace_id,
        make_body=lambda: BodyProducer(body, splice),
        body=body,
        chunks=lambda: tuple(as_sent(body.chunks, splice)),
    )


def _verdict(group: Group, failed: dict[Server, ExchangeFailed]) -> ProxyError:
    if not failed:
        return Unavailable(f"{group.label}: there is no backend to ask")
    told = "; ".join(f"{server.name} {error}" for server, error in failed.items())
    last = next(reversed(failed.values()))
    kind = TimedOut if last.timed_out else BackendFailed
    error = kind(f"{group.label}: {told}")
    error.backends = tuple(server.name for server in failed)
    return error
