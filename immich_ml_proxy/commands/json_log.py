"""The log as JSON, an object a line: what else there is to tell beside the requests."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from twisted.logger import ILogObserver, LogEvent, LogLevel, formatEvent

from immich_ml_proxy.commands.stdout_log import stdout_log


def json_log() -> ILogObserver:
    """Return an observer that writes an object a line to standard output."""
    return stdout_log(line_of)


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
