"""Reads what a recorder has recorded, as the API tells it."""

from __future__ import annotations

import msgspec

from immich_ml_proxy.records.array import array
from immich_ml_proxy.records.record import Record
from immich_ml_proxy.records.recorder import Recorder


def text_of(recorder: Recorder, last: int | None = None) -> bytes:
    """Return the records as JSON."""
    return b"".join(piece for _, piece in array(recorder.kept, last))


def records_of(recorder: Recorder) -> list[Record]:
    """Return the records, oldest first."""
    return msgspec.json.decode(text_of(recorder), type=list[Record])
