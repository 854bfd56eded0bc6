"""What a form says about itself and its parts is read in one way, or refused."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.errors import BadForm
from immich_ml_proxy.protocol import form_head
from tests.protocol.forms import URLENCODED

DISPOSITION = b"Content-Disposition:"


@pytest.mark.parametrize(
    ("lines", "options"),
    [
        (b' form-data; name="a"', {b"name": b"a"}),
        (b"form-data;name=a", {b"name": b"a"}),
        (b'   form-data;   name="a"   ', {b"name": b"a"}),
        (b' FORM-Data; NAME="a"', {b"name": b"a"}),
        (b' form-data; name=""', {b"name": b""}),
        (b' form-data; name="a; b=c"', {b"name": b"a; b=c"}),
        (b' form-data; name="a\'b%22"', {b"name": b"a'b%22"}),
        (b' form-data; name="\xc3\xa4"', {b"name": b"\xc3\xa4"}),
        (b' form-data; name="a"; filename="b"', {b"name": b"a", b"filename": b"b"}),
        (b" form-data; filename=b; name=a", {b"name": b"a", b"filename": b"b"}),
        (b' form-data; name="a"\r\nX-Y: \xff\tz', {b"name": b"a"}),
        (b' form-data; name="a"\r\nX:', {b"name": b"a"}),
    ],
)
def test_a_name_is_read(lines: bytes, options: dict[bytes, bytes]) -> None:
    """In quotes or without, beside a file's, in any order and among other headers."""
    for name in (DISPOSITION, DISPOSITION.upper(), DISPOSITION.lower()):
        assert form_head.disposition(name + lines) == options
        assert form_head.disposition(b"Y: z\r\n" + name + lines) == options


@pytest.mark.parametrize(
    "lines",
    [
        b"Content-Type: text/plain",
        b'Content-Disposition: form-data; name="a"\r\n'
        + b'Content-Disposition: form-data; name="a"',
        b'Content-Disposition: form-data; name="a"\r\ncontent-disposition: x',
        *(
            b"Content-Disposition:" + value
            for value in (
                b"",
                b" form-data",
                b" form-data;",
                b' attachment; name="a"',
                b' form-data, name="a"',
                b' form-data; name="a";',
                b' form-data; name="a" x',
                b' form-data; name="a',
                b' form-data; name=a"',
                b' form-data; name="a"b',
                b' form-data; name = "a"',
                b' form-data ; name="a"',
                b" form-data; name=a b",
                b" form-data; name=",
                b" form-data; name",
                b" form-data; name=\xe4",
                b' form-data; name="a\\"b"',
                b' form-data; name="a\\b"',
                b' form-data; name="a\tb"',
                b'\tform-data; name="a"',
                b' form-data;\tname="a"',
                b' form-data; name="a"; name="a"',
                b' form-data; name="a"; Name="b"',
                b" form-data; name*=utf-8''a",
                b" form-data; name=\"a\"; filename*=utf-8''b",
                b' form-data; name*0="a"',
                b' form-data; filename="a"',
                b' form-data; name="a"; x="b"',
                b' form-data; name="a"; filename="b"; x="c"',
            )
        ),
    ],
)
def test_a_part_says_its_name_once_and_plainly(lines: bytes) -> None:
    """Whatever readers could take for more than one name, or none, is refused."""
    with pytest.raises(BadForm, match="must have, once, Content-Disposition"):
        form_head.disposition(lines)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"no colon",
        b": x",
        b"X : y",
        b" X: y",
        b"\tX: y",
        b"X Y: z",
        b"X: a\nb",
        b"X: a\rb",
        b"X: a\x00b",
        b"X: a\x0bb",
        b"X: a\x7f",
        b"\xc4: y",
        b'X"Y: z',
    ],
)
def test_a_head_is_made_of_headers(line: bytes) -> None:
    """Folds, bare line ends and control characters are in none."""
    name = b'Content-Disposition: form-data; name="a"'
    for lines in (name + b"\r\n" + line, line + b"\r\n" + name):
        with pytest.raises(BadForm, match="has no proper headers"):
            form_head.disposition(lines)


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        (b"; boundary=a; boundary=a", "twice"),
        (b"; boundary=a; Boundary=b", "twice"),
        (b"; boundary=a; x=y; x=y", "twice"),
        (b"; boundary*=utf-8''a", r"with \* in its name"),
        (b"; boundary=a; boundary*0=b", r"with \* in its name"),
        (b"; boundary=a; charset=latin-1", "charset must be utf-8"),
        (b"; boundary=a; charset=utf-16", "charset must be utf-8"),
        (b'; boundary=a; charset="utf-7"', "charset must be utf-8"),
    ],
)
def test_a_content_type_says_one_thing(parameters: bytes, told: str) -> None:
    """What comes twice, in another charset or encoded is refused."""
    with pytest.raises(BadForm, match=told):
        form_head.content_type(b"multipart/form-data" + parameters)


@pytest.mark.parametrize(
    "parameters",
    [
        b"; boundary=a b",
        b'; boundary="a',
        b"; boundary=a, boundary=b",
        b"; boundary = a",
        b'; boundary="a\\"b"',
        b"; boundary=\xe4",
        b'; boundary="\xe4"',
        b'; boundary="a "',
        b'; boundary=" "',
        b"; boundary=a\tb",
        b";\tboundary=a",
        b"; boundary=a;; x=y",
    ],
)
def test_a_boundary_is_there_and_plain(parameters: bytes) -> None:
    """Else the form could end elsewhere for others."""
    _, options = form_head.content_type(b"multipart/form-data" + parameters)
    with pytest.raises(BadForm, match="no usable boundary"):
        form_head.boundary(options)


def test_an_urlencoded_form_has_one_charset() -> None:
    """The ML servers read it as UTF-8, whatever it says."""
    kind, options = form_head.content_type(URLENCODED + b"; charset=UTF-8")
    assert (kind, options) == (URLENCODED, {b"charset": b"UTF-8"})
    with pytest.raises(BadForm, match="charset"):
        form_head.content_type(URLENCODED + b"; charset=koi8-r")


@given(st.binary(max_size=200))
def test_a_head_is_read_or_refused_in_no_time(value: bytes) -> None:
    """No head makes the reader look at it again and again."""
    for lines in (value, DISPOSITION + b" form-data" + value):
        with suppress(BadForm):
            assert b"name" in form_head.disposition(lines)


def test_a_long_head_is_read_once() -> None:
    """16 KB of what nearly is a parameter is refused as fast as anything."""
    for piece in (b"; name=a", b'; name="a', b"; ", b"x", b'"', b";;", b" "):
        with pytest.raises(BadForm):
            form_head.disposition(DISPOSITION + b" form-data" + piece * 2000)
        with pytest.raises(BadForm):
            _, options = form_head.content_type(b"multipart/form-data" + piece * 2000)
            form_head.boundary(options)
