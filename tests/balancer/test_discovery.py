"""Names are looked up by a timer, each by itself, and nobody waits for it."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import formatEvent, globalLogPublisher

from immich_ml_proxy.balancer.discovery import EVERY, Discovery, in_words
from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.balancer.replicas import GONE_AFTER
from immich_ml_proxy.upstream.resolver import GIVE_UP
from tests.balancer.demands import configured

GONE = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
AGAIN = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
ML = {"name": "ml", "resolve": "all"}


class Home:
    """
    A pool whose names are looked up, by a name server that answers when it is told to.

    :ivar asked: the names that were asked for, in order.
    :ivar changes: how often it was told that there are other servers.
    """

    def __init__(self, *backends: dict[str, Any]) -> None:
        self.clock = Clock()
        self.pool = Pool(configured(*backends), lambda server, before: None)
        self.asked: list[str] = []
        self.changes = 0
        self.cancelled = 0
        self._questions: dict[str, Deferred[Sequence[str]]] = {}
        self.discovery = Discovery(self.clock, self._look_up, self.pool, self._changed)
        self.discovery.startService()

    def _look_up(self, host: str) -> Deferred[Sequence[str]]:
        self.asked.append(host)
        question: Deferred[Sequence[str]] = Deferred(self._cancel)
        self._questions[host] = question
        return question

    def _cancel(self, question: object) -> None:
        self.cancelled += 1

    def _changed(self) -> None:
        self.changes += 1

    def answer(self, answer: Sequence[str] | Exception, host: str = "ml") -> None:
        """Answer the question for a name."""
        question = self._questions.pop(host)
        if isinstance(answer, Exception):
            question.errback(answer)
        else:
            question.callback(answer)

    def next(self, answer: Sequence[str] | Exception) -> None:
        """Wait for the next question and answer it."""
        self.clock.advance(EVERY)
        self.answer(answer)

    @property
    def servers(self) -> list[str]:
        """The names of the servers there are."""
        return [server.name for server in self.pool]

    def configure(self, *backends: dict[str, Any]) -> None:
        """Put another configuration in force."""
        self.pool.reconfigure(configured(*backends))
        self.discovery.reconfigured()


@pytest.fixture
def log() -> Any:
    """What is written to the log, line by line."""
    lines: list[str] = []

    note: Any = lambda event: lines.append(formatEvent(event))  # noqa: E731

    globalLogPublisher.addObserver(note)
    yield lines
    globalLogPublisher.removeObserver(note)


def test_names_are_looked_up_at_once_and_every_ten_seconds() -> None:
    """Those of backends with ``resolve``, and no others."""
    home = Home(ML, {"name": "nas"})
    assert home.asked == ["ml"]
    home.answer(["10.0.0.1"])
    home.clock.advance(9.9)
    assert home.asked == ["ml"]
    home.clock.advance(0.1)
    assert home.asked == ["ml", "ml"]


def test_two_backends_of_one_name_are_one_question() -> None:
    """They differ by their ports."""
    other = {"name": "other", "url": "http://ml:3004", "resolve": "all"}
    home = Home(ML, other)
    assert home.asked == ["ml"]
    home.answer(["10.0.0.1"])
    assert home.servers == ["ml (10.0.0.1)", "other (10.0.0.1)"]


def test_replicas_come_and_go() -> None:
    """And that is told when it is so, not when the order is another."""
    home = Home(ML)
    home.answer(["10.0.0.2", "10.0.0.1"])
    assert home.servers == ["ml (10.0.0.1)", "ml (10.0.0.2)"]
    assert home.changes == 1
    home.next(["10.0.0.1", "10.0.0.2", "10.0.0.1"])
    assert home.changes == 1
    home.next(["10.0.0.3", "10.0.0.2"])
    assert home.servers == ["ml (10.0.0.2)", "ml (10.0.0.3)"]
    assert home.changes == 2


def test_a_look_up_that_fails_keeps_what_there_is(log: list[str]) -> None:
    """It is told once, as a note and in the log, and is over with the next good one."""
    home = Home(ML)
    home.answer(["10.0.0.1"])
    log.clear()
    for _ in range(20):
        home.next(AGAIN)
    assert home.servers == ["ml (10.0.0.1)"]
    assert home.changes == 1
    [machine] = home.pool.machines
    told = "Temporary failure in name resolution"
    assert machine.notes(0.0) == [f"its name cannot be looked up ({told})"]
    assert log == [f"ml cannot be looked up: {told}; its addresses of before are used"]
    home.next(["10.0.0.1"])
    assert machine.notes(0.0) == []


def test_a_name_that_is_gone_for_a_minute_has_no_replicas() -> None:
    """Then the backend is one server again, which tells what is wrong."""
    home = Home(ML)
    home.answer(["10.0.0.1"])
    for _ in range(int(GONE_AFTER / EVERY)):
        home.next(GONE)
        assert home.servers == ["ml (10.0.0.1)"]
    home.next(GONE)
    assert home.servers == ["ml"]
    assert home.changes == 2


def test_a_name_server_that_hangs_is_waited_for_in_bounds() -> None:
    """The next round asks again."""
    home = Home(ML)
    home.answer(["10.0.0.1"])
    home.clock.advance(EVERY)
    assert home.asked == ["ml", "ml"]
    home.clock.advance(GIVE_UP)
    assert home.cancelled == 1
    [machine] = home.pool.machines
    assert machine.notes(0.0) == [
        "its name cannot be looked up (no name server answered in 5 s)"
    ]
    home.clock.advance(EVERY - GIVE_UP)
    assert home.asked == ["ml"] * 3
    home.answer(["10.0.0.2"])
    assert home.servers == ["ml (10.0.0.2)"]


def test_changes_are_told_in_the_log(log: list[str]) -> None:
    """Once each, with what has come and what is gone."""
    home = Home(ML)
    log.clear()
    home.answer(["10.0.0.1"])
    home.next(["10.0.0.1"])
    home.next([f"10.0.0.{number}" for number in range(2, 12)])
    assert log == [
        "ml has 1 addresses (new: 10.0.0.1)",
        "ml has 10 addresses (new: 10.0.0.2, 10.0.0.3, 10.0.0.4, 10.0.0.5, 10.0.0.6, "
        "10.0.0.7, 10.0.0.8, 10.0.0.9 and 2 more; gone: 10.0.0.1)",
    ]


def test_a_new_configuration_asks_for_new_names_at_once() -> None:
    """What is not in it any more is forgotten; a question for it, too."""
    home = Home(ML)
    home.answer(["10.0.0.1"])
    home.clock.advance(EVERY)
    home.configure({"name": "gpu", "resolve": "all"})
    assert home.cancelled == 1
    assert home.asked == ["ml", "ml", "gpu"]
    home.answer(["10.0.0.9"], "gpu")
    assert home.servers == ["gpu (10.0.0.9)"]
    home.configure({"name": "gpu", "resolve": "ipv6"})
    assert home.asked == ["ml", "ml", "gpu"]
    assert home.servers == ["gpu"]
    home.configure(ML)
    assert home.servers == ["ml"]


def test_nothing_is_left_when_it_stops() -> None:
    """No timer, and no question."""
    home = Home(ML)
    home.discovery.stopService()
    assert home.cancelled == 1
    assert home.clock.getDelayedCalls() == []
    home.configure({"name": "gpu", "resolve": "all"})
    assert home.asked == ["ml"]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (GONE, "there is no address of this name"),
        (AGAIN, "Temporary failure in name resolution"),
        (UnicodeError("label too long"), "label too long"),
        (ValueError(), "ValueError"),
    ],
)
def test_why_it_failed_is_told_in_words(error: Exception, told: str) -> None:
    """Whatever the C library makes of a name."""
    assert in_words(error) == told
