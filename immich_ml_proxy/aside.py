"""Calls what may hang in a thread of its own, for which nobody waits at the end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

_T = TypeVar("_T")


def aside(reactor: Any, function: Callable[[], _T]) -> Deferred[_T]:
    """
    Return what ``function`` returns, as soon as it does.

    A thread of the reactor's pool would be waited for when the process ends: a file
    system of the network that is gone would keep it from ending.
    """
    result: Deferred[_T] = Deferred()

    def call() -> None:
        try:
            returned: Any = function()
        except BaseException:
            returned = Failure()
        reactor.callFromThread(_settle, result, returned)

    threading.Thread(target=call, daemon=True, name="aside").start()
    return result


def _settle(result: Deferred[Any], outcome: Any) -> None:
    if not result.called:  # it may have been cancelled
        result.callback(outcome)
