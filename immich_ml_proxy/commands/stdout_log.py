"""Writes the log to standard output, without what libraries chat."""

from __future__ import annotations

import sys
from collections.abc import Callable

from twisted.logger import (
    FileLogObserver,
    FilteringLogObserver,
    ILogObserver,
    LogEvent,
    LogLevel,
    LogLevelFilterPredicate,
)


def stdout_log(line: Callable[[LogEvent], str]) -> ILogObserver:
    """
    Return an observer.

    :param line: returns what is written of an event.
    """
    levels = LogLevelFilterPredicate(defaultLogLevel=LogLevel.info)
    for chatty in ("twisted", "log_legacy"):
        levels.setLogLevelForNamespace(chatty, LogLevel.warn)
    return FilteringLogObserver(FileLogObserver(sys.stdout, line), [levels])
