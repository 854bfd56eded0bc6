"""How the log is written, by the options: the words, and where it goes."""

from __future__ import annotations

from typing import Any

from twisted.python import usage

from immich_ml_proxy.downstream.access_line import LEVELS

#: How the log is written.
PLAIN, JSON = "plain", "json"
#: What writes the rest of it as JSON, by its name.
JSON_LOG = "immich_ml_proxy.commands.json_log.json_log"


def goes_to_stdout(twistd: Any) -> bool:
    """
    Return whether the log goes to standard output.

    :param twistd: the options of twistd, ``None`` without it.
    """
    return twistd is None or bool(
        twistd["nodaemon"]
        and twistd["logfile"] in (None, "", "-")
        and not twistd.get("syslog")
    )


def check_log(options: Any) -> None:
    """
    Look at the options of the log, and have twistd write all of it in one form.

    :raises UsageError: for a word that is none of theirs.
    """
    log_format, level = options["log-format"], options["access-log"]
    if log_format not in (PLAIN, JSON):
        raise usage.UsageError(
            f"--log-format must be {PLAIN} or {JSON}, not {log_format}"
        )
    if level is not None and level not in LEVELS:
        levels = f"{', '.join(LEVELS[:-1])} or {LEVELS[-1]}"
        raise usage.UsageError(f"--access-log must be {levels}, not {level}")
    twistd: Any = options.parent
    if log_format == JSON and twistd is not None and goes_to_stdout(twistd):
        twistd["logger"] = twistd["logger"] or JSON_LOG
