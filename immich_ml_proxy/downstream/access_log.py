"""
Writes the lines of requests, directly and many together.

Through Twisted's logger a line takes several times as long. A process that is killed
loses those of a second.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Sequence
from operator import itemgetter

from twisted.logger import Logger

from immich_ml_proxy.downstream import access_line
from immich_ml_proxy.downstream.access_line import EVERYTHING, WORK
from immich_ml_proxy.downstream.ended import Ended, Fields

#: Bytes that are kept when who reads them takes no more; what is over is lost.
KEPT = 1024 * 1024
#: Lines that are not left until somebody has them written: some 64 KB.
MOST = 256

#: The targets that are work.
_WORK = re.compile(rb"/(predict|ping)(\?|\Z)")
_target = itemgetter(Ended._fields.index("target"))


class AccessLog:
    """
    The owner of all lines that are not yet written.

    :param write: takes bytes and returns how many it took; raises ``OSError``.
    :param is_json: the form of a line.
    :param level: what is worth a line, such as ``EVERYTHING``.
    """

    _log = Logger()

    def __init__(
        self,
        write: Callable[[bytes], int],
        is_json: bool = False,
        level: str = EVERYTHING,
    ) -> None:
        self._write = write
        self._lines = access_line.as_json if is_json else access_line.plain
        self._level = level
        self._made: list[str] = []
        self._count = 0
        self._left = b""
        self._is_broken = False

    def add(self, requests: Sequence[Fields], since: float) -> None:
        """
        Make the lines of requests.

        :param since: the Unix time at which the clock of their times was at 0.
        """
        worthy = self._worthy(requests)
        self._made.append(self._lines(worthy, since))
        self._count += len(worthy)
        if self._count >= MOST:
            self.flush()

    def flush(self) -> None:
        """Write what there is; what cannot be written is lost, and nothing else is."""
        made, self._made, self._count = "".join(self._made), [], 0
        data = self._left + made.encode("utf-8", "replace")
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

    def _worthy(self, requests: Sequence[Fields]) -> Sequence[Fields]:
        if self._level == EVERYTHING:
            return requests
        if self._level == WORK:
            return [one for one in requests if _WORK.match(_target(one))]
        return ()


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
