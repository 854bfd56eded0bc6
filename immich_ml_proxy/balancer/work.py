"""A group that is to be answered, as a request to a backend; and its answer."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from immich_ml_proxy.balancer.demand import Profile, profile_of
from immich_ml_proxy.balancer.leg import Leg
from immich_ml_proxy.config.model import CheckAnswers
from immich_ml_proxy.headers import KnownHeaders
from immich_ml_proxy.protocol.body import Body
from immich_ml_proxy.protocol.contract import Due, due_of
from immich_ml_proxy.protocol.merge import Answer
from immich_ml_proxy.protocol.routing import Group
from immich_ml_proxy.upstream.body_producer import BodyProducer, Splice, as_sent
from immich_ml_proxy.upstream.client import Outgoing
from immich_ml_proxy.upstream.reply import Reply


@attrs.define
class Order:
    """
    A group with what follows from it, which is worked out once.

    :ivar group: what is asked for and where it may go.
    :ivar profile: what it demands.
    :ivar due: what an answer to it must have.
    """

    group: Group
    profile: Profile
    due: Due

    @classmethod
    def of(cls, group: Group) -> Order:
        """Return the order for ``group``."""
        return cls(group, profile_of(group), due_of(group.tasks))


@attrs.define
class Work:
    """
    A group on its way.

    :ivar order: what is asked for and where it may go.
    :ivar body: the client's form.
    :ivar splice: the group's own ``entries`` instead of the form's, or ``None`` when
        the form goes on as it is.
    :ivar content_type: of the form.
    :ivar trace_id: of the client's request.
    :ivar check_answers: how closely, by the configuration that was in force when it
        came; see :func:`~immich_ml_proxy.protocol.contract.check`.
    :ivar onward: the headers of the client's request that go on with it; see
        :class:`~immich_ml_proxy.headers.KnownHeaders` for what they must be like.
    :ivar legs: how the groups of that request fare; this one's is added.
    """

    order: Order
    body: Body
    splice: Splice | None
    content_type: bytes
    trace_id: str
    check_answers: CheckAnswers
    onward: Mapping[bytes, list[bytes]] = {}
    legs: list[Leg] = attrs.Factory(list)

    @property
    def group(self) -> Group:
        """The group that is ordered."""
        return self.order.group


@attrs.define
class Served:
    """
    An answer, and how it was come by.

    :ivar group: what was asked for.
    :ivar reply: a 2xx that fits what was asked, or the refusal that is passed on.
    :ivar members: the values of a 2xx by their keys; empty for a refusal.
    :ivar backend: name of the backend that answered.
    :ivar waited: seconds before it was asked.
    :ivar took: seconds from asking to its whole answer.
    """

    group: Group
    reply: Reply
    members: Answer
    backend: str
    waited: float
    took: float


def outgoing(work: Work, why: str) -> Outgoing:
    """
    Return the request that asks a backend for it.

    :param why: that one, for the record of it.
    """
    body, splice = work.body, work.splice
    return Outgoing(
        method=b"POST",
        path="/predict",
        headers=KnownHeaders(
            {
                b"Content-Type": [work.content_type],
                b"Accept": [b"*/*"],
                **work.onward,
            }
        ),
        trace_id=work.trace_id,
        make_body=lambda: BodyProducer(body, splice),
        body=body,
        chunks=lambda: tuple(as_sent(body.chunks, splice)),
        splice=None
        if splice is None
        else (splice.start, splice.end, splice.replacement),
        why=why,
        route=work.order.group.route.key,
    )
