"""How long it will still take."""

from __future__ import annotations

import pytest

from immich_ml_proxy.observe.time_left import Queue, Queues, rate, time_left


def test_a_rate_counts_from_when_there_was_work() -> None:
    """Else the first minute of an import would look slow."""
    assert rate([0] * 40 + [3] * 20, [0] * 40 + [4] * 20) == 3.0
    assert rate([3] * 60, [4] * 60) == 3.0


def test_slow_work_is_counted_while_it_is_under_way() -> None:
    """One in twenty seconds is no burst."""
    done = [0] * 60
    done[19] = done[39] = done[59] = 1
    assert rate(done, [1] * 60) == pytest.approx(0.05)


def test_a_few_seconds_are_not_believed() -> None:
    """The first answers come all at once."""
    assert rate([0] * 59 + [10], [0] * 59 + [4]) == 2.0
    assert rate([0] * 60, [0] * 60) == 0.0


def test_without_immich_the_page_counts() -> None:
    """It is told what is done, and how fast."""
    told = time_left({"clip": 100, "search": 5}, {"clip": 2.5}, None, 1000.0)
    assert told["source"] == "counts"
    assert told["kinds"] == {
        "clip": {"done": 100, "rate": 2.5, "left": None, "ends": None, "paused": False}
    }
    assert told["slowest"] is told["ends"] is told["error"] is told["asked"] is None


def test_the_slowest_kind_counts() -> None:
    """A photo is done when all of it is done."""
    queues = Queues({"clip": Queue(100), "ocr": Queue(50)}, 1000.0)
    told = time_left({"clip": 1, "ocr": 1}, {"clip": 2.0, "ocr": 0.5}, queues, 1000.0)
    assert told["kinds"]["clip"]["ends"] == 1050
    assert told["kinds"]["ocr"]["ends"] == 1100
    assert (told["slowest"], told["ends"]) == ("ocr", 1100)
    assert (told["source"], told["asked"]) == ("immich", 1000.0)


def test_what_does_not_move_has_no_end() -> None:
    """And it is the slowest."""
    queues = Queues({"clip": Queue(100), "faces": Queue(5, is_paused=True)}, 1000.0)
    told = time_left({}, {"clip": 2.0, "faces": 1.0}, queues, 1000.0)
    assert told["kinds"]["faces"]["ends"] is None
    assert told["kinds"]["faces"]["paused"] is True
    assert (told["slowest"], told["ends"]) == ("faces", None)


def test_an_empty_queue_is_no_reason_to_wait() -> None:
    """Nothing is left of it."""
    queues = Queues({"clip": Queue(0), "ocr": Queue(0)}, 1000.0)
    told = time_left({"clip": 9}, {"clip": 2.0}, queues, 1000.0)
    assert told["kinds"]["clip"]["left"] == 0
    assert (told["slowest"], told["ends"]) == (None, None)


def test_an_end_that_is_far_is_told_no_more_exactly_than_it_is_known() -> None:
    """Else it would change with every look."""
    ends = [
        time_left({}, {"clip": 2.0}, Queues({"clip": Queue(left)}, 0.0), 0.0)["ends"]
        for left in (80_000, 80_010, 100)
    ]
    assert ends == [40_000, 40_000, 50]


def test_why_immich_did_not_tell() -> None:
    """A sentence is passed on."""
    told = time_left({}, {}, Queues(error="Immich is away."), 1000.0)
    assert told["error"] == "Immich is away."
    assert told["kinds"] == {}
