"""Reads from the options what is logged of requests, how, and where to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from immich_ml_proxy.commands.log_format import JSON, goes_to_stdout
from immich_ml_proxy.downstream.access_line import EVERYTHING, NOTHING
from immich_ml_proxy.downstream.access_log import AccessLog, ToLogger, to_stdout


def access_log_of(
    options: Any, write: Callable[[bytes], int] | None = None
) -> AccessLog:
    """
    Return what writes the lines of requests.

    :param options: those of the command.
    :param write: takes the lines; by default they go where the rest of the log goes.
    """
    if write is None:
        write = to_stdout if goes_to_stdout(options.parent) else ToLogger()
    # Simulated work would push out of sight what a demo has to say.
    level = options["access-log"] or (NOTHING if options["demo"] else EVERYTHING)
    is_json = options["log-format"] == JSON
    return AccessLog(write, is_json, level)
