"""
Whether and when the body of a request is read: room for it, pausing, refusals.

A request that is let in has a ticket, which owns the room of its body and gives it
back once, whatever way the request ends.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.web.iweb import IRequest

from immich_ml_proxy.config.model import Bounds, Config
from immich_ml_proxy.downstream.budget import SMALL, Budget, Charge
from immich_ml_proxy.downstream.visitors import Visitors
from immich_ml_proxy.errors import BodyTooLarge, ProxyError, Unavailable

#: Largest body that is no predict's, in bytes: a configuration has 1 MB at the most.
MAX_OTHER_BODY = 2 * 1024 * 1024

#: Writes an error of ours to a request, and returns the body of the answer.
WriteError = Callable[[IRequest, ProxyError], bytes]


class Admission:
    """
    What all requests share that want to be let in.

    :param write_error: how a refusal is written.
    :param room: connections that there can be at once.
    :ivar bounds: what a client may take.
    :ivar visitors: the count of connections.
    :ivar budget: the room for bodies.
    :ivar max_body_size: largest body, in bytes.
    """

    def __init__(self, write_error: WriteError, room: int = 1000) -> None:
        self.write_error = write_error
        self._room = room
        self.bounds = Bounds()
        self.visitors = Visitors(room)
        self.budget = Budget(0)
        self.max_body_size = 0

    def is_open_for(self, length: int | None) -> bool:
        """
        Whether a body of so many bytes needs no ticket, since it is small.

        Such bodies never wait for room, so they need not be counted: of a connection
        there is one at a time.
        """
        return (
            length is not None
            and length <= SMALL
            and length <= self.max_body_size
            and not self.visitors.is_crowded
        )

    def limit(self, config: Config) -> None:
        """Hold bodies to the limits of ``config``."""
        self.max_body_size = config.max_body_size
        self.budget.limit = config.max_buffered_bytes
        self.bounds = config.bounds
        self.visitors.most = min(
            config.bounds.max_connections or self._room, self._room
        )
        self.visitors.most_each = config.bounds.max_connections_per_address


class Ticket:
    """
    One request's way in.

    :param request: a ``twisted.web.http.Request`` whose headers are complete.
    :param resumed: told when its body is read on after it had to wait.
    :ivar refused: the answer is given; what still comes of the body is not kept.
    """

    __slots__ = (
        "_admission",
        "_charge",
        "_most",
        "_request",
        "_resumed",
        "_waited",
        "refused",
    )

    def __init__(
        self,
        admission: Admission,
        request: Any,
        resumed: Callable[[], None],
    ) -> None:
        self._admission = admission
        self._request = request
        self._resumed = resumed
        self._most = admission.max_body_size
        if request.path != b"/predict":
            self._most = min(self._most, MAX_OTHER_BODY)
        self._charge: Charge | None = None
        self._waited = False
        self.refused = False

    @property
    def waiting(self) -> bool:
        """Whether the body is not read at present, for want of room."""
        return self._charge is not None and self._charge.waiting

    def announced(self, length: int | None) -> ProxyError | None:
        """
        Take room for a body.

        :param length: bytes, ``None`` when a chunked upload does not say.
        :return: why it cannot be let in.
        """
        admission = self._admission
        if self._request.path == b"/predict" and admission.visitors.is_crowded:
            return Unavailable("too many clients are connected (maxConnections)")
        if length is not None and length > self._most:
            return self._too_large()
        if length != 0:
            self._charge = admission.budget.charge(length, self._go_on)
            if self._charge.waiting:
                self._wait()
        return None

    def grown(self, size: int, more: int) -> ProxyError | None:
        """
        Take room for more of a body whose length is not known.

        :param size: bytes of it so far.
        :param more: bytes that have come now.
        :return: why it cannot be let in after all.
        """
        if size + more > self._most:
            return self._too_large()
        if self._charge is not None:
            waiting = self._charge.waiting
            self._charge.grow(more)
            if self._charge.waiting and not waiting:
                self._wait()
        return None

    def refuse(self, error: ProxyError) -> None:
        """Answer now, before the body is read; no other request can follow it."""
        request = self._request
        self.refused = True
        self.give_back()
        request.requestHeaders.removeHeader(b"expect")
        request.channel.persistent = 0
        request.clientproto = b"HTTP/1.1"
        request.setHeader(b"Connection", b"close")
        request.setHeader(b"X-Request-ID", request.trace_id.encode("ascii"))
        request.setHeader(b"traceresponse", request.names.parent)
        request.write(self._admission.write_error(request, error))
        request.channel.linger()

    def answered(self) -> None:
        """The answer is complete, and the connection still there."""
        if self._waited:
            # What the channel saved when the body was complete was no timeout.
            self._request.channel.setTimeout(self._admission.bounds.idle_timeout)
            self._request.channel.transport.resumeProducing()

    def give_back(self) -> None:
        """Make room for the bodies of others; safe to call twice."""
        if self._charge is not None:
            self._charge.release()
            self._charge = None

    def end(self) -> None:
        """The request is over, in whatever way."""
        self.give_back()
        # A request and its ticket hold each other, and with them the connection.
        self._request = self._resumed = None  # type: ignore[assignment]

    def _too_large(self) -> BodyTooLarge:
        if self._most < self._admission.max_body_size:
            return BodyTooLarge(f"the body is larger than {self._most} bytes")
        return BodyTooLarge(f"the body is larger than maxBodySize, {self._most} bytes")

    def _wait(self) -> None:
        """Read no more from this client until there is room for its body."""
        self._waited = True
        channel = self._request.channel
        channel.setTimeout(None)
        channel.transport.pauseProducing()

    def _go_on(self) -> None:
        channel = self._request.channel
        # All may have come before reading stopped: then nothing more is expected.
        if not self._request.body.complete:
            channel.setTimeout(self._admission.bounds.idle_timeout)
            self._resumed()
        channel.transport.resumeProducing()
