"""Servers that were asked in vain, as the forwarder tells the pool of them."""

from __future__ import annotations

from typing import Any

from twisted.web.http_headers import Headers

from immich_ml_proxy.balancer.outcome import Kind, Outcome, Try
from immich_ml_proxy.balancer.server import Server
from immich_ml_proxy.upstream.reply import Reply

_STATUS = {Kind.SERVED: 200, Kind.FAILED: 500, Kind.UNABLE: 503, Kind.BUSY: 429}


def tried(
    server: Server,
    kind: Kind,
    had_served: bool = False,
    status: int | None = None,
    **more: Any,
) -> Try:
    """
    Return that a server was asked, and what came of it.

    :param status: that of its answer; by default one that the kind has.
    :param more: fields of the outcome.
    """
    if status is None:
        status = _STATUS.get(kind, 400)
    there_is_none = kind in (Kind.LOST, Kind.LATE)
    reply = None if there_is_none else Reply(status, Headers(), b"")
    found = Outcome(kind, kind.value, reply, **more)
    return Try(server, found, had_served, asked=1.0, took=2.0)
