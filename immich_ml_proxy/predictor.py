"""
The use case: a client's form in, the answer of one or several backends out.

form -> routing -> forwarder (several groups at once) -> merge
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
from twisted.internet.defer import Deferred, DeferredList, FirstError, fail

from immich_ml_proxy.balancer.forwarder import Forwarder
from immich_ml_proxy.balancer.leg import Leg
from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.balancer.recent import Recent
from immich_ml_proxy.balancer.work import Order, Served, Work
from immich_ml_proxy.errors import ProxyError
from immich_ml_proxy.protocol import merge, routing
from immich_ml_proxy.protocol.body import Body
from immich_ml_proxy.protocol.form import Entries
from immich_ml_proxy.protocol.routing import Tasks
from immich_ml_proxy.upstream.body_producer import Splice

JSON = b"application/json"

#: How many values of ``entries`` are remembered with what they amount to, and bytes of
#: those: Immich asks for the same few things over and over.
USUAL_COUNT = 256
USUAL = 1000


@attrs.define
class Form:
    """
    A client's request, as far as it matters here.

    :ivar body: its bytes, which may still be arriving.
    :ivar entries: the value of ``entries`` and its place in the body.
    :ivar content_type: of the body.
    :ivar trace_id: names the request in answers, logs and records; ASCII.
    :ivar onward: the headers that it goes on with.
    :ivar legs: is told how its groups fare.
    """

    body: Body
    entries: Entries
    content_type: bytes
    trace_id: str
    onward: Mapping[bytes, list[bytes]] = {}
    legs: list[Leg] = attrs.Factory(list)


@attrs.define
class Prediction:
    """
    The answer to a client.

    :ivar status: 200, or that of the refusal that is passed on.
    :ivar content_type: of the body.
    :ivar body: one JSON object, or what came with the refusal.
    :ivar backends: who answered, in the order of the groups.
    :ivar waited: seconds before the slowest group was at its backend.
    :ivar took: seconds that the slowest backend took.
    """

    status: int
    content_type: bytes
    body: bytes
    backends: tuple[str, ...]
    waited: float
    took: float


class GroupRefused(ProxyError):
    """One of several groups was refused by every backend, which is passed on."""

    def __init__(self, served: Served) -> None:
        told = served.reply.body[:500].decode("utf-8", "replace")
        super().__init__(
            f"{served.group.label}: {served.backend} answered "
            f"{served.reply.status}: {told}"
        )
        self.status = served.reply.status
        self.backends = (served.backend,)


class Predictor:
    """
    :param pool: holds the configuration in force.
    :param forwarder: sends the groups.
    """

    def __init__(self, pool: Pool, forwarder: Forwarder) -> None:
        self._pool = pool
        self._forwarder = forwarder
        self._config = pool.config
        self._usual: Recent[bytes, tuple[Tasks, Sequence[Order]]] = Recent(USUAL_COUNT)

    def predict(self, form: Form) -> Deferred[Prediction]:
        """
        Route ``form``, have it answered, and return the one answer.

        Cancelling it cancels every request that it has caused.

        :raises ProxyError: with the status and the text for the client.
        """
        try:
            tasks, orders = self._asked(form.entries.value)
        except ProxyError:
            return fail()
        if len(orders) == 1:
            forwarding: Any = self._forwarder.forward(self._work(orders[0], form, None))
            return forwarding.addCallback(_of_one)  # type: ignore[no-any-return]
        return Deferred.fromCoroutine(self._several(tasks, orders, form))

    def _asked(self, value: bytes) -> tuple[Tasks, Sequence[Order]]:
        """Return what ``entries`` asks for, and what that amounts to."""
        if self._pool.config is not self._config:
            self._config = self._pool.config
            self._usual.clear()
        known = self._usual.get(value)
        if known is None:
            tasks = routing.read(value)
            groups = routing.groups(tasks, self._config)
            known = tasks, [Order.of(group) for group in groups]
            if len(value) <= USUAL:
                self._usual.keep(value, known)
        return known

    async def _several(
        self, tasks: Tasks, orders: Sequence[Order], form: Form
    ) -> Prediction:
        entries = form.entries
        forwards = [
            Deferred.fromCoroutine(
                self._accepted(
                    self._work(
                        order,
                        form,
                        Splice(
                            entries.start,
                            entries.end,
                            entries.encode(order.group.entries),
                        ),
                    )
                )
            )
            for order in orders
        ]
        try:
            results = await DeferredList(
                forwards, fireOnOneErrback=True, consumeErrors=True
            )
        except FirstError as first:
            for forward in forwards:
                forward.cancel()
            error: Any = first.subFailure.value
            raise error from None
        served = [result for _, result in results]
        answers = [(one.group, one.members) for one in served]
        return _of_several(served, merge.merge(tasks, answers))

    def _work(self, order: Order, form: Form, splice: Splice | None) -> Work:
        level = self._pool.config.check_answers
        return Work(
            order,
            form.body,
            splice,
            form.content_type,
            form.trace_id,
            level,
            form.onward,
            form.legs,
        )

    async def _accepted(self, work: Work) -> Served:
        served = await self._forwarder.forward(work)
        if served.reply.status >= 300:
            raise GroupRefused(served)
        return served


def _of_one(served: Served) -> Prediction:
    reply = served.reply
    is_well = reply.status < 300
    return Prediction(
        200 if is_well else reply.status,
        JSON if is_well else reply.content_type,
        reply.body,
        (served.backend,),
        served.waited,
        served.took,
    )


def _of_several(served: Sequence[Served], body: bytes) -> Prediction:
    return Prediction(
        200,
        JSON,
        body,
        tuple(one.backend for one in served),
        max(one.waited for one in served),
        max(one.took for one in served),
    )
