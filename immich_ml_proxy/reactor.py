"""
The reactor of ours: Twisted's, with timers that do not care what time it is.

Twisted counts the seconds of its timers by the wall clock. One that is set right, which
computers do at any time, would end requests under way as too late, or stop the health
checks for as long as it was set back.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from twisted.internet.main import installReactor
from twisted.logger import Logger

_log = Logger()


def install() -> None:
    """
    Install the reactor, before anything imports one: that installs Twisted's choice.

    Where there is no epoll, or another reactor was chosen (``twistd --reactor=poll``),
    that one is given our time, unless it has begun to count by its own.
    """
    if "twisted.internet.reactor" not in sys.modules:
        ours = _epoll_reactor()
        if ours is not None:
            installReactor(ours)
            return
    from twisted.internet import reactor

    chosen: Any = reactor
    if not chosen.getDelayedCalls():
        chosen.seconds = time.monotonic


def _epoll_reactor() -> Any:
    try:
        from twisted.internet.epollreactor import EPollReactor
    except ImportError:
        return None

    class MonotonicReactor(EPollReactor):
        """
        Waits with epoll, counts by the monotonic clock.

        Twisted opens a log context around each event, for the names of connections in
        its log lines; ours have none, and it takes as long as the event's own work.
        """

        seconds = staticmethod(time.monotonic)

        def doPoll(self, timeout: float | None) -> None:
            """Wait for events, and handle them; see ``EPollReactor``."""
            try:
                events = self._poller.poll(-1 if timeout is None else timeout)
            except InterruptedError:
                return
            for descriptor, event in events:
                # One may have closed another.
                selectable = self._selectables.get(descriptor)
                if selectable is not None:
                    try:
                        self._doReadOrWrite(selectable, descriptor, event)
                    except Exception:
                        _log.failure("handling an event of {one}", one=selectable)

        doIteration = doPoll

    return MonotonicReactor()
