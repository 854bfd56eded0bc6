"""What may hang is called in a thread that nobody waits for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Queue
from typing import Any

import pytest
from twisted.internet.defer import CancelledError

from immich_ml_proxy.aside import aside


class Reactor:
    """Keeps what other threads want to have called."""

    def __init__(self) -> None:
        self._calls: Queue[tuple[Callable[..., None], tuple[Any, ...]]] = Queue()

    def callFromThread(self, function: Callable[..., None], *arguments: Any) -> None:
        """Keep a call."""
        self._calls.put((function, arguments))

    def run_one(self) -> None:
        """Wait for a call, and make it."""
        function, arguments = self._calls.get(timeout=60)
        function(*arguments)


def test_the_result_comes_in_the_reactors_thread() -> None:
    """And not before the reactor has its turn; the thread is no reason to go on."""
    reactor, got = Reactor(), list[Any]()
    aside(reactor, threading.current_thread).addCallback(got.append)
    assert got == []
    reactor.run_one()
    [thread] = got
    assert thread.daemon
    assert thread is not threading.current_thread()


def test_an_error_is_one_there() -> None:
    """As if it had been called here."""
    reactor, errors = Reactor(), list[Any]()
    aside(reactor, lambda: 1 // 0).addErrback(errors.append)
    reactor.run_one()
    with pytest.raises(ZeroDivisionError):
        errors[0].raiseException()


def test_what_nobody_wants_any_more_is_dropped() -> None:
    """A look that hangs outlives the service that has asked for it."""
    reactor, hanging, errors = Reactor(), threading.Event(), list[Any]()
    result = aside(reactor, lambda: hanging.wait(60))
    result.addErrback(errors.append)
    result.cancel()
    assert errors[0].check(CancelledError)
    hanging.set()
    reactor.run_one()
