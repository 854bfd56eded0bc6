"""A predict request from its first byte: begins the work while the rest arrives."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from twisted.internet.defer import Deferred, fail
from twisted.logger import Logger

from immich_ml_proxy.balancer.leg import Leg
from immich_ml_proxy.errors import BadEntries, ProxyError
from immich_ml_proxy.predictor import Form, Prediction
from immich_ml_proxy.protocol.body import Body
from immich_ml_proxy.protocol.form import Entries, Scanner, scanner

Predict = Callable[[Form], Deferred[Prediction]]


class Upload:
    """
    Scans a form as it arrives and has it predicted as soon as ``entries`` is known.

    Nothing that a client sends makes a method raise: what is wrong is kept and is
    the result of :meth:`finish`.

    :param body: takes the bytes; it is filled by whoever calls :meth:`feed`.
    :param content_type: of the body, or ``None``.
    :param trace_id: names the request.
    :param onward: the headers that it goes on with.
    :param legs: is told how its groups fare.
    :param predict: begins the work.
    :ivar held: the body is not read on at present. It must not take a backend's place
        then: who has room for a body might wait for that place, and so both for ever.
    """

    _log = Logger()

    def __init__(
        self,
        body: Body,
        content_type: bytes | None,
        trace_id: str,
        onward: Mapping[bytes, list[bytes]],
        legs: list[Leg],
        predict: Predict,
    ) -> None:
        self._body = body
        self._content_type = content_type or b""
        self._trace_id = trace_id
        self._onward = onward
        self._legs = legs
        self._predict = predict
        self._scanner: Scanner | None = None
        self._prediction: Deferred[Prediction] | None = None
        self._error: ProxyError | None = None
        self.held = False
        try:
            self._scanner = scanner(content_type)
        except ProxyError as error:
            self._error = error

    @property
    def scanned(self) -> Scanner | None:
        """What is known of the form so far; ``None``: it is none."""
        return self._scanner

    def feed(self, chunk: bytes, is_last: bool = False) -> None:
        """
        Look at a chunk before the body takes it.

        What is wrong with it ends what was begun; so no form that is refused has been
        sent on whole.
        """
        if self._error is not None or self._scanner is None:
            return
        try:
            self._scanner.feed(chunk)
            if is_last:
                self._scanner.finish()
        except ProxyError as error:
            self._refuse(error)
        else:
            self._body.has_image = self._scanner.has_image

    def taken(self) -> None:
        """The body has taken the chunk: begin, if ``entries`` is known."""
        # A chunked upload waits for its end: its length must be announced.
        if not self.held and self._error is None and self._body.length is not None:
            self._begin_early()

    def go_on(self) -> None:
        """The body is read on; see :attr:`held`."""
        self.held = False
        self.taken()

    def finish(self) -> Deferred[Prediction]:
        """Return the answer, once the body is complete."""
        if self._error is None and self._scanner is not None:
            try:
                if not self._body.size:
                    raise BadEntries("entries: missing; the request has no body")
                entries = self._scanner.finish()
            except ProxyError as error:
                self._refuse(error)
            else:
                if self._prediction is None:
                    self._begin(entries)
        prediction, self._prediction = self._prediction, None
        if prediction is None:
            assert self._error is not None
            return fail(self._error)
        return prediction

    def abandon(self) -> None:
        """The client is gone before :meth:`finish`: cancel what was begun."""
        if self._prediction is not None:
            prediction, self._prediction = self._prediction, None
            prediction.addErrback(lambda _: None)
            prediction.cancel()

    def _begin_early(self) -> None:
        """Begin if ``entries`` is known; the rest of the body may be under way."""
        entries = self._scanner.entries if self._scanner is not None else None
        if entries is not None and self._prediction is None:
            self._begin(entries)

    def _begin(self, entries: Entries) -> None:
        form = Form(
            self._body,
            entries,
            self._content_type,
            self._trace_id,
            self._onward,
            self._legs,
        )
        try:
            self._prediction = self._predict(form)
        except Exception:
            # A bug, which is answered as any: not with the end of the connection.
            self._prediction = fail()

    def _refuse(self, error: ProxyError) -> None:
        self._error = error
        self.abandon()
