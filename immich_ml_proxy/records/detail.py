"""All that is told of one request, in an answer of less than a hundred kilobytes."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import attrs
import msgspec

from immich_ml_proxy.records.array import digest
from immich_ml_proxy.records.boxes import seen
from immich_ml_proxy.records.content import as_sent, frame
from immich_ml_proxy.records.description import Form, Picture, describe
from immich_ml_proxy.records.folding import Room, folded
from immich_ml_proxy.records.masking import mask_url
from immich_ml_proxy.records.record import content_type, recorded_headers
from immich_ml_proxy.records.row import (
    ANSWERED,
    CANCELLED,
    OUTPACED,
    Content,
    Part,
    Row,
    Sent,
    unpacked,
)
from immich_ml_proxy.records.shown import Shown
from immich_ml_proxy.records.text import shown
from immich_ml_proxy.records.why import in_words

#: Bytes of an answer.
MOST_BYTES = 95_000
#: What it costs to put one message into words, in rows that are looked at.
COST = 120


@attrs.frozen
class Level:
    """
    How much is told of each thing, so that all of it is not too much.

    :ivar headers: lines, and ``value`` characters of one.
    :ivar text: characters of a body that is no JSON.
    :ivar boxes: faces, and texts.
    """

    room: Room
    headers: int
    value: int
    text: int
    boxes: int


LEVELS = (
    Level(Room(2000, 40, 1200), 60, 600, 8000, 150),
    Level(Room(500, 12, 300), 30, 200, 2000, 50),
    Level(Room(100, 3, 40), 8, 80, 300, 20),
    Level(Room(40, 2, 8), 2, 40, 80, 5),
)


def detail(row: Row, as_shown: Shown) -> Generator[int, None, bytes]:
    """
    Return all that is known of a request as JSON, in steps.

    :param as_shown: the same as the list shows it.
    """
    yield from digest(row)
    text = b""
    for level in LEVELS:
        text = yield from _at(row, as_shown, level)
        if len(text) <= MOST_BYTES:
            break
    return text


def bare(as_shown: Shown) -> bytes:
    """Return what is known of a request of which nothing is recorded."""
    told = msgspec.to_builtins(as_shown)
    told |= {"outgoing": [], "request": None, "response": None}
    told |= {"boxes": {"faces": [], "texts": []}, "outgoingLeftOut": 0}
    told |= {"imageWidth": None, "imageHeight": None}
    return msgspec.json.encode(told | {"bodyKept": False, "pictureKept": False})


def _at(row: Row, as_shown: Shown, level: Level) -> Generator[int, None, bytes]:
    content = row.content
    outgoing = []
    for at, part in enumerate(row.parts):
        outgoing.append(_part(row, at, part, level))
        yield COST
    looked = seen(content.answer if content is not None else b"", level.boxes)
    yield COST
    told = msgspec.to_builtins(as_shown)
    told |= {
        "outgoing": outgoing,
        "outgoingLeftOut": row.parts_count - len(row.parts),
        "request": None if content is None else _request(row, content, level),
        "response": None
        if content is None or row.status is None
        else _response(content, row.status, level),
        "boxes": {
            "faces": [face.told for face in looked.faces],
            "texts": list(looked.texts),
        },
        "imageWidth": looked.width,
        "imageHeight": looked.height,
        "bodyKept": content is not None,
        "pictureKept": row.picture_bytes > 0,
    }
    yield COST
    return msgspec.json.encode(told)


def outcome_of(row: Row, part: Part) -> str:
    """Return what came of a request to a server, when all is over."""
    others = (one for one in row.parts if one is not part)
    if part.outcome == CANCELLED and any(
        one.outcome == ANSWERED and one.begin <= part.begin + (part.duration or 0.0)
        for one in others
    ):
        return OUTPACED
    return part.outcome


def _part(row: Row, at: int, part: Part, level: Level) -> dict[str, Any]:
    sent = part.sent
    before = row.parts[at - 1] if at else None
    reason = None if part.reason is None else shown(part.reason, level.value)
    told: dict[str, Any] = {
        "machine": shown(part.machine, 100),
        "route": part.route,
        "begin": round(part.begin, 4),
        "wait": round(_wait(row.parts[:at], part), 4),
        "duration": None if part.duration is None else round(part.duration, 4),
        "status": part.status,
        "outcome": outcome_of(row, part),
        "reason": reason,
        "why": part.why,
        "whyWords": shown(
            in_words(
                part.why,
                None if before is None else before.machine,
                None if before is None else before.reason,
            ),
            2 * level.value,
        ),
        "requestHeaders": {},
        "responseHeaders": {},
        "request": None,
        "response": None,
        "requestBytes": 0,
        "responseBytes": 0,
    }
    if sent is not None:
        told["requestHeaders"] = _headers(sent.head, level)
        told["responseHeaders"] = _headers(sent.answer_head, level)
        told["request"] = _own_request(row, sent, level)
        told["requestBytes"] = sent.size if sent.is_own else row.request_bytes
        told["responseBytes"] = sent.answer_size
        if part.status is not None:
            told["response"] = _body(sent.answer, sent, sent.answer_size, level)
    return told


def _wait(before: Sequence[Part], part: Part) -> float:
    """Return for how long nobody was asked before this one was."""
    ends = [
        part.begin if one.duration is None else one.begin + one.duration
        for one in before
    ]
    return max(0.0, part.begin - max(ends, default=0.0))


def _own_request(row: Row, sent: Sent, level: Level) -> Any:
    """Return the body, where it is another than that of the row."""
    kind = content_type(unpacked(sent.head))
    if sent.is_own:
        return _described(describe([sent.body], kind, sent.size), level)
    if sent.splice is None or row.content is None:
        return None
    pieces = as_sent(row.content, sent.splice)
    return _described(describe(pieces, kind, None, _picture(row, row.content)), level)


def _request(row: Row, content: Content, level: Level) -> dict[str, Any]:
    head = unpacked(content.head)
    body = describe(
        frame(content), content_type(head), content.size, _picture(row, content)
    )
    told = {
        "url": shown(mask_url(content.url), 4 * level.value),
        "headers": _headers(content.head, level),
        "size": content.size,
        "entries": None,
        "fields": [],
        "body": None,
    }
    return told | _described(body, level)


def _described(body: Any, level: Level) -> dict[str, Any]:
    """Return a body: the entries of a form and its fields, or what else it is."""
    if not isinstance(body, Form):
        told = None if body is None else msgspec.to_builtins(body)
        if told is not None and "text" in told:
            told["text"] = shown(told["text"], level.text)
        return {"body": told}
    entries: Any = None
    fields = []
    for part in body.parts[: level.room.items]:
        if part.name == "entries" and part.value is not None:
            entries = _folded(part.value.encode(), level)
        field = msgspec.to_builtins(part)
        if part.value is not None:
            field["value"] = shown(part.value, level.room.characters)
        fields.append(field)
    return {"entries": entries, "fields": fields}


def _response(content: Content, status: int, level: Level) -> dict[str, Any]:
    return {
        "status": status,
        "headers": _headers(content.answer_head, level),
        "size": content.answer_size,
        "body": _body(content.answer, content, content.answer_size, level),
    }


def _body(answer: bytes, of: Content | Sent, size: int, level: Level) -> Any:
    """Return an answer: folded, where it is JSON, or described."""
    if len(answer) == size:
        found = _folded(answer, level)
        if found is not None:
            return found
    body = describe([answer], content_type(unpacked(of.answer_head)), size)
    return _described(body, level)["body"]


def _folded(text: bytes, level: Level) -> Any:
    try:
        return folded(text, level.room)
    except ValueError:
        return None


def _headers(head: bytes, level: Level) -> dict[str, list[str]]:
    pairs = unpacked(head)
    told = recorded_headers(pairs[: level.headers])
    if len(pairs) > level.headers:
        told["…"] = [f"{len(pairs) - level.headers} more"]
    return {
        shown(name, level.value): [shown(value, level.value) for value in values]
        for name, values in told.items()
    }


def _picture(row: Row, content: Content) -> Picture | None:
    if content.picture is None:
        return None
    begin, end = content.picture
    return Picture(end - begin, row.digest)
