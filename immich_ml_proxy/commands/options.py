"""The options of the command, the same under ``twistd``."""

from __future__ import annotations

import os
from importlib.metadata import version
from typing import Any

from twisted.python import usage

from immich_ml_proxy.downstream.access_line import LEVELS

#: The environment variables that stand for options.
_VARIABLES = {
    "admin-token-file": "IMMICH_ML_PROXY_ADMIN_TOKEN_FILE",
    "admin-listen": "IMMICH_ML_PROXY_ADMIN_LISTEN",
    "allowed-host": "IMMICH_ML_PROXY_ALLOWED_HOSTS",
    "trusted-proxy": "IMMICH_ML_PROXY_TRUSTED_PROXIES",
    "access-log": "IMMICH_ML_PROXY_ACCESS_LOG",
    "log-format": "IMMICH_ML_PROXY_LOG_FORMAT",
}
#: The one that holds the token itself.
TOKEN_VARIABLE = "IMMICH_ML_PROXY_ADMIN_TOKEN"

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


class Options(usage.Options):
    """The options of ``twistd immich-ml-proxy``."""

    synopsis = "[options]"
    longdesc = "One address in front of all your Immich machine-learning servers."
    optParameters = [  # noqa: RUF012 - so does usage.Options
        ["listen", "l", "tcp:3004", "Twisted endpoint to listen on."],
        ["config", "c", "config.json", "Where the configuration is kept."],
        [
            "admin-token-file",
            None,
            None,
            "A file with the token that the pages and the API need.",
        ],
        [
            "admin-listen",
            None,
            None,
            "Twisted endpoint of pages and API, which are then not at --listen.",
        ],
        [
            "log-format",
            None,
            None,
            "How the log is written: plain or json. [default: plain]",
        ],
        [
            "access-log",
            None,
            None,
            "Which requests get a line in the log: all, work or off. [default: all, "
            "with --demo off]",
        ],
    ]
    optFlags = [  # noqa: RUF012
        ["debug", "d", "Record requests from the start on."],
        ["demo", None, "Use three simulated machines and a configuration in memory."],
    ]

    def __init__(self) -> None:
        super().__init__()
        self["allowed-host"] = []
        self["trusted-proxy"] = []

    def opt_allowed_host(self, name: str) -> None:
        """A name under which the pages are opened; may be given several times."""
        self["allowed-host"].append(name)

    def opt_trusted_proxy(self, address: str) -> None:
        """The address, or range, of a reverse proxy that is believed; several times."""
        self["trusted-proxy"].append(address)

    def opt_version(self) -> None:
        """Show the version and exit."""
        print(f"immich-ml-proxy {version('immich-ml-proxy')}")  # noqa: T201
        raise SystemExit(0)

    def postOptions(self) -> None:
        """Take what was not given from the environment."""
        self["admin-token"] = os.environ.get(TOKEN_VARIABLE)
        for option, variable in _VARIABLES.items():
            given = os.environ.get(variable, "").strip()
            if not given or self[option]:
                continue
            if isinstance(self[option], list):
                self[option] = given.replace(",", " ").split()
            else:
                self[option] = given
        self._look_at_log()

    def _look_at_log(self) -> None:
        log_format = self["log-format"] or PLAIN
        self["log-format"] = log_format
        if log_format not in (PLAIN, JSON):
            raise usage.UsageError(
                f"--log-format must be {PLAIN} or {JSON}, not {log_format}"
            )
        if self["access-log"] not in (None, *LEVELS):
            levels = f"{', '.join(LEVELS[:-1])} or {LEVELS[-1]}"
            raise usage.UsageError(
                f"--access-log must be {levels}, not {self['access-log']}"
            )
        parent: Any = self.parent
        if log_format == JSON and parent is not None and goes_to_stdout(parent):
            parent["logger"] = parent["logger"] or JSON_LOG
