"""
What the C library is told about memory, where it is glibc.

Pictures come and go in blocks of half a megabyte. Left alone, glibc asks the kernel for
each of them anew, which costs a page fault for every 4 KB: a fifth of the CPU time of a
4 MB picture. So it is told to keep freed memory; and it is told to give it back when
there has been no work for a while, or when there is much more of it than there was: the
answers of servers that answer wrongly can be large.
"""

from __future__ import annotations

import ctypes
import gc
import os
from pathlib import Path

from twisted.application.service import Service
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall

from immich_ml_proxy.downstream.budget import Budget

_MIB = 1024 * 1024

# The numbers of these parameters are glibc's, in malloc.h.
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3

#: Seconds between two looks at whether memory can be given back.
PERIOD = 5.0
#: Bytes of bodies that must have been held for it to be worth while.
WORTH_WHILE = 8 * _MIB
#: Bytes that the process must have grown by, whatever with.
GROWN = 16 * _MIB

_STATM = Path("/proc/self/statm")


def glibc() -> ctypes.CDLL | None:
    """Return glibc, if this process runs on it."""
    library = ctypes.CDLL(None)
    return library if hasattr(library, "malloc_trim") else None


class Memory(Service):
    """
    Keeps freed memory while there is work, gives it back when there is none.

    :param clock: source of time.
    :param budget: knows how many bytes of bodies are held.
    :param library: glibc, or ``None``: then nothing is done.
    """

    def __init__(
        self,
        clock: IReactorTime,
        budget: Budget,
        library: ctypes.CDLL | None,
    ) -> None:
        self._budget = budget
        self._library = library
        self._loop = LoopingCall(self._look)
        self._loop.clock = clock
        self._first = 0  # bytes in memory at the start
        self._least = 0  # and after some were given back the last time

    def startService(self) -> None:
        """Begin to look."""
        super().startService()
        if self._library is not None:
            self._library.mallopt(_M_TRIM_THRESHOLD, 64 * _MIB)
            self._library.mallopt(_M_MMAP_THRESHOLD, 32 * _MIB)
            self._first = self._least = resident()
            self._loop.start(PERIOD, now=False)

    def stopService(self) -> None:
        """Look no more."""
        super().stopService()
        if self._loop.running:
            self._loop.stop()

    def _look(self) -> None:
        budget = self._budget
        if budget.used or self._library is None:
            return
        now = resident()
        # What was in use when it was looked at may have been freed since: that cannot
        # be seen, so it is tried again.
        if budget.peak >= WORTH_WHILE or now >= self._first + GROWN:
            budget.peak = 0
            if now >= self._least + GROWN:
                gc.collect()
            self._library.malloc_trim(0)
            self._least = resident()


def resident() -> int:
    """Return how many bytes of this process are in memory; 0 where nobody tells."""
    try:
        return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
