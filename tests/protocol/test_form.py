"""Finding ``entries`` in the bytes of a form, however they come."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multipart import MultipartSegment, PushMultipartParser

from immich_ml_proxy.protocol import form
from tests.protocol.forms import (
    BOUNDARY,
    IMMICH,
    MULTIPART,
    VALUE,
    closed,
    field,
    image,
    outcome,
    part,
    scan,
)

DELIMITER = b"\r\n--" + BOUNDARY

FORMS = {
    "immich": IMMICH,
    "image first": closed(image(b"\xff\xd8picture"), field(b"entries", VALUE)),
    "between others": closed(
        field(b"a", b""), field(b"entries", VALUE), field(b"text", b"a dog")
    ),
    "alone": closed(field(b"entries", VALUE)),
    "epilogue": closed(field(b"entries", VALUE)) + b"bye",
    "an empty line before": b"\r\n" + IMMICH,
    "entries in the epilogue": IMMICH + field(b"entries", b"{}"),
    "like a delimiter": closed(
        image(b"\r\n--" + BOUNDARY[:-1] + b"\r\n--\r\n\r\n" + BOUNDARY),
        field(b"entries", VALUE),
    ),
    "delimiters with other line ends": closed(
        image(b"\n--" + BOUNDARY + b"\r--" + BOUNDARY), field(b"entries", VALUE)
    ),
    "a value that ends like a delimiter": closed(
        image(DELIMITER[:-1]), field(b"entries", VALUE), field(b"text", b"\r\n")
    ),
    "a picture that quotes entries": closed(
        image(b'name="entries"\r\n\r\n{}'), field(b"entries", VALUE)
    ),
    "a name that contains entries": closed(
        field(b"entries2", b"{}"), field(b"entries", VALUE), field(b" entries", b"{}")
    ),
    "header in other case": IMMICH.replace(b"Content-Disp", b"content-DISP"),
    "other headers": closed(
        part(
            b"Content-Type: application/json\r\nX: y\r\n"
            b"Content-Disposition:form-data;name=entries",
            VALUE,
        )
    ),
    "the name of a file": closed(
        part(b'Content-Disposition: form-data; filename=":; name=a"; name="x"', b"{}"),
        field(b"entries", VALUE),
    ),
    "names that are no UTF-8": closed(
        field(b"entries\xff", b"{}"), field(b"entries", VALUE)
    ),
}


@pytest.mark.parametrize("body", FORMS.values(), ids=FORMS)
def test_entries_are_found_wherever_a_chunk_ends(body: bytes) -> None:
    """Any order of fields, split at any byte: value and place are the same."""
    whole = scan(body)
    assert whole.value == VALUE
    assert body[whole.start : whole.end] == VALUE
    assert not whole.urlencoded
    for at in range(len(body)):
        assert scan(body, sizes=(at,)) == whole
    assert scan(body, sizes=(1,) * len(body)) == whole


def test_a_delimiter_may_come_in_three_chunks() -> None:
    """The one that ends the value of entries, split at any two bytes."""
    whole = scan(IMMICH)
    for first in range(whole.end - 2, whole.end + len(DELIMITER) + 4):
        for second in range(1, len(DELIMITER) + 4):
            assert scan(IMMICH, sizes=(first, second)) == whole


def test_entries_are_known_with_the_delimiter_behind_them() -> None:
    """That is what lets the work begin while the picture is under way."""
    scanner = form.scanner(MULTIPART)
    end = IMMICH.index(DELIMITER) + len(DELIMITER)
    scanner.feed(IMMICH[: end - 1])
    assert scanner.entries is None
    scanner.feed(IMMICH[end - 1 : end])
    assert scanner.entries == scan(IMMICH)


@pytest.mark.parametrize("value", [b"", b"\r\n", b"--", b"\r\n--", b"\xff\x00", b"-"])
def test_any_value_is_entries(value: bytes) -> None:
    """What it says is for others to read."""
    body = closed(field(b"entries", value), image(b"x"))
    for sizes in ((), (1,) * len(body)):
        found = scan(body, sizes=sizes)
        assert (found.value, body[found.start : found.end]) == (value, value)


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        (b'multipart/form-data; boundary="%s"', BOUNDARY),
        (b"Multipart/Form-Data; charset=utf-8; boundary=%s", BOUNDARY),
        (b"multipart/form-data;boundary=%s; x=y", BOUNDARY),
        (b"multipart/form-data ; BOUNDARY=%s", BOUNDARY),
        (b'multipart/form-data; boundary="%s"', b"a b;c=d'()+_,-./:=?"),
        (b"multipart/form-data; boundary=%s", b"-"),
        (b"multipart/form-data; boundary=%s", b"x" * 200),
    ],
)
def test_a_boundary_is_read_in_every_form(content_type: bytes, boundary: bytes) -> None:
    """Quoted, beside other parameters, of any characters and any length."""
    parts = [field(b"entries", VALUE, boundary), image(b"x", boundary)]
    body = closed(*parts, boundary=boundary)
    found = scan(body, content_type % boundary, (7, 50))
    assert found.value == body[found.start : found.end] == VALUE


def test_what_replaces_entries_stands_in_a_form_as_it_is() -> None:
    """Nothing is encoded in a multipart form."""
    found = scan(IMMICH)
    new = b'{"a": "+ %41 \xc3\xa9"}'
    body = IMMICH[: found.start] + found.encode(new) + IMMICH[found.end :]
    assert scan(body).value == new


#: What pictures and values are made of, to look like delimiters.
PIECES = st.sampled_from(
    [b"\r\n", b"\r", b"\n", b"--", b"\r\n--", b'name="entries"', b"\r\n\r\n", b"{}"]
)


@st.composite
def forms(draw: st.DrawFn) -> tuple[bytes, bytes, bytes]:
    """Draw a form that holds entries: its boundary, the value, and the body."""
    alphabet = "abAB09'()+_,-./:=?"
    boundary = draw(st.text(alphabet, min_size=1, max_size=20)).encode()
    delimiter = b"\r\n--" + boundary
    pieces = (
        PIECES | st.just(boundary) | st.just(delimiter[:-1]) | st.binary(max_size=9)
    )
    values = (
        st.lists(pieces, max_size=8).map(b"".join).filter(lambda v: delimiter not in v)
    )
    value = draw(values)
    names = st.sampled_from([b"text", b"a", b"Entries", b"entries1", b""])
    parts = [
        image(draw(values), boundary)
        if draw(st.booleans())
        else field(draw(names), draw(values), boundary)
        for _ in range(draw(st.integers(0, 4)))
    ]
    place = draw(st.integers(0, len(parts)))
    parts.insert(place, field(b"entries", value, boundary))
    body = closed(*parts, boundary=boundary)
    return boundary, value, draw(st.sampled_from([b"", b"\r\n"])) + body + draw(values)


SIZES = st.lists(st.integers(0, 40), max_size=40)


@given(forms(), SIZES)
def test_no_bytes_around_entries_confuse_the_scanner(
    drawn: tuple[bytes, bytes, bytes], sizes: list[int]
) -> None:
    """Any boundary, order, epilogue and chunks; short of a delimiter."""
    boundary, value, body = drawn
    content_type = b'multipart/form-data; boundary="' + boundary + b'"'
    found = scan(body, content_type, sizes)
    assert found.value == value
    assert body[found.start : found.end] == value
    assert scan(body, content_type) == found


def read_by_the_library(body: bytes, boundary: bytes) -> list[tuple[str, bytes]]:
    """Return the fields of a form as the ``multipart`` library reads them."""
    read: list[tuple[str, bytes]] = []
    parser: Any = PushMultipartParser(boundary, max_segment_count=2000)
    for event in parser.parse(body):
        if isinstance(event, MultipartSegment):
            read.append((event.name, b""))
        elif event:
            name, value = read.pop()
            read.append((name, value + bytes(event)))
    return read


@given(forms())
def test_a_form_is_read_as_others_read_it(drawn: tuple[bytes, bytes, bytes]) -> None:
    """The proxy must not see other entries than the ML server does."""
    boundary, value, body = drawn
    fields = read_by_the_library(body, boundary)
    assert [value for name, value in fields if name == "entries"] == [value]


def test_a_form_may_be_cut_short_anywhere() -> None:
    """It is whole, or refused, as the service refuses it: nothing is taken for all."""
    whole = len(IMMICH) - len(b"\r\n")
    for cut in range(len(IMMICH)):
        found = outcome(IMMICH[:cut])
        if cut >= whole:
            assert found == scan(IMMICH)
        else:
            assert isinstance(found, tuple)
            assert found[0].status == 400
        assert outcome(IMMICH[:cut], sizes=(cut // 2,)) == found
