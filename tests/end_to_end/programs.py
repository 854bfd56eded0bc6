"""What the child processes of the tests run."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

from twisted.scripts.twistd import run as twistd

__all__ = ["command", "demo", "execute", "run", "twistd"]

ROOT = Path(__file__).resolve().parents[2]


def command(environment: Mapping[str, str], errors: Path) -> None:
    """
    Be the console command.

    :param environment: its variables.
    :param errors: a file for what it writes to standard error.
    """
    os.environ.clear()
    os.environ.update(environment)
    output = os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, sys.stderr.fileno())
    os.close(output)
    import_module("immich_ml_proxy.commands.cli").main()


def demo() -> None:
    """Be a simulated ML server."""
    import_module("immich_ml_proxy.demo.__main__").main()


def execute() -> None:
    """Become the program that the arguments name, as a shell would start it."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    os.execvpe(sys.argv[0], sys.argv, environment)


def run(program: Callable[[], None], arguments: list[str], log: Path) -> None:
    """
    Run ``program`` in the folder of its ``log``, to which all goes that it writes.

    :param arguments: its ``sys.argv``.
    """
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, sys.stdout.fileno())
    os.dup2(output, sys.stderr.fileno())
    os.close(output)
    assert "twisted.internet.reactor" not in sys.modules, "it would be shared"
    os.chdir(log.parent)
    sys.argv = arguments
    program()
