"""What the service replies to a request's body; pure: values in, values out."""

from __future__ import annotations

import msgspec
from attrs import frozen

from .answers import INVALID_FORMAT, ServiceError, expected_answer
from .form import read_form

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"

_MISSING_ENTRIES = [
    {
        "type": "missing",
        "loc": ["body", "entries"],
        "msg": "Field required",
        "input": None,
    }
]


@frozen
class Reply:
    """
    An HTTP response.

    :param tasks: what was worked on for it; empty unless ``status`` is 200.
    """

    status: int
    content_type: str
    body: bytes
    tasks: tuple[str, ...] = ()


INTERNAL_ERROR = Reply(500, TEXT, b"Internal Server Error")
UNAVAILABLE = Reply(503, TEXT, b"Service Unavailable")
PONG = Reply(200, TEXT, b"pong")


def json_reply(status: int, value: object, tasks: tuple[str, ...] = ()) -> Reply:
    """Return ``value`` as JSON."""
    return Reply(status, JSON, msgspec.json.encode(value), tasks)


def reply_to_predict(content_type: str, body: bytes) -> Reply:
    """
    Return the reply to ``POST /predict``.

    :param content_type: the header as it came; empty if there was none.
    """
    try:
        form = read_form(content_type, body)
        if form.entries is None:
            raise ServiceError(422, _MISSING_ENTRIES)
        try:
            entries = msgspec.json.decode(form.entries)
        except (msgspec.DecodeError, RecursionError):
            raise ServiceError(422, INVALID_FORMAT) from None
        answer = expected_answer(entries, form.image, form.text)
    except ServiceError as error:
        if error.detail is None:
            return INTERNAL_ERROR
        return json_reply(error.status, {"detail": error.detail})
    return json_reply(200, answer, tuple(entries))
