"""Answers that come compressed, though nobody has asked for it."""

from __future__ import annotations

import contextlib
import gzip
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.upstream.answer_reader import BadAnswer
from immich_ml_proxy.upstream.decoding import decoded
from tests.upstream.reading import OK, read

BODY = b'{"clip": "[0.5]"}' * 100
PACKED = gzip.compress(BODY, mtime=0)


@pytest.mark.parametrize(
    ("packed", "encoding"),
    [
        (PACKED, b"gzip"),
        (PACKED, b"x-gzip"),
        (zlib.compress(BODY), b"deflate"),
        (BODY, b"identity"),
    ],
)
def test_what_is_known_is_read(packed: bytes, encoding: bytes) -> None:
    """As any client of a server would."""
    assert decoded(packed, encoding) == BODY


@pytest.mark.parametrize(
    ("body", "encoding", "words"),
    [
        (BODY, b"br", "compressed as br, which was not asked for"),
        (BODY, b"gzip, gzip", "compressed as gzip, gzip, which"),
        (BODY, b"gzip", "not compressed as it says"),
        (b"", b"gzip", "its compressed body breaks off"),
        (PACKED[:-9], b"gzip", "its compressed body breaks off"),
    ],
)
def test_what_is_not_is_no_answer(body: bytes, encoding: bytes, words: str) -> None:
    """With the reason, in words."""
    with pytest.raises(BadAnswer, match=words):
        decoded(body, encoding)


def test_it_is_bounded() -> None:
    """A thousandfold of what came must not be held to be refused."""
    bomb = gzip.compress(bytes(100_000_000))
    tracemalloc.start()
    with pytest.raises(BadAnswer, match="longer than"):
        decoded(bomb, b"gzip", most=1_000_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3_000_000
    assert decoded(gzip.compress(bytes(1000)), b"gzip", most=1000) == bytes(1000)


@given(st.binary(), st.sampled_from([b"gzip", b"deflate", b"br", b"x\xff"]))
def test_any_bytes_are_an_answer_or_none(body: bytes, encoding: bytes) -> None:
    """Nothing else is raised."""
    with contextlib.suppress(BadAnswer):
        decoded(body, encoding)


def test_a_connection_tells_it_as_a_broken_answer() -> None:
    """And lives on: the body was read to its end."""
    packed = PACKED
    head = OK + b"Content-Encoding: %s\r\nContent-Length: %d\r\n\r\n"
    good = read(head % (b"GZIP", len(packed)) + packed)
    assert good.said is not None
    assert good.said[2] == BODY
    bad = read(head % (b"br", len(packed)) + packed)
    assert bad.failed == "it is compressed as br, which was not asked for"
