"""The ``immich-ml-proxy`` command: twistd in the foreground, with a plain log."""

from __future__ import annotations

import sys

from twisted.logger import (
    FileLogObserver,
    FilteringLogObserver,
    ILogObserver,
    LogEvent,
    LogLevel,
    LogLevelFilterPredicate,
    formatEvent,
)
from twisted.python import usage
from twisted.scripts import twistd

from immich_ml_proxy.commands.options import JSON, JSON_LOG, Options


def main() -> None:
    """Run the proxy until it is told to stop."""
    options = Options()
    options.synopsis = "Usage: immich-ml-proxy [options]"
    try:
        options.parseOptions(sys.argv[1:])
    except usage.UsageError as error:
        raise SystemExit(
            f"immich-ml-proxy: {error}; see immich-ml-proxy --help"
        ) from None
    sys.argv[1:] = [
        "--nodaemon",
        "--pidfile=",
        f"--logger={_observer(options)}",
        "immich-ml-proxy",
        *sys.argv[1:],
    ]
    twistd.run()


def _observer(options: Options) -> str:
    """Return the name of what writes the log in the form that was asked for."""
    if options["log-format"] == JSON:
        return JSON_LOG
    return f"{__name__}.{plain_log.__name__}"


def plain_log() -> ILogObserver:
    """Return an observer that writes what a person wants to read to standard output."""
    levels = LogLevelFilterPredicate(defaultLogLevel=LogLevel.info)
    for chatty in ("twisted", "log_legacy"):
        levels.setLogLevelForNamespace(chatty, LogLevel.warn)
    return FilteringLogObserver(FileLogObserver(sys.stdout, _line), [levels])


def _line(event: LogEvent) -> str:
    text = formatEvent(event)
    failure = event.get("log_failure")
    if failure is not None:
        text = f"{text}\n{failure.getTraceback()}"
    return f"{text}\n"
