"""
What is known of a server's health: values, and what an observation makes of them.

What a ping says:

==============================  =====================================================
ping                            the server
==============================  =====================================================
``pong``                        is healthy
refused, broken off, any other  is unhealthy at once: what is wrong is said in words
answer
none in ``pingTimeout``         is healthy as before, if it has answered work since the
                                ping before, or has work that is not overdue
none again, and no work         is unhealthy: it gets no new work while another is well
answered since the first        and what it has under way is asked of another as well
==============================  =====================================================

A server that works hard may be late with its pongs, and work that it answers is better
evidence than a ping.
"""

from __future__ import annotations

import re
from typing import Literal

import attrs

from immich_ml_proxy.upstream.reply import Reply

Status = Literal["unknown", "healthy", "unhealthy"]

NEVER = float("-inf")


@attrs.frozen
class Health:
    """
    :ivar status: ``unknown`` until the first observation.
    :ivar last_check: when it was last observed, in seconds of the clock; 0 if never.
    :ivar error: why it is unhealthy, in words; empty otherwise.
    :ivar is_away: nothing was there to answer: to ask it something else makes no sense.
    :ivar pinged: when the last ping was sent.
    :ivar missed: when the first of the pings was sent that are unanswered in a row;
        ``None``: the last one was answered.
    """

    status: Status = "unknown"
    last_check: float = 0.0
    error: str = ""
    is_away: bool = attrs.field(default=False, eq=False)
    pinged: float = attrs.field(default=NEVER, eq=False)
    missed: float | None = attrs.field(default=None, eq=False)

    def observe(
        self,
        error: str | None,
        now: float,
        is_away: bool = False,
        sent: float = NEVER,
    ) -> Health:
        """
        Return the health after an observation; ``error`` is ``None`` when good.

        :param sent: when the ping was sent that told it; ``NEVER``: it was no ping.
        """
        pinged = max(self.pinged, sent)
        if error is None:
            return Health("healthy", now, pinged=pinged)
        return Health("unhealthy", now, error, is_away, pinged, self.missed)

    def miss(
        self, error: str, sent: float, answered: float, is_working: bool, now: float
    ) -> Health:
        """
        Return the health after a ping without an answer.

        :param error: the same, in words.
        :param sent: when it was sent.
        :param answered: when the server has last answered work.
        :param is_working: whether it has work under way that is not overdue.
        """
        first = self.missed is None or answered >= self.missed
        missed = sent if first else self.missed
        spared = first and (answered >= self.pinged or is_working)
        if spared and self.status == "healthy":
            return Health("healthy", now, pinged=sent, missed=missed)
        return Health("unhealthy", now, error, self.is_away, sent, missed)


def of_ping(reply: Reply) -> str | None:
    """Return what is wrong with the answer to a ping, in words; ``None``: nothing."""
    if 200 <= reply.status < 300 and reply.body.strip() == b"pong":
        return None
    if reply.status == 508:
        return "leads back to this proxy: give it the address of an ML server"
    if reply.status >= 500:
        return f"answered {reply.status}"  # a gateway in its place
    seems = _seems(reply)
    if 200 <= reply.status < 300 or seems:
        told = seems or f"/ping answers {_shown(reply.body)}"
        return f"answers, but is no Immich ML server: {told}"
    return f"answered {reply.status}"


def _seems(reply: Reply) -> str:
    """Return what it seems to be that answers; empty: nothing that we know."""
    body = reply.body[:65536].lower()
    if b'"res"' in body and b"pong" in body:
        return "it is Immich itself; its machine-learning service has another port"
    to = reply.headers.getRawHeaders(b"Location")
    if 300 <= reply.status < 400:
        where = _shown(to[0]) if to else "elsewhere"
        return f"it redirects to {where}"
    if reply.status in (401, 407) or b'type="password"' in body or b"login" in body:
        return "it wants a login first"
    if b"<html" in body or b"<!doctype" in body:
        if b"immich" in body:
            return "it is Immich itself; its machine-learning service has another port"
        title = re.search(rb"<title[^>]*>([^<]{1,100})", reply.body[:65536], re.I)
        return f"it is a web page, {_shown(title[1])}" if title else "it is a web page"
    if reply.status == 404:
        return "404 at /ping"
    return ""


def _shown(text: bytes) -> str:
    """Return text of somebody else's as a short line."""
    line = " ".join(text[:200].decode("utf-8", "replace").split())
    shown = "".join(one if one.isprintable() else "?" for one in line)
    return shown[:80] or "nothing"
