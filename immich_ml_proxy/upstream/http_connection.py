"""One connection to an HTTP/1.1 server, which carries one request at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone, ResponseFailed, ResponseNeverReceived
from twisted.web.iweb import IResponse
from zope.interface import implementer

from immich_ml_proxy.sockets import write_now
from immich_ml_proxy.upstream.answer_reader import AnswerReader, BadAnswer, Head
from immich_ml_proxy.upstream.decoding import decoded
from immich_ml_proxy.upstream.reply import Fields

#: Bytes of a body that are copied to be sent together with their head.
JOINED = 16 * 1024
#: Bytes that are read at once from a connection that is lost.
LAST_READ = 64 * 1024

_WHOLE = Failure(ResponseDone())


@implementer(IResponse)
class Answer:
    """
    A whole answer; see ``IResponse``.

    :ivar body: all of it, decoded.
    :raises BadAnswer: when it cannot be.
    """

    version = (b"HTTP", 1, 1)
    phrase = b""  # nobody asks
    request = None
    previousResponse = None

    def __init__(self, head: Head, body: bytes) -> None:
        self.code = head.code
        self.headers = Fields(head.fields)
        if head.encoding:
            body = decoded(body, head.encoding)
        self.length = len(body)
        self.body = body

    def deliverBody(self, protocol: Any) -> None:
        """Deliver all of the body at once."""
        if self.body:
            protocol.dataReceived(self.body)
        protocol.connectionLost(_WHOLE)

    def setPreviousResponse(self, response: Any) -> None:
        """Answers are not redirected here."""
        self.previousResponse = response


def below_tls(transport: Any) -> Any:
    """Return the transport that has the socket: below TLS, where that is spoken."""
    return getattr(transport, "transport", transport)


@implementer(IPushProducer)
class Connection(Protocol):
    """
    A connection that carries one request at a time.

    It stands between its transport and the producer of the body, and so learns that
    the connection is lost before the socket is closed; see :meth:`stopProducing`.

    :param idle: told when it could carry another one.
    :ivar idle_since: when it last became idle, in seconds.
    """

    def __init__(self, idle: Callable[[Connection], None]) -> None:
        self._idle = idle
        self.idle_since = 0.0
        self._answer: Deferred[Answer] | None = None
        self._reader: AnswerReader | None = None
        self._body: Any = None  # the producer, until the kernel has all of it
        self._sent = True
        self.is_open = True

    def send(self, head: bytes, body: Any) -> Deferred[Answer]:
        """
        Send a request and return its answer; cancelling closes the connection.

        :param body: an ``IBodyProducer`` that is a push producer, or ``None``.
        """
        transport: Any = self.transport
        answer: Deferred[Answer] = Deferred(self._cancelled)
        self._answer = answer
        self._reader = AnswerReader()
        whole = b"" if body is None else body.at_once(JOINED)
        if whole is not None:
            write_now(transport, head + whole)
            return answer
        self._body = body
        self._sent = False
        transport.registerProducer(self, True)
        write_now(transport, head)
        sent: Deferred[None] = body.startProducing(self)
        sent.addCallbacks(self._all_sent, lambda _: None)
        return answer

    def write(self, data: bytes) -> None:
        """Send a part of the body; see ``IConsumer``."""
        write_now(self.transport, data)

    def _all_sent(self, result: object) -> None:
        self._sent = True

    def pauseProducing(self) -> None:
        """Have the body wait; see ``IPushProducer``."""
        self._body.pauseProducing()

    def resumeProducing(self) -> None:
        """Go on with the body, or be done with it: the kernel has taken all."""
        if self._sent:
            self._leave_body()
        else:
            self._body.resumeProducing()

    def stopProducing(self) -> None:
        """
        Read what the kernel still holds: the connection is lost.

        A server that does not want the body answers and closes. That is seen when more
        of the body is written, perhaps before the answer is: Twisted then closes the
        socket without reading once more.
        """
        self.is_open = False
        transport = below_tls(self.transport)
        try:
            while self._answer is not None:
                data = transport.getHandle().recv(LAST_READ)
                if not data:
                    break
                transport.protocol.dataReceived(data)
        except OSError:
            pass  # there is nothing more
        if self._body is not None:
            self._leave_body()

    def dataReceived(self, data: bytes) -> None:
        """Take in a part of the answer."""
        if self._reader is None:
            self.close()  # nobody has asked
            return
        try:
            whole = self._reader.take(data)
        except BadAnswer as error:
            self._fail(ResponseFailed([Failure(error)]))
        else:
            if whole:
                self._finish()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """End the answer, or fail it."""
        self.is_open = False
        reader = self._reader
        if reader is None:
            return
        # A body that ends with its connection ends with an orderly one only.
        if reader.end() and reason.check(ConnectionDone):
            self._finish()
        elif reader.begun:
            self._fail(ResponseFailed([reason]))
        else:
            self._fail(ResponseNeverReceived([reason]))

    def _finish(self) -> None:
        answer, reader = self._answer, self._reader
        assert answer is not None
        assert reader is not None
        assert reader.head is not None
        self._forget()
        if reader.keep and self._sent and self.is_open:
            self._idle(self)
        else:
            self.close()
        try:
            whole = Answer(reader.head, reader.body)
        except BadAnswer as error:
            answer.errback(Failure(ResponseFailed([Failure(error)])))
        else:
            answer.callback(whole)

    def _fail(self, error: Exception) -> None:
        answer = self._answer
        self._forget()
        self.close()
        if answer is not None:
            answer.errback(Failure(error))

    def _cancelled(self, answer: object) -> None:
        self._forget()
        self.close()

    def _forget(self) -> None:
        self._answer = self._reader = None
        if self._body is not None:
            self._leave_body()

    def _leave_body(self) -> None:
        body, self._body = self._body, None
        transport: Any = self.transport
        transport.unregisterProducer()
        if not self._sent:
            body.stopProducing()

    def close(self) -> None:
        """Close the connection at once."""
        transport: Any = self.transport
        self.is_open = False
        transport.abortConnection()
