"""Predicts that are refused: each with its status and a text that says why."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.demo_requests import (
    BOUNDARY,
    MULTIPART,
    TEXTUAL,
    URLENCODED,
    VISUAL,
    entries_part,
    form,
    image_part,
    part,
)
from tests.fakes import document, serve
from tests.memory_proxy import Proxy, chunked, http, photo_form, posted
from tests.network import Network

Start = Callable[..., Proxy]

GOOD = photo_form(VISUAL)
CUT = GOOD.index(b"modelName")
FILE = '; filename="entries.json"'


def entries(value: bytes) -> bytes:
    """Return a form whose ``entries`` are these bytes."""
    return form(part("entries", value), image_part(b"picture"))


def many(count: int) -> dict[str, object]:
    """Return so many keys."""
    return {f"key{number}": {} for number in range(count)}


#: Content-Type, body, status, and what the error says.
BAD: list[tuple[str | None, bytes, int, str]] = [
    (None, GOOD, 400, "not a body without Content-Type"),
    ("application/json", json.dumps(VISUAL).encode(), 400, "not application/json"),
    ("text/plain", GOOD, 400, "not text/plain"),
    ("image/jpeg", b"\xff\xd8", 400, "send a form (multipart/form-data with the"),
    ("multipart/mixed; boundary=x", GOOD, 400, "not multipart/mixed"),
    (";;;", GOOD, 400, "send a form"),
    ("multipart/form-data", GOOD, 400, "no usable boundary"),
    ("multipart/form-data; boundary=", GOOD, 400, "no usable boundary"),
    ('multipart/form-data; boundary=""', GOOD, 400, "no usable boundary"),
    (f"multipart/form-data; boundary={'x' * 201}", GOOD, 400, "no usable boundary"),
    (MULTIPART, b"", 422, "entries: missing; the request has no body"),
    (URLENCODED, b"", 422, "entries: missing; the request has no body"),
    (MULTIPART, b"\r\n", 400, "does not hold the form that its header announces"),
    (MULTIPART, json.dumps(VISUAL).encode(), 400, "does not hold the form"),
    ("multipart/form-data; boundary=other", GOOD, 400, "does not hold the form"),
    (MULTIPART, GOOD[:60], 400, "the form is cut short: its last"),
    (MULTIPART, GOOD[:CUT], 400, "the form is cut short: its last"),
    (MULTIPART, form(), 422, "entries: missing; the form must"),
    (MULTIPART, form(image_part(b"picture")), 422, "entries: missing; the form must"),
    (MULTIPART, form(part("Entries", b"{}")), 422, "entries: missing"),
    (
        MULTIPART,
        entries(b"{}").replace(b"form-data", b"attachment"),
        400,
        "every part of the form must have, once, Content-Disposition: form-data;",
    ),
    (
        MULTIPART,
        form(part("entries", json.dumps(VISUAL).encode(), FILE)),
        422,
        "entries: must be a plain field, not a file",
    ),
    (
        MULTIPART,
        form(entries_part(VISUAL), entries_part(TEXTUAL)),
        422,
        "entries: sent twice",
    ),
    (
        MULTIPART,
        form(entries_part(VISUAL), image_part(b"picture"), entries_part(VISUAL)),
        422,
        "entries: sent twice",
    ),
    (MULTIPART, entries(b""), 422, "entries: not JSON"),
    (MULTIPART, entries(b" "), 422, "entries: not JSON"),
    (MULTIPART, entries(b"{'clip': {}}"), 422, "entries: not JSON"),
    (MULTIPART, entries(b'{"clip": {}'), 422, "entries: not JSON"),
    (MULTIPART, entries(b'{"clip": {}} {}'), 422, "entries: not JSON"),
    (MULTIPART, entries(b'{"clip": {"visual": NaN}}'), 422, "entries: not JSON"),
    (MULTIPART, entries(b'\xef\xbb\xbf{"clip": {}}'), 422, "entries: not JSON"),
    (MULTIPART, entries(b'{"clip": {"\xff": {}}}'), 422, "entries: not UTF-8"),
    (MULTIPART, entries(b"[nope"), 422, "entries: not JSON"),
    (MULTIPART, entries(b'{"clip": 3'), 422, "entries: not JSON"),
    (MULTIPART, entries(b"[" * 100_000), 422, "it is nested too deep"),
    (MULTIPART, entries(b'{"a":' * 100_000), 422, "it is nested too deep"),
    (MULTIPART, entries(b"[]"), 422, "entries: must be an object, such as"),
    (MULTIPART, entries(b"null"), 422, "entries: must be an object, such as"),
    (MULTIPART, entries(b'"clip"'), 422, "entries: must be an object, such as"),
    (MULTIPART, entries(b"3"), 422, "entries: must be an object, such as"),
    (MULTIPART, entries(b'{"clip": 3}'), 422, "entries.clip: must be an object"),
    (MULTIPART, entries(b'{"clip": null}'), 422, "entries.clip: must be an object"),
    (
        MULTIPART,
        entries(b'{"ocr": {}, "clip": ["visual"]}'),
        422,
        "entries.clip: must be an object of types",
    ),
    (MULTIPART, form(entries_part(many(101))), 422, "entries: more than 100 tasks"),
    (
        MULTIPART,
        form(entries_part({"clip": many(101)})),
        422,
        "entries.clip: more than 100 types",
    ),
    (
        MULTIPART,
        form(
            entries_part(
                {
                    f"task{task}": {f"type{task}.{kind}": {} for kind in range(11)}
                    for task in range(10)
                }
            )
        ),
        422,
        "entries: would be more than 100 requests",
    ),
    (MULTIPART, entries(b" " * (1024 * 1024 + 1)), 413, "longer than 1048576 bytes"),
    (MULTIPART, entries(b" " * (4 * 1024 * 1024)), 413, "longer than 1048576 bytes"),
    (
        MULTIPART,
        form(part("image", b"picture", "; x=" + "y" * 20_000), entries_part(VISUAL)),
        400,
        "too long headers",
    ),
    (
        MULTIPART,
        form(*[part("text", b"x")] * 1000, entries_part(VISUAL)),
        400,
        "more than 1000 parts",
    ),
    (
        MULTIPART,
        f"--{BOUNDARY}\r\n".encode() + GOOD,
        400,
        "has no proper headers",
    ),
    (
        MULTIPART,
        f"--{BOUNDARY}junk\r\n".encode() + GOOD,
        400,
        "does not begin on a line of its own",
    ),
    (URLENCODED, b"text=a+dog", 422, "entries: missing"),
    (URLENCODED, b"entries", 422, "entries: missing"),
    (URLENCODED, b"entries=", 422, "entries: not JSON"),
    (URLENCODED, b"entries=%7B%", 422, "entries: not JSON"),
    (URLENCODED, b"entries=%ff", 422, "entries: "),
    (URLENCODED, b"entries={}&%65ntries={}", 422, "entries: sent twice"),
    (URLENCODED, b"&".join([b"a"] * 1002), 400, "more than 1000 fields"),
    (
        URLENCODED,
        b"entries={}&image=" + b"x" * (4 * 1024 * 1024),
        413,
        "send a picture as multipart/form-data",
    ),
]


@pytest.fixture
def proxy(network: Network, start_proxy: Start) -> Proxy:
    """A proxy whose backend nobody may ask."""
    serve(network, "gpu")
    return start_proxy(document("gpu"))


def head_of(kind: str | None) -> dict[str, str]:
    """Return the header of a body of this type."""
    return {} if kind is None else {"Content-Type": kind}


@pytest.mark.parametrize(("kind", "body", "status", "told"), BAD)
def test_a_bad_predict_is_refused_in_clear_words(
    proxy: Proxy, kind: str | None, body: bytes, status: int, told: str
) -> None:
    """JSON with the reason; no server is bothered, and the connection stays good."""
    client = proxy.send(http("POST", "/predict", body, head_of(kind)))
    assert client.answer.status == status
    assert told in client.answer.error
    assert len(client.answer.error) < 300
    assert client.answer.headers["x-request-id"]
    assert "x-immich-ml-backend" not in client.answer.headers
    assert proxy.network.dialled == []
    assert client.send(posted(GOOD)).answers()[-1].status == 200
    assert proxy.site.admission.budget.used == 0


@pytest.mark.parametrize(("kind", "body", "status", "told"), BAD)
@pytest.mark.parametrize("way", ["pieces", "chunked"])
def test_it_is_refused_in_the_same_words_however_it_comes(
    proxy: Proxy, way: str, kind: str | None, body: bytes, status: int, told: str
) -> None:
    """In pieces that the network has cut, and without a length."""
    size = max(1, len(body) // 7)
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    if way == "chunked":
        head, *rest = chunked(*pieces)
        if kind is None:
            head = head.replace(f"Content-Type: {MULTIPART}\r\n".encode(), b"")
        else:
            head = head.replace(MULTIPART.encode(), kind.encode())
    else:
        whole = http("POST", "/predict", body, head_of(kind))
        head, rest = whole[: len(whole) - len(body)], pieces
    answer = proxy.send(head, *rest).answer
    assert answer.status == status
    assert told in answer.error
    assert proxy.site.admission.budget.used == 0
    if "twice" not in told:  # the first of two may have been believed for a while
        assert proxy.network.dialled == []


@pytest.mark.parametrize("length", [{}, {"Content-Length": "0"}])
def test_a_request_without_a_body_is_refused(
    proxy: Proxy, length: dict[str, str]
) -> None:
    """Whether it says so or not."""
    answer = proxy.ask(http("POST", "/predict", headers=length | head_of(MULTIPART)))
    assert answer.status == 422
    assert answer.error == "entries: missing; the request has no body"


def test_two_entries_reach_nobody_whole(network: Network, start_proxy: Start) -> None:
    """Proxy and server might each read another one: what was begun is broken off."""
    fake = serve(network, "gpu")["gpu"]
    proxy = start_proxy(document("gpu"))
    request = posted(
        form(entries_part(VISUAL), image_part(bytes(9000)), entries_part(TEXTUAL))
    )
    client = proxy.send(request[:5000])
    [connection] = network.to("gpu")
    assert connection.is_open
    client.send(request[5000:])
    assert client.answer.status == 422
    assert not connection.is_open
    assert fake.received == []


@pytest.mark.parametrize("asked", [{}, {"clip": {}}, {"new": {"kind": {"x": [1]}}}])
def test_what_only_a_server_can_judge_is_passed_on(
    proxy: Proxy, asked: dict[str, object]
) -> None:
    """Its answer depends on its version; there may be tasks that nobody knows yet."""
    assert proxy.ask(posted(photo_form(asked))).status == 200
