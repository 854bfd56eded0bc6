"""What the debug page sees of one request: all that is known of it, and its picture."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from functools import partial
from typing import Any

import msgspec
from klein import Klein
from twisted.internet.defer import Deferred, DeferredLock, succeed
from twisted.internet.interfaces import IReactorTime

from immich_ml_proxy.downstream.request import ProxyRequest
from immich_ml_proxy.errors import BadRequest, NotKept
from immich_ml_proxy.records import content as contents
from immich_ml_proxy.records.curl import curl
from immich_ml_proxy.records.detail import bare, detail
from immich_ml_proxy.records.har import har
from immich_ml_proxy.records.picture_kind import LOOKED_AT, picture_kind
from immich_ml_proxy.records.recorder import Recorder
from immich_ml_proxy.records.row import Content, Row, Sent
from immich_ml_proxy.records.shown import Shown, number_of, shown, shown_under_way
from immich_ml_proxy.records.unfolding import numbers_at
from immich_ml_proxy.trial.repeat import Repeat
from immich_ml_proxy.web.answers import json_answer, json_text, text_answer
from immich_ml_proxy.web.debug import query_of
from immich_ml_proxy.web.origin import read
from immich_ml_proxy.web.slices import in_slices
from immich_ml_proxy.web.stream import Stream
from immich_ml_proxy.web.thumbnail import LARGE, SIDE, thumbnail

#: Bytes of a picture that is small enough to be shown in a list as it is.
SMALL = 64 * 1024
#: Bytes that are written at once, and what that costs.
PIECE = 64 * 1024
COST = 100


class _To(msgspec.Struct, forbid_unknown_fields=True):
    machine: str


UnderWay = Callable[[], Generator[int, None, list[Shown]]]


class RecordEndpoints:
    """
    ``/api/debug/records/ID``.

    :param clock: source of time.
    :param recorder: holds the records.
    :param run: names this run of the proxy.
    :param version: of the proxy.
    :param under_way: leads to the requests that are under way.
    :param repeat: sends a request again.
    :param in_thread: calls something that takes long, in a thread.
    """

    def __init__(
        self,
        clock: IReactorTime,
        recorder: Recorder,
        run: str,
        version: str,
        under_way: UnderWay,
        repeat: Repeat,
        in_thread: Callable[[Callable[[], bytes | None]], Deferred[bytes | None]],
    ) -> None:
        self._clock = clock
        self._recorder = recorder
        self._run = run
        self._version = version
        self._under_way = under_way
        self._repeat = repeat
        self._in_thread = in_thread
        self._one_by_one = DeferredLock()

    def add_to(self, app: Klein) -> None:
        """Add the routes to ``app``."""
        path = "/api/debug/records/<name>"
        app.route(path, methods=["GET"])(self.detail)
        app.route(f"{path}/picture", methods=["GET"])(self.picture)
        app.route(f"{path}/thumbnail", methods=["GET"])(self.thumbnail)
        app.route(f"{path}/numbers", methods=["GET"])(self.numbers)
        app.route(f"{path}/har", methods=["GET"])(self.har)
        app.route(f"{path}/curl", methods=["GET"])(self.curl)
        app.route(f"{path}/send", methods=["POST"])(self.send)

    def row(self, name: str) -> Row:
        """
        Return the row of this name.

        :raises NotKept: when there is none.
        """
        number = number_of(name, self._run)
        row = None if number is None else self._recorder.row(number)
        if row is None:
            raise NotKept(
                "this request is not kept: newer ones took its place, the list was "
                "cleared, or the proxy was started anew"
            )
        return row

    async def detail(self, request: ProxyRequest, name: str) -> bytes:
        """All that is known of a request."""
        number = number_of(name, self._run)
        row = None if number is None else self._recorder.row(number)
        told: Shown | None = None
        if row is not None and row.order:
            told = shown(row, self._run)
        else:
            for one in await in_slices(self._clock, self._under_way()):
                if one.id == name:
                    told = one
        if row is None and told is not None:
            return json_text(request, bare(told))
        row = self.row(name)  # it may have ended, or be gone, by now
        if told is None:
            told = shown_under_way(row, self._run, self._clock.seconds())
        return json_text(request, await in_slices(self._clock, detail(row, told)))

    def picture(self, request: ProxyRequest, name: str) -> Any:
        """The picture that came with a request."""
        pieces, size = self._picture(name)
        return self._show(request, pieces, size)

    async def thumbnail(self, request: ProxyRequest, name: str) -> Any:
        """The same, small enough for a list; ``?size=large``: for a page."""
        side = LARGE if query_of(request).get("size") == "large" else SIDE
        pieces, size = self._picture(name)
        if size > SMALL and _kind_of(pieces):
            # One at a time: there is other work for the threads, and for the processor.
            made = await self._one_by_one.run(
                self._in_thread, partial(thumbnail, b"".join(pieces), side)
            )
            if made is None:
                raise NotKept("the picture cannot be read")
            pieces, size = [made], len(made)
        return await self._show(request, pieces, size)

    def numbers(self, request: ProxyRequest, name: str) -> bytes:
        """The numbers left out of an answer: ``?path=/clip``, of a ``part``."""
        query = query_of(request)
        row = self.row(name)
        kept: Content | Sent | None = row.content
        if (part := query.get("part")) is not None:
            if not re.fullmatch(r"[0-9]{1,4}", part, re.ASCII):
                raise BadRequest("part: must be a number, such as ?part=0")
            parts = row.parts[int(part) : int(part) + 1]
            kept = parts[0].sent if parts else None
        if kept is None or len(kept.answer) < kept.answer_size:
            raise NotKept("this answer is not kept any more, or not all of it")
        try:
            found = numbers_at(kept.answer, query.get("path", ""))
        except LookupError as error:
            raise NotKept(str(error)) from None
        return json_answer(request, {"numbers": found})

    def har(self, request: ProxyRequest, name: str) -> bytes:
        """A request as an HTTP archive."""
        text = har(self.row(name), self._version, _base(request))
        _as_file(request, f"{name}.har")
        return json_text(request, text)

    def curl(self, request: ProxyRequest, name: str) -> bytes:
        """A request as a command."""
        text = curl(self.row(name), name, _base(request))
        return text_answer(request, text.encode())

    async def send(self, request: ProxyRequest, name: str) -> bytes:
        """Send a request again to one machine, and compare the answers."""
        wanted = read(request, _To, '{"machine": "nas"}')
        told = await self._repeat.of(self.row(name), wanted.machine)
        return json_answer(request, told)

    def _picture(self, name: str) -> tuple[list[bytes], int]:
        content = self.row(name).content
        pieces = None if content is None else contents.picture(content)
        if pieces is None:
            raise NotKept("this request has no picture, or it is not kept any more")
        return pieces, sum(map(len, pieces))

    def _show(
        self, request: ProxyRequest, pieces: list[bytes], size: int
    ) -> Deferred[bytes]:
        kind = _kind_of(pieces)
        if kind is None:
            raise NotKept("what came as a picture is no JPEG, PNG or WebP")
        for header, value in (
            (b"Content-Type", kind.encode()),
            (b"Content-Length", b"%d" % size),
            (b"Content-Disposition", b"inline"),
            (b"Content-Security-Policy", b"default-src 'none'; sandbox"),
            (b"X-Content-Type-Options", b"nosniff"),
            (b"Cache-Control", b"private, max-age=600"),
        ):
            request.setHeader(header, value)
        if request.method == b"HEAD":
            return succeed(b"")
        return Stream(self._clock, request, _cut(pieces)).start()


def _kind_of(pieces: list[bytes]) -> str | None:
    return picture_kind(contents.beginning(pieces, LOOKED_AT))


def _cut(pieces: list[bytes]) -> Generator[tuple[int, bytes], None, None]:
    for piece in pieces:
        for begin in range(0, len(piece), PIECE):
            yield COST, piece[begin : begin + PIECE]


def _base(request: ProxyRequest) -> str:
    """Return the address of the proxy, as whoever asks has it."""
    host = request.getHeader(b"host") or b"localhost"
    scheme = "https" if request.isSecure() else "http"
    return f"{scheme}://{host.decode('latin-1')}"


def _as_file(request: ProxyRequest, name: str) -> None:
    disposition = f'attachment; filename="{name}"'.encode("ascii", "replace")
    request.setHeader(b"Content-Disposition", disposition)
