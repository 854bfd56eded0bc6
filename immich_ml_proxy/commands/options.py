"""The options of the command, the same under ``twistd``."""

from __future__ import annotations

import os
from importlib.metadata import version

from twisted.python import usage

#: The environment variables that stand for options.
_VARIABLES = {
    "admin-token-file": "IMMICH_ML_PROXY_ADMIN_TOKEN_FILE",
    "admin-listen": "IMMICH_ML_PROXY_ADMIN_LISTEN",
    "allowed-host": "IMMICH_ML_PROXY_ALLOWED_HOSTS",
    "trusted-proxy": "IMMICH_ML_PROXY_TRUSTED_PROXIES",
}
#: The one that holds the token itself.
TOKEN_VARIABLE = "IMMICH_ML_PROXY_ADMIN_TOKEN"


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
