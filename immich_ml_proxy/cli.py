"""The ``immich-ml-proxy`` command: twistd in the foreground, with a plain log."""

from __future__ import annotations

import sys

from twisted.logger import (
    FileLogObserver,
    FilteringLogObserver,
    ILogObserver,
    LogLevel,
    LogLevelFilterPredicate,
    formatEvent,
)
from twisted.logger._interfaces import LogEvent
from twisted.scripts import twistd


def main() -> None:
    """Run the proxy until it is told to stop."""
    sys.argv[1:] = [
        "--nodaemon",
        "--pidfile=",
        f"--logger={__name__}.plain_log",
        "immich-ml-proxy",
        *sys.argv[1:],
    ]
    twistd.run()


def plain_log() -> ILogObserver:
    """Return an observer that writes what a person wants to read to standard output."""
    levels = LogLevelFilterPredicate(defaultLogLevel=LogLevel.info)
    for chatty in ("twisted", "twisted.scripts._twistd_unix.UnixAppLogger"):
        levels.setLogLevelForNamespace(chatty, LogLevel.warn)
    levels.setLogLevelForNamespace("-", LogLevel.warn)
    return FilteringLogObserver(FileLogObserver(sys.stdout, _line), [levels])


def _line(event: LogEvent) -> str:
    text = formatEvent(event)
    failure = event.get("log_failure")
    if failure is not None:
        text = f"{text}\n{failure.getTraceback()}"
    return f"{text}\n"
