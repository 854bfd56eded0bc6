"""The options of the command, the same under ``twistd``."""

from __future__ import annotations

from importlib.metadata import version

from twisted.python import usage


class Options(usage.Options):
    """The options of ``twistd immich-ml-proxy``."""

    synopsis = "[options]"
    longdesc = "One address in front of all your Immich machine-learning servers."
    optParameters = [  # noqa: RUF012 - so does usage.Options
        ["listen", "l", "tcp:3004", "Twisted endpoint to listen on."],
        ["config", "c", "config.json", "Where the configuration is kept."],
    ]
    optFlags = [  # noqa: RUF012
        ["debug", "d", "Record requests from the start on."],
        ["demo", None, "Use three simulated ML servers and a configuration in memory."],
    ]

    def opt_version(self) -> None:
        """Show the version and exit."""
        print(f"immich-ml-proxy {version('immich-ml-proxy')}")  # noqa: T201
        raise SystemExit(0)
