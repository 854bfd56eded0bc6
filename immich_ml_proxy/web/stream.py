"""An answer that is made piece by piece, as fast as the client takes it."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IPushProducer, IReactorTime
from twisted.python.failure import Failure
from zope.interface import implementer

from immich_ml_proxy.downstream.request import ProxyRequest
from immich_ml_proxy.web.slices import COST, LONGEST

#: Bytes that are written at once, about; so much is small enough to be answered whole.
PIECE = 64 * 1024


@implementer(IPushProducer)
class Stream:
    """
    Writes pieces to a client, in slices; others go on in between.

    :param clock: source of time.
    :param request: of which all headers are set.
    :param pieces: what each has cost, see ``slices``, and its bytes, which may be none.
    """

    def __init__(
        self,
        clock: IReactorTime,
        request: ProxyRequest,
        pieces: Generator[tuple[int, bytes], None, None],
    ) -> None:
        self._clock = clock
        self._request: Any = request
        self._pieces = pieces
        self._later: IDelayedCall | None = None
        self._is_paused = False
        self._is_over = False
        self._is_registered = False
        self._done: Deferred[bytes] = Deferred(lambda _: self.stopProducing())

    def start(self) -> Deferred[bytes]:
        """
        Begin; what is small is done at once, and has a length.

        :return: fires with the rest of the answer, after which there is no more.
        """
        first = self._slice()
        if self._is_over:
            self._request.setHeader(b"Content-Length", b"%d" % len(first))
            self._done.callback(first)
            return self._done
        # What is sent so is not recorded, and must not be kept for that either.
        self._request.answer = None
        self._request.registerProducer(self, True)
        self._is_registered = True
        self._request.write(first)
        self._go_on_later()
        return self._done

    def pauseProducing(self) -> None:
        """The client takes no more for now; see ``IPushProducer``."""
        self._is_paused = True
        self._stop_timer()

    def resumeProducing(self) -> None:
        """Go on; see ``IPushProducer``."""
        self._is_paused = False
        self._go_on_later()

    def stopProducing(self) -> None:
        """The client is gone; see ``IProducer``."""
        self._is_over = True
        self._stop_timer()
        self._pieces.close()

    def _go_on_later(self) -> None:
        if not self._is_paused and not self._is_over and self._later is None:
            self._later = self._clock.callLater(0, self._go_on)

    def _go_on(self) -> None:
        self._later = None
        try:
            piece = self._slice()
        except Exception:
            self._is_over = True
            self._request.unregisterProducer()
            self._done.errback(Failure())
            return
        if self._is_over:
            self._request.unregisterProducer()
            self._done.callback(piece)
            return
        if piece:
            self._request.write(piece)
        self._go_on_later()

    def _slice(self) -> bytes:
        cost, end, made, size = 0, self._clock.seconds() + LONGEST, [], 0
        while cost < COST and size < PIECE and self._clock.seconds() <= end:
            try:
                spent, piece = next(self._pieces)
            except StopIteration:
                self._is_over = True
                break
            cost += spent
            size += len(piece)
            made.append(piece)
        return b"".join(made)

    def _stop_timer(self) -> None:
        if self._later is not None:
            self._later.cancel()
            self._later = None
