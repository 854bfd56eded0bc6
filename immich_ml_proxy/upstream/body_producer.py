"""Sends a body to a backend, from its first byte, while it may still be arriving."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IConsumer
from twisted.web.iweb import IBodyProducer
from zope.interface import implementer

from immich_ml_proxy.protocol.body import Body


@attrs.frozen
class Splice:
    """Other bytes for those from ``start`` up to ``end`` of a body."""

    start: int
    end: int
    replacement: bytes

    def applied(self, chunk: bytes, offset: int) -> bytes:
        """Return what becomes of the chunk at ``offset`` of the body."""
        start, end = self.start - offset, self.end - offset
        if end <= 0 or start >= len(chunk):
            return chunk
        head, tail = chunk[: max(start, 0)], chunk[end:]
        return head + self.replacement + tail if start >= 0 else tail


def as_sent(chunks: Iterable[bytes], splice: Splice | None) -> Iterator[bytes]:
    """Yield the chunks of a body as a backend gets them, for a record."""
    offset = 0
    for chunk in chunks:
        yield chunk if splice is None else splice.applied(chunk, offset)
        offset += len(chunk)


@implementer(IBodyProducer)
class BodyProducer:
    """
    Walks the chunks of a body once; a failover takes a new reader.

    :ivar length: the number of bytes it will write.
    """

    def __init__(self, body: Body, splice: Splice | None = None) -> None:
        assert body.length is not None
        self.length = body.length
        if splice is not None:
            self.length += len(splice.replacement) - (splice.end - splice.start)
        self._body = body
        self._splice = splice
        self._next = 0  # index of the chunk to be written next
        self._offset = 0  # where it stands in the body
        self._paused = False
        self._consumer: Any = None
        self._done: Deferred[None] | None = None

    def at_once(self, most: int) -> bytes | None:
        """Return all of the body, if it is there and has no more bytes than that."""
        body = self._body
        if not body.complete or self.length > most:
            return None
        chunks = as_sent(body.chunks, self._splice) if self._splice else body.chunks
        return b"".join(chunks)

    def startProducing(self, consumer: IConsumer) -> Deferred[None]:
        """Write what is there, and the rest as it comes; see ``IBodyProducer``."""
        self._consumer = consumer
        done: Deferred[None] = Deferred(lambda _: self._let_go())
        self._done = done
        self._body.watch(self._write)
        self._write()
        return done

    def pauseProducing(self) -> None:
        """Wait: the backend reads more slowly than the client sends."""
        self._paused = True

    def resumeProducing(self) -> None:
        """Go on."""
        self._paused = False
        self._write()

    def stopProducing(self) -> None:
        """Let go of everything: nobody wants the rest."""
        self._let_go()

    def _write(self) -> None:
        if self._consumer is None:
            return
        chunks = self._body.chunks
        while not self._paused and self._next < len(chunks):
            chunk = chunks[self._next]
            self._next += 1
            if self._splice is not None:
                offset, self._offset = self._offset, self._offset + len(chunk)
                chunk = self._splice.applied(chunk, offset)
            self._consumer.write(chunk)
            if self._consumer is None:
                return
        if self._body.complete and self._next == len(chunks):
            done = self._done
            self._let_go()
            if done is not None:
                done.callback(None)

    def _let_go(self) -> None:
        # A reader and Twisted's LengthEnforcingConsumer hold each other; what hangs
        # on them would live until the garbage collector runs.
        if self._write in self._body.watchers:
            self._body.watchers.remove(self._write)
        self._consumer = None
        self._done = None
