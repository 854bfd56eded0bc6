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
held against nobody.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.web.http_headers import Headers

from immich_ml_proxy.body_reader import BodyReader, Splice, as_sent
from immich_ml_proxy.core import merge
from immich_ml_proxy.core.body import Body
from immich_ml_proxy.core.errors import BackendFailed, ProxyError, TimedOut, Unavailable
from immich_ml_proxy.core.pool import Member, Pool
from immich_ml_proxy.core.routing import Group
from immich_ml_proxy.exchange import Exchange, ExchangeFailed, Outgoing, Reply


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
    :param exchange: sends to a backend.
    :param pool: says which.
    :param recheck: has a backend pinged at once.
    """

    _log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        exchange: Exchange,
        pool: Pool,
        recheck: Callable[[Member], object],
    ) -> None:
        self._clock = clock
        self._exchange = exchange
        self._pool = pool
        self._recheck = recheck

    async def forward(self, work: Work) -> Served:
        """
        Return the answer of the first backend that gives one.

        :raises BackendFailed: when none did; ``TimedOut`` when that was the last
            one's reason, ``Unavailable`` when there is none.
        """
        begun = self._clock.seconds()
        failed: dict[Member, ExchangeFailed] = {}
        broken = 0  # backends that answered 5xx
        while broken < 2:
            asked = self._clock.seconds()
            member = self._pool.choose(work.group.route, failed, asked)
            if member is None:
                break
            try:
                reply = await self._ask(member, work)
            except ExchangeFailed as error:
                failed[member] = error
                self._failed(member, work, error)
                broken += error.status >= 500
                continue
            now = self._clock.seconds()
            if reply.status < 300:
                self._pool.served(member, now)
                for other in failed:
                    self._pool.outdone(other, now)
            return Served(work.group, reply, member.name, asked - begun, now - asked)
        raise _verdict(work.group, failed)

    async def _ask(self, member: Member, work: Work) -> Reply:
        member.in_flight += 1
        try:
            reply = await self._exchange.send(
                member.backend, _outgoing(work), self._pool.config.request_timeout
            )
        finally:
            member.in_flight -= 1
        if 400 <= reply.status < 500:
            return reply
        if not 200 <= reply.status < 300:
            raise ExchangeFailed(f"answered {reply.status}", status=reply.status)
        if merge.read(reply.body) is None:
            raise ExchangeFailed("answered something that is not a JSON object")
        return reply

    def _failed(self, member: Member, work: Work, error: ExchangeFailed) -> None:
        self._log.warn(
            "{backend} failed {group}: {error} (request {trace_id})",
            backend=member.name,
            group=work.group.label,
            error=error,
            trace_id=work.trace_id,
        )
        self._pool.observe(member, str(error), self._clock.seconds())
        self._recheck(member)


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
        make_body=lambda: BodyReader(body, splice),
        chunks=lambda: tuple(as_sent(body.chunks, splice)),
    )


def _verdict(group: Group, failed: dict[Member, ExchangeFailed]) -> ProxyError:
    if not failed:
        return Unavailable(f"{group.label}: there is no backend to ask")
    told = "; ".join(f"{member.name} {error}" for member, error in failed.items())
    last = next(reversed(failed.values()))
    kind = TimedOut if last.timed_out else BackendFailed
    error = kind(f"{group.label}: {told}")
    error.backends = tuple(member.name for member in failed)
    return error
