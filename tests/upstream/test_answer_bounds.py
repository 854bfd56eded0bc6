"""What reading an answer may hold, at the most, and for how long."""

from __future__ import annotations

import gc
import tracemalloc
import weakref

import pytest

from immich_ml_proxy.upstream.answer_reader import (
    MAX_ANSWER,
    MAX_HEAD,
    AnswerReader,
    BadAnswer,
    parse_head,
)
from tests.upstream.reading import BODY, CHUNKED, CHUNKS, OK, read


def padded(size: int) -> bytes:
    """Return the head of an answer without a body, of so many bytes."""
    fields = OK + b"Content-Length: 0\r\nX: "
    return fields + bytes(size - len(fields) - 4).replace(b"\0", b"x") + b"\r\n\r\n"


@pytest.mark.parametrize("cuts", [(), (30, 1000, MAX_HEAD - 1), (MAX_HEAD,)])
def test_a_head_is_bounded(cuts: tuple[int, ...]) -> None:
    """It is held as a whole; one byte more is too much, in any pieces."""
    assert read(padded(MAX_HEAD), cuts).said is not None
    for said in (padded(MAX_HEAD + 1), padded(MAX_HEAD * 2)):
        assert read(said, cuts).failed == "its head is too long"
    assert not read(padded(MAX_HEAD * 2)[:MAX_HEAD], cuts).ended


def test_a_body_is_bounded_as_soon_as_its_length_is_told() -> None:
    """Nobody waits for 64 MB to refuse them."""
    for size, failed in ((MAX_ANSWER, False), (MAX_ANSWER + 1, True)):
        reader = AnswerReader()
        head = OK + b"Content-Length: %d\r\n\r\n" % size
        if failed:
            with pytest.raises(BadAnswer, match="64 MB"):
                reader.take(head)
        else:
            assert not reader.take(head)


def test_so_are_bodies_whose_length_is_not_told() -> None:
    """They are refused when they have become too long."""
    piece = bytes(MAX_ANSWER // 4)
    chunk = b"%x\r\n" % len(piece) + piece + b"\r\n"
    for head, part, last in (
        (OK + b"\r\n", piece, b"x"),
        (CHUNKED, chunk, b"1\r\nx\r\n"),
    ):
        reader = AnswerReader()
        reader.take(head)
        for _ in range(4):
            assert not reader.take(part)
        with pytest.raises(BadAnswer, match="64 MB"):
            reader.take(last)


def test_trailers_take_no_memory() -> None:
    """They are skipped as they come: nobody bounds them."""
    reader = AnswerReader()
    assert not reader.take(CHUNKED + CHUNKS[:-2] + b"X: ")
    piece = b"x" * 65536
    tracemalloc.start()
    try:
        for _ in range(100):
            assert not reader.take(piece)
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held <= peak < 2 * len(piece)
    assert reader.take(b"\r\n\r\n")
    assert reader.body == BODY


def test_a_head_is_freed_without_the_garbage_collector() -> None:
    """It and its parser hold each other only as long as it is read."""
    gc.collect()
    gc.disable()
    try:
        head = weakref.ref(parse_head(OK + b"Content-Length: 0\r\n\r\n"))
        assert head() is None
    finally:
        gc.enable()
