"""What is kept of bodies, and what is left when pictures go."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.records import content as contents
from immich_ml_proxy.records.content import MAX_BODY, FormSeen, content_of, sent_of
from immich_ml_proxy.records.seen import RequestSeen, ResponseSeen


def cut(body: bytes, at: Sequence[int]) -> list[bytes]:
    """Return a body in chunks."""
    edges = sorted({0, len(body), *(one % (len(body) + 1) for one in at)})
    return [body[a:b] for a, b in pairwise(edges)]


@given(
    body=st.binary(min_size=1, max_size=60),
    at=st.lists(st.integers(0, 100), max_size=6),
    one=st.integers(0, 100),
    other=st.integers(0, 100),
)
def test_a_stretch_and_what_is_around_it_are_the_body(
    body: bytes, at: list[int], one: int, other: int
) -> None:
    """However it is cut into chunks."""
    begin, end = sorted((one % (len(body) + 1), other % (len(body) + 1)))
    chunks = cut(body, at)
    assert b"".join(contents.stretch(chunks, begin, end)) == body[begin:end]
    before, after = contents.without_stretch(chunks, begin, end)
    assert (before, after) == (body[:begin], body[end:])


@given(
    entries=st.binary(max_size=20),
    replacement=st.binary(max_size=20),
    picture=st.binary(max_size=30),
    at=st.lists(st.integers(0, 100), max_size=6),
    is_first=st.booleans(),
    is_gone=st.booleans(),
)
def test_other_entries_stand_where_the_first_ones_stood(
    entries: bytes,
    replacement: bytes,
    picture: bytes,
    at: list[int],
    is_first: bool,
    is_gone: bool,
) -> None:
    """Before the picture or behind it, and whether that is there or not."""
    first, second = (entries, picture) if is_first else (picture, entries)
    body = b"<" + first + b"|" + second + b">"
    places = (1, 1 + len(first)), (len(first) + 2, len(body) - 1)
    span, where = places if is_first else places[::-1]
    seen = FormSeen(entries, span, where)
    content = content_of(RequestSeen("POST", "/", (), cut(body, at)), None, seen)
    if is_gone:
        contents.let_go_of_picture(content)
    due = b"<" + (replacement + b"|" if is_first else b"|" + replacement) + b">"
    assert b"".join(contents.as_sent(content, (*span, replacement))) == due
    own = b"<" + (entries + b"|" if is_first else b"|" + entries) + b">"
    assert b"".join(contents.as_sent(content, None)) == own
    pieces = contents.picture(content)
    assert (pieces is None) is is_gone
    assert pieces is None or b"".join(pieces) == picture


@given(
    body=st.binary(max_size=50),
    at=st.lists(st.integers(0, 100)),
    most=st.integers(1, 60),
)
def test_the_beginning_of_a_body_is_kept(body: bytes, at: list[int], most: int) -> None:
    """And not more of it."""
    assert contents.beginning(cut(body, at), most) == body[:most]


def test_one_chunk_is_kept_as_it_is() -> None:
    """To copy an answer takes time, and twice its room."""
    body = b"x" * 1000
    assert contents.beginning([body], 1000) is body


def test_of_a_large_form_without_a_picture_the_beginning_is_kept() -> None:
    """Also if there is a picture in it, but much else besides."""
    whole = b"x" * (MAX_BODY + 10)
    request = RequestSeen("POST", "/", (), [whole])
    for seen in (None, FormSeen(b"", (0, 1), None), FormSeen(b"", (0, 1), (5, 10))):
        content = content_of(request, None, seen)
        assert content.chunks == (whole[:MAX_BODY],)
        assert (content.size, content.has_picture) == (len(whole), False)


def test_less_is_kept_of_a_refusal() -> None:
    """A server that fails may say as much as it likes."""
    request = RequestSeen("POST", "http://gpu/predict")
    for status, kept in ((200, MAX_BODY), (500, contents.MAX_REFUSAL)):
        answer = ResponseSeen(status, (), [b"x" * (MAX_BODY + 1)])
        sent = sent_of(request, answer, None, True)
        assert (len(sent.answer), sent.answer_size) == (kept, MAX_BODY + 1)
