"""The log as JSON, an object a line: what else there is to tell beside the requests."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import msgspec
from twisted.logger import (
    FileLogObserver,
    FilteringLogObserver,
    ILogObserver,
    LogEvent,
    LogLevel,
    LogLevelFilterPredicate,
    formatEvent,
)


def json_log() -> ILogObserver:
    """Return an observer that writes an object a line to standard output."""
    levels = LogLevelFilterPredicate(defaultLogLevel=LogLevel.info)
    for chatty in ("twisted", "log_legacy"):
        levels.setLogLevelForNamespace(chatty, LogLevel.warn)
    return FilteringLogObserver(FileLogObserver(sys.stdout, line_of), [levels])


def line_of(event: LogEvent) -> str:
    """Return an event as a line; its end is the only one in it."""
    when = datetime.fromtimestamp(event.get("log_time", 0.0), UTC)
    level = event.get("log_level", LogLevel.info)
    told = {
        "time": f"{when:%Y-%m-%dT%H:%M:%S}.{when.microsecond // 1000:03d}Z",
        "kind": "event",
        "level": level.name,
        "message": formatEvent(event),
    }
    failure = event.get("log_failure")
    if failure is not None:
        told["traceback"] = failure.getTraceback()
    # What some library names may be no text.
    text = {
        name: value.encode("utf-8", "replace").decode() for name, value in told.items()
    }
    return f"{msgspec.json.encode(text).decode()}\n"
