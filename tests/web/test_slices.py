"""Work in slices: how much is done at once, whatever the machine."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest
from twisted.internet.defer import CancelledError
from twisted.internet.task import Clock

from immich_ml_proxy.records.array import array
from immich_ml_proxy.records.page import FIRST_SEARCH, STEP, Cursor, page
from immich_ml_proxy.records.recorder import Recorder
from immich_ml_proxy.records.search import Wanted
from immich_ml_proxy.web.slices import COST, LONGEST, in_slices
from immich_ml_proxy.web.stream import PIECE, Stream
from tests.fakes import outcome
from tests.records.recording import put, put_photo


class Turns(Clock):
    """A clock of which one call at a time is made."""

    def turn(self) -> None:
        """Make what is due next."""
        call = self.calls.pop(0)
        call.called = 1
        call.func(*call.args, **call.kw)


def counted(costs: list[int], cost: int, steps: int) -> Generator[int, None, str]:
    """Do steps that cost so much each."""
    for _ in range(steps):
        costs.append(cost)
        yield cost
    return "done"


def test_a_slice_ends_when_it_has_cost_enough() -> None:
    """The next one begins when the reactor has looked at everything else."""
    clock, costs = Turns(), list[int]()
    results = outcome(in_slices(clock, counted(costs, 300, 10)))
    done = []
    while not results:
        done.append(len(costs))
        clock.turn()
    assert done == [4, 8]
    assert results == ["done"]
    assert not clock.getDelayedCalls()


def test_a_slice_ends_when_it_has_taken_long() -> None:
    """On a slow machine, where things cost more than was thought."""
    clock = Clock()

    def slow() -> Generator[int, None, None]:
        for _ in range(3):
            clock.rightNow += LONGEST * 0.6
            yield 1

    results = outcome(in_slices(clock, slow()))
    assert results == []
    clock.advance(0)
    assert results == [None]


def test_work_that_nobody_waits_for_ends() -> None:
    """With what it holds."""
    clock, costs = Clock(), list[int]()
    working = in_slices(clock, counted(costs, COST, 10))
    results = outcome(working)
    working.cancel()
    assert isinstance(results[0].value, CancelledError)
    assert len(costs) == 1
    assert not clock.getDelayedCalls()


def test_a_bug_is_told_to_who_waits() -> None:
    """In whatever slice it shows."""
    clock = Clock()

    def broken() -> Generator[int, None, None]:
        yield COST
        raise LookupError

    results = outcome(in_slices(clock, broken()))
    clock.advance(0)
    assert isinstance(results[0].value, LookupError)


def nobody() -> Generator[int, None, list[Any]]:
    """Nothing is under way."""
    yield 0
    return []


@pytest.mark.parametrize("text", ["", "nothing has this"])
def test_no_step_looks_at_many_rows(text: str) -> None:
    """So that a slice of ten thousand is as long as one of a few."""
    recorder = Recorder(enabled=True)
    for number in range(3000):
        put(recorder, url="/ping" if number % 3 else "/other")
    kinds = frozenset({"ping", "other"})
    for _ in range(2):
        steps = page(
            recorder.kept, Wanted(kinds=kinds, text=text), Cursor(), "run", nobody()
        )
        costs = list(steps)
        assert max(costs) <= STEP + FIRST_SEARCH
        assert sum(costs) >= 3000


def test_the_array_is_made_in_small_steps() -> None:
    """A record at a time, and a large picture block by block."""
    recorder = Recorder(enabled=True)
    put_photo(recorder, b"\xff" * 10_000_000)
    for _ in range(100):
        put(recorder, chunks=[b"x" * 100_000])
    pieces = list(array(recorder.kept, None))
    assert max(cost for cost, _ in pieces) <= COST
    assert max(len(piece) for _, piece in pieces) < 70_000
    assert len(pieces) > 138


class Reader:
    """A client, as far as an answer is written to it."""

    answer: object = []
    producer: Any = None

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.headers: dict[bytes, bytes] = {}

    def write(self, data: bytes) -> None:
        """Take a piece."""
        self.written.append(data)

    def setHeader(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        self.headers[name] = value

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """Take a producer."""
        assert streaming
        self.producer = producer

    def unregisterProducer(self) -> None:
        """Let go of it."""
        self.producer = None


def pieces(count: int, size: int = 10) -> Generator[tuple[int, bytes], None, None]:
    """Make pieces that cost a slice each."""
    for number in range(count):
        yield COST, b"%d" % (number % 10) * size


def test_what_is_small_has_a_length() -> None:
    """And is answered at once."""
    clock, reader = Clock(), Reader()

    def small() -> Generator[tuple[int, bytes], None, None]:
        yield 1, b"a"
        yield 1, b"b"

    request: Any = reader
    assert outcome(Stream(clock, request, small()).start()) == [b"ab"]
    assert reader.headers == {b"Content-Length": b"2"}
    assert reader.written == []


def test_what_is_large_goes_as_fast_as_it_is_taken() -> None:
    """Nothing is made while the client takes nothing, nor after it has left."""
    clock, reader = Turns(), Reader()
    request: Any = reader
    stream = Stream(clock, request, pieces(6))
    results = outcome(stream.start())
    assert (reader.written, reader.answer) == ([b"0" * 10], None)
    clock.turn()
    assert len(reader.written) == 2
    stream.pauseProducing()
    assert not clock.getDelayedCalls()
    stream.resumeProducing()
    while not results:
        clock.turn()
    assert b"".join([*reader.written, *results]) == b"".join(
        piece for _, piece in pieces(6)
    )
    assert reader.producer is None
    assert not clock.getDelayedCalls()


def test_a_client_that_leaves_ends_it() -> None:
    """And what it was made of is let go."""
    clock, reader = Clock(), Reader()
    request: Any = reader
    made = pieces(100)
    streaming = Stream(clock, request, made).start()
    outcome(streaming)
    streaming.cancel()
    assert not clock.getDelayedCalls()
    assert next(made, None) is None


def test_no_piece_is_much_larger_than_it_should_be() -> None:
    """What is written at once is copied at once."""
    clock, reader = Clock(), Reader()
    request: Any = reader

    def cheap() -> Generator[tuple[int, bytes], None, None]:
        for _ in range(100):
            yield 0, b"x" * 10_000

    results = outcome(Stream(clock, request, cheap()).start())
    while not results:
        clock.advance(0)
    assert max(map(len, reader.written)) < PIECE + 10_000
    assert sum(map(len, [*reader.written, *results])) == 1_000_000
