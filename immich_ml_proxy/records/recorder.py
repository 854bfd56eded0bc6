"""
Writes down what goes over the wire, while that is switched on.

What a row is stands in ``row``, what is kept of them in ``kept``. What is recorded, and
what is not (what pages ask for all the time), is decided by the caller.
"""

from __future__ import annotations

from immich_ml_proxy.records.asked import asked
from immich_ml_proxy.records.content import (
    FormSeen,
    Splice,
    bytes_of,
    content_of,
    sent_of,
)
from immich_ml_proxy.records.kept import Kept
from immich_ml_proxy.records.masking import mask_url
from immich_ml_proxy.records.row import Part, Row, kind_of, time_at_servers
from immich_ml_proxy.records.seen import Asking, RequestSeen, ResponseSeen
from immich_ml_proxy.records.text import shown, without_surrogates

TRACE = 100
"""Characters kept of a trace id."""


class Recorder:
    """
    Keep the last requests while switched on; switching off keeps what there is.

    What went over the wire is kept as it came, and only put into words when somebody
    looks: most is dropped unseen, and to digest a picture takes as long as to pass it
    on.

    :param enabled: whether to record. Ask before gathering what a record is made of,
        so that nothing is copied while this is off.
    :param kept: what is recorded.
    """

    def __init__(self, *, enabled: bool = False, kept: Kept | None = None) -> None:
        self.enabled = enabled
        self.kept = kept if kept is not None else Kept()
        self._open: dict[str, Row] = {}  # under way and no work, by trace
        self._last = 0

    def row(self, number: int) -> Row | None:
        """Return a row that is kept, or is under way."""
        return self.kept.by_number.get(number)

    # --- What comes in ---------------------------------------------------------------

    def begin(
        self, now: float, started: float, trace_id: str, method: str, url: str
    ) -> Row:
        """
        A request has come.

        :param now: in seconds since the epoch, ``started`` in those of the clock.
        :param url: as in the request line.
        """
        path = url.partition("?")[0]
        row = self._new(now, started, trace_id, kind_of(path), method, url)
        if row.kind != "predict":
            self._open[row.trace_id] = row
        return row

    def end(
        self,
        row: Row,
        *,
        duration: float,
        request: RequestSeen,
        response: ResponseSeen | None,
        error: str | None,
        backend: str | None = None,
        form: FormSeen | None = None,
    ) -> None:
        """
        The request is answered, or its client is gone; do nothing while switched off.

        :param duration: seconds since it came.
        :param response: ``None`` if there was none.
        :param error: what went wrong, in words.
        :param backend: names of the servers whose answer it is.
        :param form: what is known of the form of a predict.
        """
        if not self.enabled:
            self.forget(row)
            return
        self._close(row)
        content = content_of(request, response, form)
        if form is not None:
            row.asked = asked(form.entries)
        row.backend = backend
        row.error = None if error is None else shown(error, 300)
        row.request_bytes = content.size
        if response is not None:
            row.status = response.status_code
            row.answer_bytes = content.answer_size
        row.content = content
        row.record = self._number()
        self._keep(row, duration)

    def forget(self, row: Row) -> None:
        """It will not end, as far as this is concerned."""
        if not row.order:
            self.kept.by_number.pop(row.number, None)
            self._close(row)

    # --- What goes out ---------------------------------------------------------------

    def ask(
        self,
        row: Row | None,
        now: float,
        started: float,
        trace_id: str,
        asking: Asking,
    ) -> tuple[Row, Part]:
        """
        A request goes out.

        :param row: what it is for; ``None``: whatever has this trace, or by itself.
        :param now: in seconds since the epoch, ``started`` in those of the clock.
        """
        row = row or self._open.get(_name(trace_id, TRACE))
        if row is None:
            kind = "ping" if asking.method == "GET" else "predict"
            method, path = asking.method, asking.path
            row = self._new(now, started, trace_id, kind, method, path)
            row.is_alone = True
        begin = max(0.0, started - row.started)
        part = Part(asking.machine, asking.why, asking.route, begin)
        row.add(part)
        return row, part

    def answered(
        self,
        row: Row,
        part: Part,
        *,
        duration: float,
        request: RequestSeen,
        splice: Splice | None,
        is_own: bool,
        response: ResponseSeen | None,
        error: str | None,
    ) -> None:
        """
        It is over; do nothing while switched off.

        :param duration: seconds since it went out.
        :param splice: other ``entries`` than the row's that it was sent.
        :param is_own: its body is not the row's; else there is none in ``request``.
        :param response: ``None`` if there was none; then ``error`` says why.
        """
        status = response.status_code if response is not None else None
        part.settle(duration, status, error)
        if not self.enabled:
            if row.is_alone:
                self.forget(row)
            return
        part.number = self._number()
        if row.order and not row.bytes:
            return  # of the request that it was for nothing is kept any more
        part.sent = sent_of(request, response, splice, is_own)
        if row.is_alone:
            row.status, row.error = part.status, part.reason
            row.request_bytes = part.sent.size
            row.answer_bytes = part.sent.answer_size
            self._keep(row, duration)
        elif row.order:
            self.kept.grow(row, part.sent.bytes)

    # --- What is kept ----------------------------------------------------------------

    def _new(
        self,
        now: float,
        started: float,
        trace_id: str,
        kind: str,
        method: str,
        url: str,
    ) -> Row:
        row = Row(
            self._number(),
            now,
            started,
            _name(trace_id, TRACE),
            kind,
            _name(method, 20),
            url if url == "/predict" else shown(mask_url(url), 256),
        )
        self.kept.by_number[row.number] = row
        return row

    def _number(self) -> int:
        self._last += 1
        return self._last

    def _close(self, row: Row) -> None:
        if self._open.get(row.trace_id) is row:
            del self._open[row.trace_id]

    def _keep(self, row: Row, duration: float) -> None:
        row.duration = duration
        row.work = time_at_servers(row.parts, duration)
        sent = [part.sent for part in row.parts if part.sent is not None]
        row.bytes, row.picture_bytes = bytes_of(row.content, sent)
        self.kept.add(row)


def _name(text: str, length: int) -> str:
    return without_surrogates(text[:length])
