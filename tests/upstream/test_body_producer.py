"""A body on its way to a backend: while it arrives, at the backend's pace, changed."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.protocol.body import Body
from immich_ml_proxy.upstream.body_producer import BodyProducer, Splice, as_sent


class Consumer:
    """Takes what a reader writes, and may tell it to pause or stop meanwhile."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.reader: BodyProducer | None = None
        self.on_write: Any = None

    def write(self, data: bytes) -> None:
        """Take some bytes."""
        self.writes.append(data)
        if self.on_write is not None:
            self.on_write()

    @property
    def got(self) -> bytes:
        """All bytes so far."""
        return b"".join(self.writes)


class Reading:
    """A reader at work, and what has come of it."""

    def __init__(self, body: Body, splice: Splice | None = None) -> None:
        self.reader = BodyProducer(body, splice)
        self.consumer = Consumer()
        self.ends: list[None] = []

    def start(self) -> Reading:
        """Begin."""
        self.done = self.reader.startProducing(self.consumer)  # type: ignore[arg-type]
        self.done.addCallback(self.ends.append)
        return self

    @property
    def got(self) -> bytes:
        """The bytes that were written."""
        return self.consumer.got


def body_of(*chunks: bytes, length: int | None = None) -> Body:
    """Return a body of which these chunks are there; complete without ``length``."""
    body = Body(length or sum(map(len, chunks)))
    body.watch(lambda: None)  # while somebody reads, chunks are not joined
    for chunk in chunks:
        body.append(chunk)
    body.watchers.clear()
    if length is None:
        body.finish()
    return body


@given(
    chunks=st.lists(st.binary(min_size=1, max_size=7), min_size=1, max_size=9),
    place=st.tuples(st.integers(0, 70), st.integers(1, 70)),
    replacement=st.binary(max_size=20),
    there=st.integers(0, 9),
    pauses=st.lists(st.booleans(), max_size=9),
)
def test_other_bytes_stand_where_entries_stood(
    chunks: list[bytes],
    place: tuple[int, int],
    replacement: bytes,
    there: int,
    pauses: list[bool],
) -> None:
    """Wherever the chunks end, and whenever it is paused, all the rest is the same."""
    whole = b"".join(chunks)
    start = place[0] % len(whole)
    end = min(start + place[1], len(whole))
    due = whole[:start] + replacement + whole[end:]
    body = body_of(*chunks[:there], length=len(whole))
    splice = Splice(start, end, replacement)
    reading = Reading(body, splice)
    assert reading.reader.length == len(due)
    reading.start()
    for number, chunk in enumerate(chunks[there:]):
        if number < len(pauses):
            if pauses[number]:
                reading.reader.pauseProducing()
            else:
                reading.reader.resumeProducing()
        body.append(chunk)
    body.finish()
    reading.reader.resumeProducing()
    assert reading.got == due
    assert reading.ends == [None]
    assert b"".join(as_sent(chunks, splice)) == due
    assert list(as_sent(chunks, None)) == chunks


def test_it_begins_before_the_body_is_complete() -> None:
    """What is there goes out at once, the rest as it comes, and then it is done."""
    body = body_of(b"one ", length=13)
    reading = Reading(body).start()
    assert (reading.got, reading.ends) == (b"one ", [])
    body.append(b"two ")
    assert (reading.got, reading.ends) == (b"one two ", [])
    body.append(b"three")
    assert reading.ends == []
    body.finish()
    assert (reading.got, reading.ends) == (b"one two three", [None])


def test_chunks_go_out_as_they_came() -> None:
    """They are neither copied nor joined: a picture is large."""
    chunk = b"x" * 100_000
    reading = Reading(body_of(b"head", chunk)).start()
    assert reading.consumer.writes[1] is chunk


def test_a_paused_reader_writes_nothing() -> None:
    """A backend that reads slowly makes nothing pile up behind it."""
    body = body_of(b"one ", length=7)
    reading = Reading(body).start()
    reading.reader.pauseProducing()
    body.append(b"two")
    body.finish()
    assert (reading.got, reading.ends) == (b"one ", [])
    reading.reader.resumeProducing()
    assert (reading.got, reading.ends) == (b"one two", [None])


def test_it_may_be_paused_by_what_it_writes() -> None:
    """That is when a full buffer says so: in the middle of the chunks."""
    reading = Reading(body_of(b"one ", b"two ", b"three"))
    reading.consumer.on_write = reading.reader.pauseProducing
    reading.start()
    for due in (b"one ", b"one two "):
        assert (reading.got, reading.ends) == (due, [])
        reading.reader.resumeProducing()
    assert (reading.got, reading.ends) == (b"one two three", [None])


@pytest.mark.parametrize("way", ["stop", "cancel"])
def test_a_stopped_reader_lets_go(way: str) -> None:
    """Nobody wants the rest: it writes no more and is told of no more chunks."""
    body = body_of(b"one ", length=7)
    reading = Reading(body).start()
    if way == "stop":
        reading.reader.stopProducing()
    else:
        reading.done.addErrback(lambda _: None)
        reading.done.cancel()
    assert body.watchers == []
    body.append(b"two")
    body.finish()
    reading.reader.resumeProducing()
    assert reading.got == b"one "
    assert reading.ends == []


def test_it_may_be_stopped_by_what_it_writes() -> None:
    """A connection that is lost says so in the middle of the chunks."""
    body = body_of(b"one ", b"two ", length=13)
    reading = Reading(body)
    reading.consumer.on_write = reading.reader.stopProducing
    reading.start()
    body.append(b"three")
    body.finish()
    assert (reading.got, reading.ends, body.watchers) == (b"one ", [], [])


def test_every_reader_begins_at_the_start() -> None:
    """That is what makes a failover free, even while the body still arrives."""
    body = body_of(b"one ", length=13)
    first = Reading(body).start()
    body.append(b"two ")
    first.reader.stopProducing()
    others = [Reading(body).start() for _ in range(2)]
    body.append(b"three")
    body.finish()
    assert [one.got for one in (first, *others)] == [
        b"one two ",
        b"one two three",
        b"one two three",
    ]


def freed_after(steps: Iterable[str]) -> bool:
    """Tell whether a consumer is freed at once after these steps of its reader."""
    body = body_of(b"one ", length=7)
    reading = Reading(body).start()
    # Twisted's consumer and a reader hold each other.
    reading.consumer.reader = reading.reader
    freed = weakref.ref(reading.consumer)
    for step in steps:
        if step == "finish":
            body.append(b"two")
            body.finish()
        else:
            reading.reader.stopProducing()
    reader = reading.reader
    del reading, reader
    return freed() is None


@pytest.mark.parametrize("step", ["finish", "stop"])
def test_nothing_hangs_on_a_reader_that_is_done(step: str) -> None:
    """Its cycle is broken: a transport's buffers do not wait for the collector."""
    gc.disable()
    try:
        assert freed_after([step])
        assert not freed_after([])
    finally:
        gc.enable()
