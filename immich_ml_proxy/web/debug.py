"""What the debug page sees: the switch, the limit and the records."""

from __future__ import annotations

import re

import msgspec
from klein import Klein

from immich_ml_proxy.downstream.request import ProxyRequest
from immich_ml_proxy.errors import BadRequest
from immich_ml_proxy.records.recorder import MAX_RECORDS_LIMIT, Recorder
from immich_ml_proxy.web.answers import json_answer, json_text
from immich_ml_proxy.web.origin import read


class _Switch(msgspec.Struct, forbid_unknown_fields=True):
    enabled: bool


class _Limit(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    max_records: int


class DebugEndpoints:
    """
    ``/api/debug/``.

    :param recorder: holds the records.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def add_to(self, app: Klein) -> None:
        """Add the routes to ``app``."""
        app.route("/api/debug/status", methods=["GET"])(self.debug_status)
        app.route("/api/debug/toggle", methods=["POST"])(self.toggle)
        app.route("/api/debug/max-records", methods=["POST"])(self.max_records)
        app.route("/api/debug/records", methods=["GET"])(self.records)
        app.route("/api/debug/records", methods=["DELETE"])(self.clear)

    def debug_status(self, request: ProxyRequest) -> bytes:
        """The switch, the limit and the count."""
        told = {
            "enabled": self._recorder.enabled,
            "maxRecords": self._recorder.max_records,
            "recordCount": self._recorder.record_count,
        }
        return json_answer(request, told)

    def toggle(self, request: ProxyRequest) -> bytes:
        """Switch recording on or off; what was recorded stays."""
        self._recorder.enabled = read(request, _Switch, '{"enabled": true}').enabled
        return self.debug_status(request)

    def max_records(self, request: ProxyRequest) -> bytes:
        """Set how many records are kept."""
        self._recorder.max_records = read(
            request, _Limit, '{"maxRecords": 500}'
        ).max_records
        return self.debug_status(request)

    def records(self, request: ProxyRequest) -> bytes:
        """The last records, oldest first; ``?last=`` so many of them."""
        last = MAX_RECORDS_LIMIT
        for field in request.uri.partition(b"?")[2].split(b"&"):
            name, _, value = field.partition(b"=")
            if name == b"last":
                if not re.fullmatch(rb"[1-9][0-9]{0,8}", value):
                    raise BadRequest("last: must be a number, such as ?last=100")
                last = int(value)
        return json_text(request, self._recorder.to_json(last))

    def clear(self, request: ProxyRequest) -> bytes:
        """Forget all records."""
        self._recorder.clear()
        return self.debug_status(request)
