"""
The ``immich-ml-proxy`` command: one that ends by itself, or the proxy: twistd in the
foreground, with a plain log.
"""

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

from immich_ml_proxy.commands.command_line import (
    COMMANDS,
    RUN,
    CommandLine,
    chosen,
)
from immich_ml_proxy.commands.log_format import JSON, JSON_LOG


def main() -> None:
    """Do what the command line says; the proxy is run until it is told to stop."""
    options = CommandLine()
    try:
        name, arguments = chosen(sys.argv[1:])
        if name == RUN:
            options.parseOptions(arguments)
    except (ValueError, usage.UsageError) as error:
        raise SystemExit(
            f"immich-ml-proxy: {error}; see immich-ml-proxy --help"
        ) from None
    if name != RUN:
        raise SystemExit(COMMANDS[name].main(arguments))
    sys.argv[1:] = [
        "--nodaemon",
        "--pidfile=",
        f"--logger={_observer(options)}",
        "immich-ml-proxy",
        *arguments,
    ]
    twistd.run()


def _observer(options: CommandLine) -> str:
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
