"""What is no form with ``entries``, and how long one may be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.errors import BadEntries, BadForm, BodyTooLarge
from immich_ml_proxy.protocol import form
from immich_ml_proxy.protocol.form import (
    MAX_ENTRIES,
    MAX_PART_HEADERS,
    MAX_PARTS,
    MAX_URLENCODED,
)
from tests.protocol.forms import (
    BOUNDARY,
    IMMICH,
    MULTIPART,
    URLENCODED,
    VALUE,
    closed,
    field,
    image,
    outcome,
    part,
    scan,
)

ENTRIES = field(b"entries", VALUE)


NO_FORM = (
    "send a form (multipart/form-data with the fields entries and image or text), not "
)
NO_BOUNDARY = "the multipart form has no usable boundary"
NOT_THERE = "the body does not hold the form that its header announces"
CUT_SHORT = "the form is cut short: its last delimiter is missing"
MISSING = "entries: missing; the form must have a field of this name"
TWICE = "entries: sent twice; the form must have it once"
NO_LINE = "a part of the form does not begin on a line of its own"


@pytest.mark.parametrize(
    ("body", "kind", "told"),
    [
        (b"{}", b"application/json", NO_FORM + "application/json"),
        (b"x", b"multipart/mixed; boundary=x", NO_FORM + "multipart/mixed"),
        (b"x", b"multipart/form-data-x; boundary=x", NO_FORM + "multipart/form-data-x"),
        (b"", None, NO_FORM + "a body without Content-Type"),
        (b"", b"", NO_FORM + "a body without Content-Type"),
        (b"x", b"multipart/form-data", NO_BOUNDARY),
        (b"x", b"multipart/form-data; boundary=", NO_BOUNDARY),
        (b"x", b'multipart/form-data; boundary=""', NO_BOUNDARY),
        (b"x", b"multipart/form-data; boundary=" + b"x" * 201, NO_BOUNDARY),
        (b"x", b'multipart/form-data; boundary="a\r\nb"', NO_BOUNDARY),
        (b"x", b'multipart/form-data; boundary="a\rb"', NO_BOUNDARY),
        (b"x", b'multipart/form-data; boundary="a\nb"', NO_BOUNDARY),
        (b"", MULTIPART, NOT_THERE),
        (b"hello", MULTIPART, NOT_THERE),
        (b"--" + BOUNDARY[:-1], MULTIPART, NOT_THERE),
        (b" " + ENTRIES, MULTIPART, NOT_THERE),
        (IMMICH.replace(b"\r\n", b"\n"), MULTIPART, NO_LINE),
        (b"hello\r\n" + IMMICH, MULTIPART, NOT_THERE),
        (b"\r\n\r\n" + IMMICH, MULTIPART, NOT_THERE),
        (b"\n" + IMMICH, MULTIPART, NOT_THERE),
        (b"x--" + BOUNDARY + b"\r\n" + IMMICH, MULTIPART, NOT_THERE),
        (IMMICH.replace(BOUNDARY, BOUNDARY + b" "), MULTIPART, NO_LINE),
        (IMMICH.replace(BOUNDARY, BOUNDARY + b"\t"), MULTIPART, NO_LINE),
        (ENTRIES + b"--" + BOUNDARY, MULTIPART, CUT_SHORT),
        (ENTRIES + b"--" + BOUNDARY + b"\r", MULTIPART, CUT_SHORT),
        (ENTRIES + b"--" + BOUNDARY + b"\r\n", MULTIPART, CUT_SHORT),
        (ENTRIES + b"--" + BOUNDARY + b"-", MULTIPART, CUT_SHORT),
        (ENTRIES + image(b"x")[:-20], MULTIPART, CUT_SHORT),
        (ENTRIES + b"--" + BOUNDARY + b"x", MULTIPART, NO_LINE),
        (IMMICH, MULTIPART + b"x", NOT_THERE),
        (image(b"x")[:-10], MULTIPART, CUT_SHORT),
        (ENTRIES[:-30], MULTIPART, CUT_SHORT),
        (ENTRIES, MULTIPART, CUT_SHORT),
        (b"--" + BOUNDARY + b"junk\r\n\r\n", MULTIPART, NO_LINE),
        (b"--" + BOUNDARY + b"X\r\n\r\n", MULTIPART, NO_LINE),
        (b"--" + BOUNDARY + b"\n\r\n\r\n", MULTIPART, NO_LINE),
        (b"--" + BOUNDARY + b"-\r\n\r\n", MULTIPART, NO_LINE),
        (
            b"--" + BOUNDARY + b"\r\n" + ENTRIES,
            MULTIPART,
            "a part of the form has no proper headers",
        ),
    ],
)
def test_what_is_no_form_is_told(body: bytes, kind: bytes | None, told: str) -> None:
    """Each kind of rubbish has its own words."""
    assert outcome(body, kind) == (BadForm, told)


@pytest.mark.parametrize(
    ("body", "kind", "told"),
    [
        (closed(), MULTIPART, MISSING),
        (closed(image(b"x")), MULTIPART, MISSING),
        (closed(image(b"x")) + ENTRIES, MULTIPART, MISSING),
        (closed(field(b"Entries", VALUE)), MULTIPART, MISSING),
        (b"", URLENCODED, MISSING),
        (b"text=a", URLENCODED, MISSING),
        (b"entries", URLENCODED, MISSING),
        (closed(ENTRIES, ENTRIES), MULTIPART, TWICE),
        (closed(ENTRIES, image(b"x"), ENTRIES), MULTIPART, TWICE),
        (b"entries=1&entries=2", URLENCODED, TWICE),
        (b"entries=1&a=b&%65ntries=1", URLENCODED, TWICE),
        (b"entries&entries=1", URLENCODED, TWICE),
        (b"entries=1&entries", URLENCODED, TWICE),
        (b"entries&entries", URLENCODED, TWICE),
        (
            closed(field(b'entries"; filename="x', VALUE)),
            MULTIPART,
            "entries: must be a plain field, not a file",
        ),
    ],
)
def test_a_form_has_entries_once(body: bytes, kind: bytes, told: str) -> None:
    """The words are the same for both kinds of forms."""
    assert outcome(body, kind) == (BadEntries, told)


def test_the_second_entries_are_refused_as_soon_as_they_begin() -> None:
    """The first ones may be under way to a server already: that must end."""
    scanner = form.scanner(MULTIPART)
    scanner.feed(ENTRIES + b"--" + BOUNDARY)
    assert scanner.entries is not None
    with pytest.raises(BadEntries, match="twice"):
        scanner.feed(b'\r\nContent-Disposition: form-data; name="entries"\r\n\r\n')


@pytest.mark.parametrize("sizes", [(), (100,), (1000,) * 99])
def test_a_form_may_have_a_thousand_parts(sizes: tuple[int, ...]) -> None:
    """As many as the ML servers take."""
    others = [field(b"a", b"")] * (MAX_PARTS - 1)
    assert scan(closed(*others, ENTRIES), sizes=sizes).value == VALUE
    too_many = closed(field(b"a", b""), *others, ENTRIES)
    assert outcome(too_many, sizes=sizes) == (
        BadForm,
        "the form has more than 1000 parts",
    )


def headed(size: int) -> bytes:
    """Return a form whose first part has so many bytes from delimiter to value."""
    name = b'Content-Disposition: form-data; name="entries"'
    padding = b"x" * (size - len(name) - len(b"\r\n" + b"X: " + b"\r\n" + b"\r\n\r\n"))
    return closed(part(b"X: " + padding + b"\r\n" + name, VALUE), image(b"x"))


@pytest.mark.parametrize("over", [0, 1, 2, 5, 600, 10_000, 40_000])
@pytest.mark.parametrize("sizes", [(), (50,), (10_000,), (16_000,) * 9, (999,) * 99])
def test_headers_of_a_part_may_have_16_kb(over: int, sizes: tuple[int, ...]) -> None:
    """No more, however they come."""
    body = headed(MAX_PART_HEADERS + over)
    assert body.index(b"\r\n\r\n") + 4 - len(BOUNDARY) - 2 == MAX_PART_HEADERS + over
    if over:
        told = (BadForm, "a part of the form has too long headers")
        assert outcome(body, sizes=sizes) == told
    else:
        assert scan(body, sizes=sizes).value == VALUE


@pytest.mark.parametrize(("size", "remembered"), [(200, True), (201, False)])
def test_only_short_headers_are_remembered(size: int, remembered: bool) -> None:
    """Nearly all parts of all forms are alike; what is not must not fill the memory."""
    head = b'Content-Disposition: form-data; name="a"\r\nX: '
    body = closed(part(head + b"x" * (size - len(head)), b""), ENTRIES)
    memory = form._usual_disposition
    memory.cache_clear()
    scan(body)
    scan(body)
    found = memory.cache_info()
    assert (found.currsize, found.hits) == ((2, 2) if remembered else (1, 1))


def test_headers_that_never_end_are_not_kept() -> None:
    """They are refused before the body is there."""
    scanner = form.scanner(MULTIPART)
    scanner.feed(b"--" + BOUNDARY + b"\r\nX: ")
    with pytest.raises(BadForm, match="too long headers"):
        for _ in range(20):
            scanner.feed(b"x" * 1000)


@pytest.mark.parametrize("sizes", [(), (200,), (100_000,) * 9])
@pytest.mark.parametrize(
    ("encode", "kind"),
    [
        (lambda value: closed(field(b"entries", value)), MULTIPART),
        (lambda value: b"entries=" + value, URLENCODED),
        (lambda value: b"entries=%78" + value[1:], URLENCODED),
    ],
    ids=["multipart", "urlencoded", "quoted"],
)
def test_entries_may_have_a_megabyte(
    encode: object, kind: bytes, sizes: tuple[int, ...]
) -> None:
    """No more; it counts what they say, not how they are written."""
    assert callable(encode)
    longest = b"x" * MAX_ENTRIES
    assert scan(encode(longest), kind, sizes).value == longest
    with pytest.raises(BodyTooLarge, match="longer than 1048576 bytes"):
        scan(encode(longest + b"x"), kind, sizes)


def test_entries_that_never_end_are_not_kept() -> None:
    """They are refused before the body is there."""
    scanner = form.scanner(MULTIPART)
    scanner.feed(ENTRIES[:-2])
    with pytest.raises(BodyTooLarge, match="longer than"):
        for _ in range(30):
            scanner.feed(b"x" * 100_000)


def test_what_is_kept_of_endless_entries_is_twice_the_longest() -> None:
    """However little of them is in a chunk, and however long the form before them."""
    start = image(b"x" * 3 * MAX_ENTRIES) + ENTRIES.removesuffix(VALUE + b"\r\n")
    scanner = form.scanner(MULTIPART)
    scanner.feed(start + b"x" * MAX_ENTRIES)
    scanner.feed(b"x" * MAX_ENTRIES)
    with pytest.raises(BodyTooLarge, match="longer than 1048576 bytes"):
        scanner.feed(b"x")


def test_an_urlencoded_form_may_have_four_megabytes() -> None:
    """It is read as a whole: what is longer is refused before it is there."""
    start = b"entries=1&text="
    longest = start + b"x" * (MAX_URLENCODED - len(start))
    assert scan(longest, URLENCODED, (9,)).value == b"1"
    scanner = form.scanner(URLENCODED)
    scanner.feed(longest)
    with pytest.raises(BodyTooLarge) as told:
        scanner.feed(b"x")
    assert str(told.value) == (
        "an urlencoded form may have 4194304 bytes; "
        "send a picture as multipart/form-data"
    )


def test_an_urlencoded_form_may_have_a_thousand_fields() -> None:
    """As a multipart form may."""
    body = b"a&" * (MAX_PARTS - 1) + b"entries=1"
    assert scan(body, URLENCODED).value == b"1"
    with pytest.raises(BadForm, match="more than 1000 fields"):
        scan(b"&" + body, URLENCODED)


SIZES = st.lists(st.integers(0, 30), max_size=30)
PIECES = [
    b"--" + BOUNDARY,
    BOUNDARY[:-1],
    b"\r\n",
    b"\r\n\r\n",
    b"Content-Disposition: form-data; name=",
    b"entries",
    b'"',
    b"\\",
    b";",
    b"filename*=utf-8''%ff",
    b"name*=",
    b"\xff",
    b"--",
    b":",
    b"{}",
]


@given(
    st.sampled_from([b"", b"--" + BOUNDARY + b"\r\n", ENTRIES, IMMICH[:200]]),
    st.lists(st.sampled_from(PIECES) | st.binary(max_size=5), max_size=15),
    SIZES,
)
def test_any_body_is_a_form_with_entries_or_told_to_be_none(
    start: bytes, pieces: list[bytes], sizes: list[int]
) -> None:
    """Nothing else is ever raised, and how it was cut into chunks does not matter."""
    body = start + b"".join(pieces)
    found = outcome(body, sizes=sizes)
    assert found == outcome(body)
    if isinstance(found, tuple):
        assert found[0].status in (400, 413, 422)
    else:
        assert body[found.start : found.end] == found.value


@given(
    st.lists(
        st.sampled_from([b"entries", b"=", b"&", b"%", b"+", b"%4"]) | st.binary()
    ),
    SIZES,
)
def test_any_urlencoded_body_is_read_or_told(
    pieces: list[bytes], sizes: list[int]
) -> None:
    """So is any of these."""
    body = b"".join(pieces)
    found = outcome(body, URLENCODED, sizes)
    assert found == outcome(body, URLENCODED)
    if isinstance(found, tuple):
        assert found[0] is BadEntries or not body.isascii() or b";" in body


@given(
    st.lists(
        st.sampled_from(
            [b"multipart/form-data", b"; boundary", b"=", b'"', b"*", b"utf-8''%e2%82"]
        )
        | st.binary(max_size=9)
    ).map(b"".join)
)
def test_any_content_type_is_read_or_told(content_type: bytes) -> None:
    """Whatever a client says of its body."""
    for kind in (content_type, b"multipart/form-data; boundary=" + content_type):
        found = outcome(b"--a\r\n", kind)
        assert isinstance(found, tuple)
        assert found[0].status in (400, 422)
