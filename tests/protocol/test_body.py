"""A body that may still be arriving, and who looks at it."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.protocol.body import JOINED, Body

CHANGES: dict[str, Callable[[Body], None]] = {
    "a chunk": lambda body: body.append(b"x"),
    "the end": Body.finish,
}


def test_a_body_begins_with_nothing() -> None:
    """Only its length may be known."""
    body = Body(7)
    assert (body.chunks, body.size, body.length) == ([], 0, 7)
    assert (body.complete, body.watchers) == (False, [])


@given(st.lists(st.binary(max_size=20)), st.none() | st.integers(0, 99))
def test_chunks_that_are_read_are_kept_as_they_came(
    chunks: list[bytes], length: int | None
) -> None:
    """They are neither joined nor copied, and counted in bytes."""
    body = Body(length)
    body.watch(lambda: None)
    for number, chunk in enumerate(chunks):
        body.append(chunk)
        assert body.chunks[number] is chunk
        assert body.size == sum(map(len, chunks[: number + 1]))
    assert len(body.chunks) == len(chunks)
    assert (body.length, body.complete) == (length, False)


@given(st.lists(st.integers(0, 40_000), max_size=12), st.integers(0, 12))
def test_small_chunks_are_joined_while_nobody_reads(sizes: list[int], at: int) -> None:
    """No byte is lost or moved by that, whenever somebody begins to read."""
    body = Body(None)
    came = b""
    for number, size in enumerate(sizes):
        if number == at:
            body.watch(lambda: None)
            assert b"".join(body.chunks) == came
        chunk = bytes([number]) * size
        body.append(chunk)
        came += chunk
        assert body.size == len(came)
        assert len(came) - sum(map(len, body.chunks)) < JOINED
    body.finish()
    assert b"".join(body.chunks) == came


@pytest.mark.parametrize("size", [2, 100, JOINED])
def test_tiny_chunks_take_little_more_than_their_bytes(size: int) -> None:
    """Two bytes in an object of their own would take twenty times as much."""
    body = Body(None)
    tracemalloc.start()
    for _ in range(1_000_000 // size):
        body.append(bytes(size))
    body.finish()
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(body.chunks) <= body.size // JOINED + 1
    assert max(kept, peak) < 1_200_000


@pytest.mark.parametrize("announced", [None, 3])
def test_at_its_end_the_length_is_known(announced: int | None) -> None:
    """That of a chunked upload is known then only."""
    body = Body(announced)
    body.append(b"ab")
    body.append(b"c")
    body.finish()
    assert (body.complete, body.length) == (True, 3)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_watcher_is_told_of_every_change(change: Callable[[Body], None]) -> None:
    """Once each, in the order of their coming, and after the change."""
    body = Body(None)
    seen: list[tuple[object, ...]] = []

    def look(name: str) -> None:
        seen.append((name, body.size, body.complete))

    body.watchers += [partial(look, "a"), partial(look, "b")]
    change(body)
    now = (body.size, body.complete)
    assert seen == [("a", *now), ("b", *now)]
    assert now != (0, False)


def test_a_watcher_may_go_while_watchers_are_told() -> None:
    """None of the others is passed over."""
    body, seen = Body(None), []

    def once() -> None:
        seen.append("once")
        body.watchers.remove(once)

    body.watchers += [once, lambda: seen.append("always")]
    body.append(b"a")
    body.append(b"b")
    assert seen == ["once", "always", "always"]


def test_who_waits_for_all_is_told_at_the_end_once() -> None:
    """Not by chunks, and not a second time."""
    body, told = Body(None), []
    body.when_complete(lambda: told.append(body.size))
    body.append(b"ab")
    assert told == []
    body.finish()
    body.finish()
    assert told == [2]
    assert body.watchers == []


def test_who_asks_when_all_is_there_is_told_at_once() -> None:
    """And leaves nothing behind; to take it back then does nothing."""
    body, told = Body(0), []
    body.finish()
    forget = body.when_complete(lambda: told.append("all"))
    assert told == ["all"]
    assert body.watchers == []
    forget()
    assert told == ["all"]


def test_what_is_taken_back_is_not_told() -> None:
    """However often it is taken back."""
    body, told = Body(None), []
    forget = body.when_complete(lambda: told.append("all"))
    forget()
    forget()
    body.finish()
    assert told == []


def test_what_is_taken_back_at_the_last_moment_is_not_told() -> None:
    """Whoever is told first may end what the second waits for."""
    body, told = Body(None), []
    forgets: list[Callable[[], None]] = []

    def first() -> None:
        told.append("first")
        forgets[1]()

    forgets.append(body.when_complete(first))
    forgets.append(body.when_complete(lambda: told.append("second")))
    body.finish()
    assert told == ["first"]


def test_what_is_dropped_is_let_go_of() -> None:
    """Bytes and watchers go; the numbers stay for the records."""
    body, told = Body(None), []
    body.when_complete(lambda: told.append("all"))
    body.append(b"abc")
    kept = body.chunks
    body.drop()
    assert (body.chunks, body.watchers) == ([], [])
    assert kept == [b"abc"]  # who is still reading them may end
    body.finish()
    assert told == []
    assert (body.size, body.length) == (3, 3)
