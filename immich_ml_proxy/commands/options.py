"""The options of the command, the same under ``twistd``."""

from __future__ import annotations

import os
from importlib.metadata import version
from typing import Any, ClassVar

from twisted.python import usage

from immich_ml_proxy.commands.log_format import PLAIN, check_log

#: Those of which there may be several have a variable with a list.
_LISTS = {
    "allowed-host": "IMMICH_ML_PROXY_ALLOWED_HOSTS",
    "trusted-proxy": "IMMICH_ML_PROXY_TRUSTED_PROXIES",
}
#: The one that holds the token itself.
TOKEN_VARIABLE = "IMMICH_ML_PROXY_ADMIN_TOKEN"
#: The one that stands for a whole configuration.
BACKENDS_VARIABLE = "IMMICH_ML_BACKENDS"

_WORDS = {
    **dict.fromkeys(["1", "true", "yes", "on"], True),
    **dict.fromkeys(["", "0", "false", "no", "off"], False),
}


def variable_of(option: str) -> str:
    """Return the environment variable that stands for an option."""
    return _LISTS.get(option, f"IMMICH_ML_PROXY_{option.upper().replace('-', '_')}")


class Options(usage.Options):
    """The options of ``twistd immich-ml-proxy``."""

    synopsis = "[options]"
    longdesc = (
        "One address in front of all your Immich machine-learning servers. Each option "
        "has an environment variable: IMMICH_ML_PROXY_LISTEN for --listen, "
        "IMMICH_ML_PROXY_DEBUG=yes for --debug; what stands on the command line counts "
        f"more. {BACKENDS_VARIABLE}=nas:3003,desktop=10.0.0.2:3003 is a whole "
        "configuration."
    )
    optParameters: ClassVar[list[list[Any]]] = [
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
        ["log-format", None, PLAIN, "How the log is written: plain or json."],
        [
            "access-log",
            None,
            None,
            "Which requests get a line in the log: all, work or off. [default: all, "
            "with --demo off]",
        ],
    ]
    optFlags: ClassVar[list[list[Any]]] = [
        ["debug", "d", "Record requests from the start on."],
        ["demo", None, "Use three simulated machines and a configuration in memory."],
        [
            "read-only-config",
            None,
            "Write nothing: the configuration is changed in its file only.",
        ],
    ]

    def __init__(self) -> None:
        super().__init__()
        for option, *_ in self.optParameters:
            given = os.environ.get(variable_of(option), "").strip()
            if given:
                self[option] = given
        for option in _LISTS:
            self[option] = []

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
        """
        Take what was not given from the environment.

        :raises UsageError: for a variable that is neither yes nor no, and must be.
        """
        self["admin-token"] = os.environ.get(TOKEN_VARIABLE)
        self["backends"] = os.environ.get(BACKENDS_VARIABLE, "").strip() or None
        for option, variable in _LISTS.items():
            given = os.environ.get(variable, "")
            self[option] = self[option] or given.replace(",", " ").split()
        for option, *_ in self.optFlags:
            variable = variable_of(option)
            word = os.environ.get(variable, "").strip()
            if word.lower() not in _WORDS:
                raise usage.UsageError(f"{variable} must be yes or no, not {word!r}")
            self[option] = int(self[option] or _WORDS[word.lower()])
        check_log(self)
