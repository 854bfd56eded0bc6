"""What the command line says: which command, or the options of the proxy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.metadata import version

import attrs

from immich_ml_proxy.commands.options import Options

#: What runs the proxy, as no command does.
RUN = "run"


@attrs.frozen
class Command:
    """
    A command that ends by itself.

    :ivar module: the one of this room that has its ``main``, which takes the arguments
        and returns the exit status. It is imported when it is asked for: what one
        command needs costs the others nothing.
    :ivar line: what the help says of it.
    """

    module: str
    line: str

    @property
    def main(self) -> Callable[[list[str]], int]:
        """What it does."""
        module = import_module(f"immich_ml_proxy.commands.{self.module}")
        found: Callable[[list[str]], int] = module.main
        return found


COMMANDS = {
    "status": Command("status", "Show the machines of a proxy that is running."),
    "predict": Command("predict", "Send one picture or search, as Immich would."),
    "bench": Command("bench", "Find how many requests at once machines are good for."),
    "check-config": Command("check_config", "Say whether a file can be put in force."),
    "version": Command("command_line", "Tell the version."),
}


class CommandLine(Options):
    """The options of the proxy, with a help that tells of the commands as well."""

    synopsis = "Usage: immich-ml-proxy [command] [options]"

    def getUsage(self, width: int | None = None) -> str:
        """Return the help, but for its first line."""
        told = {RUN: "Run the proxy, as without a command."}
        told |= {name: command.line for name, command in COMMANDS.items()}
        lines = "".join(f"    {name:<17} {line}\n" for name, line in told.items())
        more = "Each of these but run tells its own options with --help.\n"
        return f"{super().getUsage(width)}\nCommands:\n{lines}{more}"


def chosen(arguments: Sequence[str]) -> tuple[str, list[str]]:
    """
    Return the name of the command, and what follows it.

    :raises ValueError: when there is none of this name.
    """
    name, rest = RUN, list(arguments)
    if rest and not rest[0].startswith("-"):
        name = rest.pop(0)
    if name != RUN and name not in COMMANDS:
        raise ValueError(
            f"there is no command {name}, but {', '.join([RUN, *COMMANDS])}"
        )
    return name, rest


def main(arguments: list[str]) -> int:
    """Tell the version, and return the exit status."""
    print(f"immich-ml-proxy {version('immich-ml-proxy')}")  # noqa: T201
    return 0
