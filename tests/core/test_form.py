"""Finding ``entries`` in the bytes of a form, however they come."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.core import form
from immich_ml_proxy.core.errors import BadEntries, BadForm, BodyTooLarge, ProxyError
from immich_ml_proxy.core.form import Entries

BOUNDARY = b"----formdata-undici-012345678901"
MULTIPART = b"multipart/form-data; boundary=" + BOUNDARY
URLENCODED = b"application/x-www-form-urlencoded"
VALUE = b'{"clip":{"visual":{"modelName":"ViT-B-32__openai"}}}'


def part(head: bytes, value: bytes) -> bytes:
    """Return one part of a form, with the delimiter before it."""
    return b"--" + BOUNDARY + b"\r\n" + head + b"\r\n\r\n" + value + b"\r\n"


def field(name: bytes, value: bytes) -> bytes:
    """Return a plain field."""
    return part(b'Content-Disposition: form-data; name="' + name + b'"', value)


def image(value: bytes) -> bytes:
    """Return the image part that Immich sends."""
    head = b'Content-Disposition: form-data; name="image"; filename="blob"\r\n'
    return part(head + b"Content-Type: application/octet-stream", value)


def closed(*parts: bytes) -> bytes:
    """Return a whole form."""
    return b"".join(parts) + b"--" + BOUNDARY + b"--\r\n"


def scan(
    body: bytes, content_type: bytes = MULTIPART, sizes: tuple[int, ...] = ()
) -> Entries:
    """Feed a body in chunks of these sizes, the rest in one; return the entries."""
    scanner = form.scanner(content_type)
    position = 0
    for size in sizes:
        scanner.feed(body[position : position + size])
        position += size
    scanner.feed(body[position:])
    return scanner.finish()


ORDERS = {
    "immich": closed(field(b"entries", VALUE), image(b"\xff\xd8picture")),
    "image first": closed(image(b"\xff\xd8picture"), field(b"entries", VALUE)),
    "between others": closed(
        field(b"a", b""), field(b"entries", VALUE), field(b"text", b"a dog")
    ),
    "preamble and epilogue": b"hello\r\n" + closed(field(b"entries", VALUE)) + b"bye",
    "like a delimiter": closed(
        image(b"\r\n--" + BOUNDARY[:-1] + b"\r\n--\r\n\r\n" + BOUNDARY),
        field(b"entries", VALUE),
    ),
    "a picture that quotes entries": closed(
        image(b'name="entries"\r\n\r\n{}'), field(b"entries", VALUE)
    ),
    "cut short behind entries": field(b"entries", VALUE) + image(b"\xff\xd8")[:-20],
    "padded delimiter": closed(field(b"entries", VALUE)).replace(
        BOUNDARY + b"\r\n", BOUNDARY + b" \t\r\n"
    ),
    "header in other case": closed(field(b"entries", VALUE)).replace(
        b"Content-Disposition", b"content-disposition"
    ),
}


@pytest.mark.parametrize("body", ORDERS.values(), ids=ORDERS)
def test_entries_are_found_wherever_a_chunk_ends(body: bytes) -> None:
    """Any order of fields, split at any byte: value and place are the same."""
    whole = scan(body)
    assert whole.value == VALUE
    assert body[whole.start : whole.end] == VALUE
    for at in range(len(body)):
        assert scan(body, sizes=(at,)) == whole
    assert scan(body, sizes=(1,) * len(body)) == whole


@given(
    st.binary(max_size=200),
    st.binary(max_size=60),
    st.lists(st.integers(0, 40), max_size=30),
    st.booleans(),
)
def test_no_bytes_around_entries_confuse_the_scanner(
    picture: bytes, value: bytes, sizes: list[int], first: bool
) -> None:
    """Whatever picture and value hold, short of the delimiter itself."""
    if BOUNDARY in picture or BOUNDARY in value:
        return
    parts = [field(b"entries", value), image(picture)]
    body = closed(*(parts if first else reversed(parts)))
    found = scan(body, sizes=tuple(sizes))
    assert found.value == value
    assert body[found.start : found.end] == value


@given(st.lists(st.sampled_from([b"--", BOUNDARY, b"\r\n", b'name="entries"', b"x"])))
def test_hostile_forms_raise_our_errors_only(pieces: list[bytes]) -> None:
    """Whatever a client sends is a form with entries, or told to be none."""
    try:
        scan(b"".join(pieces))
    except ProxyError as error:
        assert error.status in (400, 413, 422)


@given(st.binary(max_size=100))
def test_hostile_content_types_raise_our_errors_only(content_type: bytes) -> None:
    """So does whatever it says of it."""
    for kind in (content_type, b"multipart/form-data; boundary=" + content_type):
        try:
            scan(b"--a\r\n", kind)
        except ProxyError as error:
            assert error.status in (400, 413, 422)


@pytest.mark.parametrize(
    "content_type",
    [
        b'multipart/form-data; boundary="' + BOUNDARY + b'"',
        b"Multipart/Form-Data; charset=utf-8; boundary=" + BOUNDARY,
        b"multipart/form-data;boundary=" + BOUNDARY + b"; x=y",
    ],
)
def test_a_boundary_is_read_in_every_form(content_type: bytes) -> None:
    """Quoted, or beside other parameters."""
    assert scan(ORDERS["immich"], content_type).value == VALUE


@pytest.mark.parametrize(
    ("body", "kind", "error", "told"),
    [
        (b"{}", b"application/json", BadForm, "application/json"),
        (b"", None, BadForm, "without Content-Type"),
        (b"x", b"multipart/form-data", BadForm, "boundary"),
        (b"x", b"multipart/form-data; boundary=", BadForm, "boundary"),
        (b"", MULTIPART, BadForm, "does not hold the form"),
        (b"hello", MULTIPART, BadForm, "does not hold the form"),
        (closed(image(b"x")), MULTIPART, BadEntries, "missing"),
        (closed(field(b"Entries", VALUE)), MULTIPART, BadEntries, "missing"),
        (image(b"x")[:-10], MULTIPART, BadForm, "cut short"),
        (field(b"entries", VALUE)[:-30], MULTIPART, BadForm, "cut short"),
        (
            closed(field(b"entries", VALUE), field(b"entries", VALUE)),
            MULTIPART,
            BadEntries,
            "twice",
        ),
        (
            closed(field(b'entries"; filename="x', VALUE)),
            MULTIPART,
            BadEntries,
            "not a file",
        ),
        (
            closed(field(b"entries", b"x" * (1 << 20 | 1))),
            MULTIPART,
            BodyTooLarge,
            "longer",
        ),
        (closed(part(b"X: " + b"x" * 20_000, b"")), MULTIPART, BadForm, "headers"),
        (closed(*[field(b"a", b"")] * 1001), MULTIPART, BadForm, "parts"),
        (b"--" + BOUNDARY + b"junk\r\n\r\n", MULTIPART, BadForm, "line of its own"),
        (b"text=a", URLENCODED, BadEntries, "missing"),
        (b"entries=1&entries=2", URLENCODED, BadEntries, "twice"),
        (b"a&" * 2000, URLENCODED, BadForm, "fields"),
        (b"a" * (5 << 20), URLENCODED, BodyTooLarge, "multipart"),
    ],
)
def test_what_is_no_form_with_entries_is_told(
    body: bytes, kind: bytes | None, error: type[ProxyError], told: str
) -> None:
    """Each kind of rubbish has its own words."""
    with pytest.raises(error, match=told):
        scanner = form.scanner(kind)
        scanner.feed(body)
        scanner.finish()


@given(st.text(max_size=50), st.text(max_size=50), st.integers(0, 60))
def test_urlencoded_entries_are_decoded(value: str, text: str, split: int) -> None:
    """Plus signs, percent signs, any order; the place is that of the encoded value."""
    body = urlencode({"text": text, "entries": value, "x": "y"}).encode()
    found = scan(body, URLENCODED, (split,))
    assert found.value == value.encode()
    assert body[found.start : found.end] == urlencode({"": value}).encode()[1:]
    replaced = body[: found.start] + found.encode(b"{ &+}") + body[found.end :]
    assert scan(replaced, URLENCODED).value == b"{ &+}"


def test_entries_are_known_before_the_picture_is_there() -> None:
    """That is what lets the work begin while the picture is under way."""
    scanner = form.scanner(MULTIPART)
    body = ORDERS["immich"]
    scanner.feed(body[: body.index(b"picture")])
    assert scanner.entries is not None
