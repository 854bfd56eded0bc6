"""
The use case: a client's form in, the answer of one or several backends out.

form -> routing -> forwarder (several groups at once) -> merge
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
from twisted.internet.defer import Deferred, DeferredList, FirstError

from immich_ml_proxy.balancer.forwarder import Forwarder
from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.balancer.work import Served, Work
from immich_ml_proxy.errors import ProxyError
from immich_ml_proxy.protocol import merge, routing
from immich_ml_proxy.protocol.body import Body
from immich_ml_proxy.protocol.form import Entries
from immich_ml_proxy.protocol.routing import Group, Tasks
from immich_ml_proxy.upstream.body_producer import Splice

JSON = b"application/json"


@attrs.frozen
class Form:
    """
    A client's request, as far as it matters here.

    :ivar body: its bytes, which may still be arriving.
    :ivar entries: the value of ``entries`` and its place in the body.
    :ivar content_type: of the body.
    :ivar trace_id: names the request in answers, logs and records; ASCII.
    :ivar via: the ``Via`` that it goes on with; empty: none.
    """

    body: Body
    entries: Entries
    content_type: bytes
    trace_id: str
    via: bytes = b""


@attrs.frozen
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

    def predict(self, form: Form) -> Deferred[Prediction]:
        """
        Route ``form``, have it answered, and return the one answer.

        Cancelling it cancels every request that it has caused.

        :raises ProxyError: with the status and the text for the client.
        """
        return Deferred.fromCoroutine(self._predict(form))

    async def _predict(self, form: Form) -> Prediction:
        tasks = routing.read(form.entries.value)
        groups = routing.groups(tasks, self._pool.config)
        if len(groups) == 1:
            served = await self._forwarder.forward(self._work(groups[0], form, None))
            reply = served.reply
            content_type = JSON if reply.status < 300 else reply.content_type
            return _prediction([served], reply.status, content_type, reply.body)
        return await self._several(tasks, groups, form)

    async def _several(
        self, tasks: Tasks, groups: Sequence[Group], form: Form
    ) -> Prediction:
        entries = form.entries
        forwards = [
            Deferred.fromCoroutine(
                self._accepted(
                    self._work(
                        group,
                        form,
                        Splice(
                            entries.start, entries.end, entries.encode(group.entries)
                        ),
                    )
                )
            )
            for group in groups
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
        return _prediction(served, 200, JSON, merge.merge(tasks, answers))

    def _work(self, group: Group, form: Form, splice: Splice | None) -> Work:
        level = self._pool.config.check_answers
        return Work(
            group,
            form.body,
            splice,
            form.content_type,
            form.trace_id,
            level,
            form.via,
        )

    async def _accepted(self, work: Work) -> Served:
        served = await self._forwarder.forward(work)
        if served.reply.status >= 300:
            raise GroupRefused(served)
        return served


def _prediction(
    served: Sequence[Served], status: int, content_type: bytes, body: bytes
) -> Prediction:
    return Prediction(
        status=200 if status < 300 else status,
        content_type=content_type,
        body=body,
        backends=tuple(one.backend for one in served),
        waited=max(one.waited for one in served),
        took=max(one.took for one in served),
    )
