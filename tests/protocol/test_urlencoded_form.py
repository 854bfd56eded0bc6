"""Finding ``entries`` in an urlencoded form."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.protocol.forms import URLENCODED, VALUE, scan


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"entries={}", b"{}"),
        (b"entries=%7B%7d", b"{}"),
        (b"entries=a+b%2Bc%20d", b"a b+c d"),
        (b"%65n%74ries=1", b"1"),
        (b"text=entries=2&entries=1", b"1"),
        (b"text=a&entries=1&x=y", b"1"),
        (b"&&entries=1&", b"1"),
        (b"entries=a=b", b"a=b"),
        (b"entries=", b""),
        (b"entries=%zz%4", b"%zz%4"),
        (b"entries=%ff", b"\xff"),
    ],
)
def test_entries_are_decoded(body: bytes, value: bytes) -> None:
    """Plus signs are spaces, percent signs bytes; the place is that of what is sent."""
    for at in range(len(body)):
        found = scan(body, URLENCODED, (at,))
        assert (found.value, found.urlencoded) == (value, True)
        before = body[: found.start]
        assert before.endswith(b"=")
        assert body[found.start : found.end] == body[len(before) :].split(b"&")[0]


@pytest.mark.parametrize(
    "content_type",
    [URLENCODED, URLENCODED + b"; charset=utf-8", URLENCODED.upper()],
)
def test_an_urlencoded_form_is_known_by_its_type(content_type: bytes) -> None:
    """In any case, and with parameters."""
    assert scan(b"entries=1", content_type).value == b"1"


@given(
    st.text(max_size=50),
    st.lists(st.tuples(st.sampled_from(["text", "a", ""]), st.text(max_size=20))),
    st.integers(0, 9),
    st.lists(st.integers(0, 20)),
)
def test_a_form_is_read_as_others_read_it(
    value: str, others: list[tuple[str, str]], place: int, sizes: list[int]
) -> None:
    """Any value, any order, any chunks."""
    fields = [*others[:place], ("entries", value), *others[place:]]
    body = urlencode(fields).encode()
    found = scan(body, URLENCODED, sizes)
    read = dict(parse_qsl(body.decode(), keep_blank_values=True))
    assert found.value.decode() == read["entries"] == value


@given(st.binary(max_size=50), st.binary(max_size=50))
def test_entries_can_be_replaced(before: bytes, after: bytes) -> None:
    """What replaces them is encoded, and the rest of the form stays as it is."""
    body = urlencode([("text", before), ("entries", VALUE), ("x", after)]).encode()
    found = scan(body, URLENCODED)
    replaced = body[: found.start] + found.encode(after) + body[found.end :]
    assert scan(replaced, URLENCODED).value == after
    expected = urlencode([("text", before), ("entries", after), ("x", after)]).encode()
    assert replaced == expected
