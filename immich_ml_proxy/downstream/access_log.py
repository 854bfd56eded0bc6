"""
Writes the lines of requests, directly and in batches.

Through Twisted's logger a line takes several times as long. So lines are gathered and
written once a second, earlier when there are many, and at the end; a process that is
killed loses a second of them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from twisted.application.service import Service
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.web.http import datetimeToLogString

from immich_ml_proxy.downstream import access_line
from immich_ml_proxy.downstream.access_line import EVERYTHING, NOTHING, Seen
from immich_ml_proxy.downstream.address import peer_of
from immich_ml_proxy.protocol.trace_context import trace_of

#: Seconds between two writes, and characters that are not left until then.
PERIOD = 1.0
MOST = 64 * 1024
#: Bytes that are kept when who reads them takes no more; what is over is lost.
KEPT = 1024 * 1024

_WORK = frozenset({b"/predict", b"/ping"})


class AccessLog(Service):
    """
    The owner of all lines that are not yet written.

    :param clock: source of time.
    :param wall: what time it is, in Unix seconds.
    :param write: takes bytes and returns how many it took; raises ``OSError``.
    :param is_json: the form of a line.
    :param level: what is worth a line, such as ``EVERYTHING``.
    :param client: returns the address of a request's client.
    """

    _log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        wall: Callable[[], float],
        write: Callable[[bytes], int],
        is_json: bool = False,
        level: str = EVERYTHING,
        client: Callable[[Any], str] = peer_of,
    ) -> None:
        self._wall = wall
        self._write = write
        self._is_json = is_json
        self._level = level
        self._client = client
        self._lines: list[str] = []
        self._size = 0
        self._left = b""
        self._second = -1
        self._told = ""  # this second, as it is written
        self._is_broken = False
        self._loop = LoopingCall(self.flush)
        self._loop.clock = clock

    def startService(self) -> None:
        """Begin to write once a second."""
        super().startService()
        self._loop.start(PERIOD, now=False)

    def stopService(self) -> None:
        """Write what there is; what comes after is written at once."""
        super().stopService()
        if self._loop.running:
            self._loop.stop()
        self.flush()

    def add(self, request: Any, status: int, seconds: float) -> None:
        """
        Take in a request that is over.

        :param request: a ``ProxyRequest``.
        :param status: that it is told to have been answered with.
        :param seconds: that it took.
        """
        level = self._level
        if level != EVERYTHING and (level == NOTHING or request.path not in _WORK):
            return
        version, names = request.clientproto, request.names
        seen = Seen(
            self._client(request),
            request.method,
            request.uri,
            version if version[:1] != b"(" else b"-",  # it is not known yet
            status,
            request.sentLength,
            request.getHeader(b"referer"),
            request.getHeader(b"user-agent"),
            request.trace_id,
            trace_of(names.parent) if names.is_part else "",
            request.legs,
            seconds,
        )
        now = self._wall()
        if int(now) != self._second:
            self._look_at_clock(int(now))
        if self._is_json:
            when = f"{self._told}.{int(now * 1000) % 1000:03d}Z"
            line = access_line.as_json(seen, when)
        else:
            line = access_line.plain(seen, self._told)
        self._lines.append(line)
        self._size += len(line)
        if self._size >= MOST or not self.running:
            self.flush()

    def flush(self) -> None:
        """Write what there is; what cannot be written is lost, and nothing else is."""
        data = self._left + "".join(self._lines).encode("utf-8", "replace")
        self._lines, self._size, self._left = [], 0, b""
        try:
            while data:
                data = data[self._write(data) :]
        except BlockingIOError:
            # Who reads it is slow. From a line's begin on, if not all can be kept.
            self._left = data if len(data) <= KEPT else data[-KEPT:].partition(b"\n")[2]
        except OSError as error:
            if not self._is_broken:
                self._is_broken = True
                self._log.error(
                    "The lines of requests cannot be written: {error}. They are lost "
                    "until they can be.",
                    error=error.strerror or str(error),
                )
        else:
            self._is_broken = False

    def _look_at_clock(self, second: int) -> None:
        self._second = second
        if self._is_json:
            self._told = f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}"
        else:
            self._told = datetimeToLogString(second)


def to_stdout(data: bytes) -> int:
    """Write to where the command's output goes, whatever stands in for it meanwhile."""
    output = sys.__stdout__
    if output is None or output.closed:
        return len(data)  # there is nobody to read it
    return os.write(output.fileno(), data)


class ToLogger:
    """Writes by Twisted's logger, a line at a time, where that has its own file."""

    _log = Logger()

    def __call__(self, data: bytes) -> int:
        """Write whole lines."""
        for line in data.decode("utf-8", "replace").splitlines():
            self._log.info("{line}", line=line)
        return len(data)
