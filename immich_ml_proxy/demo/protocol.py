"""What the service replies to a request's body; pure: values in, values out."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus

import msgspec
from attrs import evolve, frozen

from .answers import run
from .behaviour import PLAIN, Behaviour
from .form import read_form
from .models import INVALID_FORMAT, Entry, ServiceError, read_entries

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
HTML = "text/html"

#: What gateways say otherwise than Python, or of statuses that HTTP does not have.
_PHRASES = {
    413: "Request Entity Too Large",  # nginx's, and Python's before 3.13
    520: "Web server is returning an unknown error",
    521: "Web server is down",
    522: "Connection timed out",
    523: "Origin is unreachable",
    524: "A timeout occurred",
}

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
    :param asked: the tasks that were asked for, as far as the form could be read.
    :param models: what had to be loaded for it.
    :param headers: further ones.
    """

    status: int
    content_type: str
    body: bytes
    tasks: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    models: tuple[Entry, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()


INTERNAL_ERROR = Reply(500, TEXT, b"Internal Server Error")
PONG = Reply(200, TEXT, b"pong")


def json_reply(status: int, value: object) -> Reply:
    """Return ``value`` as JSON."""
    return Reply(status, JSON, msgspec.json.encode(value))


def error_reply(status: int, html: bool = False, detail: object = None) -> Reply:
    """
    Return an error as the service writes it, or a gateway before it.

    :param html: as a gateway does.
    :param detail: the reason; ``None``: the status's own words, as FastAPI has it; a
        500 without one is the bare text of a crash.
    """
    phrase = _phrase(status)
    if html:
        title = f"{status} {phrase}"
        return Reply(
            status,
            HTML,
            (
                f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
                f"<center><h1>{title}</h1></center>\r\n<hr><center>nginx</center>"
                "\r\n</body>\r\n</html>\r\n"
            ).encode(),
        )
    if status == 500 and detail is None:
        return INTERNAL_ERROR
    return json_reply(status, {"detail": phrase if detail is None else detail})


def reply_to_predict(
    content_type: str, body: bytes, behaviour: Behaviour = PLAIN
) -> Reply:
    """
    Return the reply to ``POST /predict``.

    :param content_type: the header as it came; empty if there was none.
    :param behaviour: of the server that is asked.
    """
    if behaviour.max_body and len(body) > behaviour.max_body:
        return error_reply(413, html=True)
    asked: tuple[str, ...] = ()
    try:
        form = read_form(content_type, body)
        if form.entries is None:
            raise ServiceError(422, _MISSING_ENTRIES)
        try:
            entries = msgspec.json.decode(form.entries)
        except (msgspec.DecodeError, RecursionError):
            raise ServiceError(422, INVALID_FORMAT) from None
        if isinstance(entries, dict):
            asked = tuple(entries)
        wanted = read_entries(entries, behaviour)
        answer = run(wanted, form.image, form.text, behaviour)
    except ServiceError as error:
        return evolve(error_reply(error.status, detail=error.detail), asked=asked)
    return Reply(200, JSON, msgspec.json.encode(answer), asked, asked, tuple(wanted))


def retry_after(value: str, now: float) -> str:
    """
    Return a value of ``Retry-After``: as it is, or for ``date+N`` a date.

    :param now: Unix seconds.
    """
    kind, _, seconds = value.partition("+")
    if kind != "date":
        return value
    date = datetime.fromtimestamp(now + int(seconds), UTC)
    return format_datetime(date, usegmt=True)


def _phrase(status: int) -> str:
    if status in _PHRASES:
        return _PHRASES[status]
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown Error"
