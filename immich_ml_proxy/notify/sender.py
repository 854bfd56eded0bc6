"""Sends messages to those who want to know, beside all the work and in bounded time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from typing import Any, Protocol
from urllib.parse import urlsplit

import attrs
from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from immich_ml_proxy.config.notify import Target
from immich_ml_proxy.notify.formats import written
from immich_ml_proxy.observe.incidents import Notice
from immich_ml_proxy.upstream.client import without_secrets
from immich_ml_proxy.upstream.reply import ExchangeFailed, Reply

#: Seconds that an answer is waited for, and before it is tried again, once.
TIMEOUT = 5.0
RETRY_AFTER = 2.0
#: Messages that wait for one of them; the oldest are dropped for newer ones.
WAITING = 100
#: Characters of an answer that are shown.
SHOWN = 200


class Post(Protocol):
    """Posts something; see :meth:`~immich_ml_proxy.upstream.poster.Poster.post`."""

    def __call__(
        self, url: str, headers: Mapping[str, str], content: bytes, seconds: float, /
    ) -> Deferred[Reply]:
        """Return the answer."""


@attrs.define(eq=False)
class _Line:
    """
    What is to be sent to one of them.

    :ivar error: why the last message could not be sent; ``None``: it could.
    :ivar last: when one was sent last, in seconds of the clock.
    :ivar sending: that one is on its way.
    """

    target: Target
    notices: deque[Notice] = attrs.field(factory=lambda: deque(maxlen=WAITING))
    error: str | None = None
    last: float | None = None
    sending: Deferred[None] | None = None


class Sender(Service):
    """
    :param clock: source of time.
    :param wall: what time it is, in Unix seconds.
    :param post: posts something.
    :ivar failed: told once of one who cannot be told any more: his name, and why.
    """

    _log = Logger()

    def __init__(
        self, clock: IReactorTime, wall: Callable[[], float], post: Post
    ) -> None:
        self._clock = clock
        self._wall = wall
        self._post = post
        self._lines: list[_Line] = []
        self.failed: Callable[[str, str], object] = lambda name, why: None

    def stopService(self) -> None:
        """End what is under way."""
        super().stopService()
        self.reconfigured(())

    def reconfigured(self, targets: Iterable[Target]) -> None:
        """Tell these from now on; who stays is still told what waits for him."""
        old = self._lines
        self._lines = []
        for target in targets:
            same = next((one for one in old if one.target == target), None)
            if same is not None:
                old.remove(same)
            self._lines.append(same or _Line(target))
        for gone in old:
            gone.notices.clear()
            if gone.sending is not None:
                gone.sending.cancel()

    def send(self, notice: Notice) -> None:
        """Tell all who want to know; this returns at once."""
        for line in self._lines:
            if notice.subject in line.target.events:
                line.notices.append(notice)
                self._go_on(line)

    def told(self) -> list[dict[str, Any]]:
        """Return how it goes with each, as JSON."""
        ahead = self._wall() - self._clock.seconds()
        return [
            {
                "target": line.target.name,
                "format": line.target.format,
                "error": line.error,
                "last": None if line.last is None else round(line.last + ahead, 1),
                "waiting": len(line.notices) + (line.sending is not None),
            }
            for line in self._lines
        ]

    async def test(self, target: Target) -> dict[str, Any]:
        """Send a message that says that it is one, and return what came of it."""
        began = self._clock.seconds()
        text = "This is a test of Immich ML Proxy: you are told here when it matters."
        notice = Notice("saved", "test", "Test", text, began)
        reply: Reply | None = None
        try:
            reply = await self._sent(target, notice)
        except ExchangeFailed as failed:
            told = f"{target.name} cannot be reached: {failed}."
        else:
            told = (
                f"{target.name} took it."
                if _is_well(reply)
                else _refusal(reply, target)
            )
        return {
            "ok": reply is not None and _is_well(reply),
            "status": None if reply is None else reply.status,
            "text": told,
            "took": round(self._clock.seconds() - began, 3),
        }

    def _sent(self, target: Target, notice: Notice) -> Deferred[Reply]:
        happened = self._wall() - (self._clock.seconds() - notice.at)
        headers, body = written(notice, target, happened)
        return self._post(target.url, headers, body, TIMEOUT)

    def _go_on(self, line: _Line) -> None:
        """Send what waits, one after the other."""
        if line.sending is not None:
            return
        sending = Deferred.fromCoroutine(self._send_all(line))
        if not sending.called:
            line.sending = sending
        sending.addBoth(self._ended, line)

    def _ended(self, result: Failure | None, line: _Line) -> None:
        line.sending = None
        if isinstance(result, Failure) and not result.check(CancelledError):
            self._log.failure("telling {target}", result, target=line.target.name)

    async def _send_all(self, line: _Line) -> None:
        while line.notices:
            notice = line.notices.popleft()
            error = await self._tried(line.target, notice)
            if error is not None:
                await deferLater(self._clock, RETRY_AFTER)
                error = await self._tried(line.target, notice)
            if error is None:
                line.last = self._clock.seconds()
            self._is_known(line, error)

    async def _tried(self, target: Target, notice: Notice) -> str | None:
        """Send a message; return why it could not be, or ``None``."""
        try:
            reply = await self._sent(target, notice)
        except ExchangeFailed as failed:
            return str(failed)
        return None if _is_well(reply) else _refusal(reply, target)

    def _is_known(self, line: _Line, error: str | None) -> None:
        """Tell once that one cannot be told, and once that he can be again."""
        name, before = line.target.name, line.error
        line.error = error
        if before is None and error is not None:
            self._log.warn(
                "{target} cannot be told what happens: {error}",
                target=name,
                error=error,
            )
            self.failed(name, error)
        elif before is not None and error is None:
            self._log.info("{target} is told again what happens", target=name)


def _is_well(reply: Reply) -> bool:
    return 200 <= reply.status < 300


def _refusal(reply: Reply, target: Target) -> str:
    """Return what he said, without what he was sent for his eyes alone."""
    secrets = target.headers.values(), urlsplit(target.url).path.split("/")
    body = without_secrets(reply.body[:4096], chain(*secrets))
    said = " ".join(body.decode("utf-8", "replace").split())
    shown = "".join(one if one.isprintable() else "?" for one in said)[:SHOWN]
    told = f"it answered {reply.status}"
    if 300 <= reply.status < 400:
        return f"{told}: it is at another address now; type that one"
    return f"{told}: {shown}" if shown else told
