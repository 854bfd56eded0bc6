"""What the command line says: which command, and its options."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, ClassVar

from twisted.python import usage

from immich_ml_proxy.commands.check_config import CheckConfig
from immich_ml_proxy.commands.options import Options


class Version(usage.Options):
    """Tells the version."""

    longdesc = "Tells the version."

    def execute(self) -> int:
        """Tell it, and return the exit status."""
        print(f"immich-ml-proxy {version('immich-ml-proxy')}")  # noqa: T201
        return 0


class CommandLine(Options):
    """
    The whole command line; without a command it is ``run``.

    A command but for ``run`` is a ``usage.Options`` with a method ``execute`` that
    returns the exit status.
    """

    subCommands: ClassVar[list[list[Any]]] = [
        ["run", None, Options, "Run the proxy, as without a command."],
        ["check-config", None, CheckConfig, "Say whether a file can be put in force."],
        ["version", None, Version, "Tell the version."],
    ]

    @property
    def is_run(self) -> bool:
        """Whether the proxy is to be run."""
        return self.subCommand in (None, "run")

    def getSynopsis(self) -> str:
        """Return the line that begins the help, of a command, too."""
        more = " [command] [options]" if self.subCommand is None else ""
        return f"Usage: immich-ml-proxy{more}"
