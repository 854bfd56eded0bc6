"""A request that is over, as far as it is counted and told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from immich_ml_proxy.balancer.leg import Leg
from immich_ml_proxy.downstream.names import Names


class Ended(NamedTuple):
    """
    A request that is over; where many are gathered they are plain tuples: these cost
    less.

    :ivar client: its address; ``-``: it has none.
    :ivar method: as it was sent, and so are ``target`` and ``version``.
    :ivar status: of the answer; 499: the client left before.
    :ivar received: bytes of its body.
    :ivar sent: bytes of the answer's body.
    :ivar referer: the values of this header, and of ``agent``; ``None``: not sent.
    :ivar names: what it is called.
    :ivar started: when its head was there, in seconds of the clock.
    :ivar ended: when its answer was.
    :ivar legs: how its groups have fared; empty: it was no work.
    """

    client: str
    method: bytes
    target: bytes
    version: bytes
    status: int
    received: int
    sent: int
    referer: Sequence[bytes] | None
    agent: Sequence[bytes] | None
    names: Names
    started: float
    ended: float
    legs: Sequence[Leg]


#: What an :class:`Ended` has, in its order.
Fields = tuple[Any, ...]
