"""The console command, where it ends by itself."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tests.end_to_end import programs
from tests.end_to_end.processes import Process


class Ended(NamedTuple):
    """What became of a command: its exit status, and all that it wrote."""

    returncode: int
    stdout: str
    stderr: str


def run(*arguments: str, cwd: Path, **variables: str) -> Ended:
    """
    Run the command, which is expected to end by itself, and wait for it.

    :param cwd: the folder it runs in; what it writes goes to files there.
    :param variables: what its environment has besides.
    """
    errors = cwd / "stderr.log"
    errors.write_text("")
    program = partial(programs.command, {**os.environ, **variables}, errors)
    process = Process(program, ["immich-ml-proxy", *arguments], cwd / "stdout.log")
    process.start()
    try:
        status = process.wait()
    finally:
        process.kill()
    return Ended(status, process.output, errors.read_text())
