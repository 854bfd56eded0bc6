"""
Writes the lines of requests, directly and in batches.

Through Twisted's logger a line takes several times as long. So requests are gathered,
and their lines made and written once a second, earlier when there are many, and at the
end; a process that is killed loses a second of them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

from twisted.application.service import Service
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from immich_ml_proxy.downstream import access_line
from immich_ml_proxy.downstream.access_line import (
    EVERYTHING,
    LONGEST,
    WORK,
    Fields,
    fate,
)
from immich_ml_proxy.headers import raw

#: Seconds between two writes, and requests that are not left until then: some 64 KB.
PERIOD = 1.0
MOST = 256
#: Bytes that are kept when who reads them takes no more; what is over is lost.
KEPT = 1024 * 1024

_PATHS = frozenset({b"/predict", b"/ping"})


class AccessLog(Service):
    """
    The owner of all lines that are not yet written.

    :param clock: source of time.
    :param wall: what time it is, in Unix seconds.
    :param write: takes bytes and returns how many it took; raises ``OSError``.
    :param is_json: the form of a line.
    :param level: what is worth a line, such as ``EVERYTHING``.
    :param client: returns the address of a request's client; ``None``: that of the
        connection.
    """

    _log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        wall: Callable[[], float],
        write: Callable[[bytes], int],
        is_json: bool = False,
        level: str = EVERYTHING,
        client: Callable[[Any], str] | None = None,
    ) -> None:
        self._wall = wall
        self._write = write
        self._lines = access_line.as_json if is_json else access_line.plain
        self._is_all = level == EVERYTHING
        self._paths = _PATHS if level == WORK else frozenset[bytes]()
        self._client = client
        self._seen: list[Fields] = []
        self._left = b""
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
        if not self._is_all and request.path not in self._paths:
            return
        sent, names = raw(request.requestHeaders), request.names
        referer, agent = sent.get(b"Referer"), sent.get(b"User-Agent")
        target = request.uri
        self._seen.append(
            (
                self._wall(),
                getattr(request.client, "host", "-")
                if self._client is None
                else self._client(request),
                request.method,
                target if len(target) <= LONGEST else target[:LONGEST],
                request.clientproto,
                status,
                request.sentLength,
                referer[-1][:LONGEST] if referer else b"",
                agent[-1][:LONGEST] if agent else b"",
                request.trace_id,
                names.parent if names.is_part else b"",
                seconds,
                (*map(fate, request.legs),),
            )
        )
        if len(self._seen) >= MOST or not self.running:
            self.flush()

    def flush(self) -> None:
        """Write what there is; what cannot be written is lost, and nothing else is."""
        seen, self._seen = self._seen, []
        data = self._left + self._lines(seen).encode("utf-8", "replace")
        self._left = b""
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
