"""
Reads what Immich answers about its queues.

Since version 2.3, ``GET /api/queues`` is a list::

    [{"name": "smartSearch", "isPaused": false, "statistics": {"waiting": 3, ...}}]

before, ``GET /api/jobs`` is an object by name::

    {"smartSearch": {"queueStatus": {"isPaused": false}, "jobCounts": {...}}}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from immich_ml_proxy.observe.kinds import CLIP, FACES, OCR
from immich_ml_proxy.observe.time_left import Queue
from immich_ml_proxy.upstream.reply import Reply

QUEUES = "/api/queues"
JOBS = "/api/jobs"
#: Immich's queues whose work comes here, by the kind of it.
_KINDS = {"smartSearch": CLIP, "faceDetection": FACES, "ocr": OCR}
#: What is still to be done; by version, what waits in a paused queue is the last one.
_LEFT = ("active", "waiting", "delayed", "paused")


class Untold(Exception):
    """Immich did not tell; the text is a sentence that says why."""


def queues(reply: Reply) -> Mapping[str, Queue]:
    """
    Return the queues by kind of work.

    :raises Untold: when the answer does not say.
    """
    if reply.status == 401:
        raise Untold("Immich does not know the API key: make a new one there.")
    if reply.status == 403:
        raise Untold("The API key may not read Immich's queues: give it queue.read.")
    if not 200 <= reply.status < 300:
        raise Untold(f"Immich answered {reply.status}: is the address that of Immich?")
    try:
        found = dict(_queues(msgspec.json.decode(reply.body)))
    except (
        msgspec.DecodeError,
        UnicodeDecodeError,
        RecursionError,
        LookupError,
        TypeError,
        AttributeError,
        ValueError,
    ):
        found = {}
    if not found:
        raise Untold("What answers does not tell of queues: is it Immich?")
    return found


def _queues(value: Any) -> Iterator[tuple[str, Queue]]:
    if isinstance(value, list):
        for one in value:
            if one["name"] in _KINDS:
                queue = Queue(_left(one["statistics"]), one["isPaused"] is True)
                yield _KINDS[one["name"]], queue
    else:
        for name, kind in _KINDS.items():
            if name in value:
                one = value[name]
                is_paused = one["queueStatus"]["isPaused"] is True
                yield kind, Queue(_left(one["jobCounts"]), is_paused)


def _left(counts: Mapping[str, Any]) -> int:
    return sum(int(counts.get(name) or 0) for name in _LEFT)
