"""What the debug page sees: the switch, the limit, and the list of requests."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from klein import Klein
from twisted.internet.interfaces import IReactorTime

from immich_ml_proxy.downstream.request import ProxyRequest
from immich_ml_proxy.errors import BadRequest
from immich_ml_proxy.records.array import array
from immich_ml_proxy.records.page import Cursor, page
from immich_ml_proxy.records.recorder import Recorder
from immich_ml_proxy.records.search import Wanted
from immich_ml_proxy.records.shown import Shown
from immich_ml_proxy.web.answers import json_answer
from immich_ml_proxy.web.origin import read
from immich_ml_proxy.web.slices import in_slices
from immich_ml_proxy.web.stream import Stream

#: Parameters that ask for rows; without any of them, it is the array of all records.
_OF_ROWS = {
    *("after", "before", "limit", "kind", "task", "backend", "route", "trace"),
    *("status", "text"),
}


class _Switch(msgspec.Struct, forbid_unknown_fields=True):
    enabled: bool


class _Limit(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    max_records: int


class DebugEndpoints:
    """
    ``/api/debug/``, but for what is about one request.

    :param clock: source of time.
    :param recorder: holds the records.
    :param run: names this run of the proxy.
    :param under_way: leads to the requests that are under way.
    """

    def __init__(
        self,
        clock: IReactorTime,
        recorder: Recorder,
        run: str,
        under_way: Callable[[], Generator[int, None, list[Shown]]],
    ) -> None:
        self._clock = clock
        self._recorder = recorder
        self._run = run
        self._under_way = under_way

    def add_to(self, app: Klein) -> None:
        """Add the routes to ``app``."""
        app.route("/api/debug/status", methods=["GET"])(self.debug_status)
        app.route("/api/debug/toggle", methods=["POST"])(self.toggle)
        app.route("/api/debug/max-records", methods=["POST"])(self.max_records)
        app.route("/api/debug/records", methods=["GET"])(self.records)
        app.route("/api/debug/records", methods=["DELETE"])(self.clear)

    def debug_status(self, request: ProxyRequest) -> bytes:
        """The switch, the limits and what is kept."""
        kept = self._recorder.kept
        told = {
            "enabled": self._recorder.enabled,
            "maxRecords": kept.max_records,
            "recordCount": len(kept),
            "bytes": kept.bytes,
            "pictureBytes": kept.picture_bytes,
            "bounds": {
                "bytes": kept.max_bytes,
                "pictureBytes": kept.max_picture_bytes,
            },
        }
        return json_answer(request, told)

    def toggle(self, request: ProxyRequest) -> bytes:
        """Switch recording on or off; what was recorded stays."""
        self._recorder.enabled = read(request, _Switch, '{"enabled": true}').enabled
        return self.debug_status(request)

    def max_records(self, request: ProxyRequest) -> bytes:
        """Set how many requests are kept."""
        self._recorder.kept.max_records = read(
            request, _Limit, '{"maxRecords": 500}'
        ).max_records
        return self.debug_status(request)

    def records(self, request: ProxyRequest) -> Any:
        """All records, the last of them, or the rows that are asked for."""
        query = query_of(request)
        if _OF_ROWS & query.keys():
            return self._rows(request, query)
        last: int | None = None
        if "last" in query:
            if not re.fullmatch(r"[1-9][0-9]{0,8}", query["last"], re.ASCII):
                raise BadRequest("last: must be a number, such as ?last=100")
            last = int(query["last"])
        request.setHeader(b"Content-Type", b"application/json")
        request.setHeader(b"Cache-Control", b"no-store")
        if request.method == b"HEAD":
            return b""
        return Stream(self._clock, request, array(self._recorder.kept, last)).start()

    def _rows(self, request: ProxyRequest, query: dict[str, str]) -> Any:
        wanted, cursor = Wanted.of(query), Cursor.of(query, self._run)
        steps = page(self._recorder.kept, wanted, cursor, self._run, self._under_way())
        finding = in_slices(self._clock, steps)
        return finding.addCallback(lambda found: json_answer(request, found))

    def clear(self, request: ProxyRequest) -> bytes:
        """Forget all records."""
        self._recorder.kept.clear()
        return self.debug_status(request)


def query_of(request: ProxyRequest) -> dict[str, str]:
    """
    Return the parameters of a query by their names.

    Of several with one name the last holds, but for kinds, which are joined.
    """
    text = request.uri.partition(b"?")[2].decode("latin-1")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="replace")
    except ValueError as error:
        raise BadRequest(f"the address cannot be understood: {error}") from None
    kinds = [value for name, value in pairs if name == "kind"]
    return dict(pairs) | ({"kind": ",".join(kinds)} if kinds else {})
