"""A baseline: the proxy of an older commit, with an environment of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from attrs import frozen

from benchmarks.shared.process import CHECKOUT

KEPT = CHECKOUT / ".baselines"
"""Where baselines stay for the next run, one directory a commit; git ignores it."""


@frozen
class Proxy:
    """A proxy that can be started: its files, and the Python that has its libraries."""

    checkout: Path
    python: str


OURS = Proxy(CHECKOUT, sys.executable)


def _run(*command: str) -> str:
    ran = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True)
    if ran.returncode:
        said = ran.stderr.strip()[-500:]
        raise SystemExit(f"--baseline: {' '.join(command[:4])} failed: {said}")
    return ran.stdout.strip()


def baseline(commit: str) -> Proxy:
    """Return the proxy of ``commit``, made at its first use, which takes a minute.

    Raises SystemExit, with what failed, for an unknown commit or a failed install.
    """
    full = _run("git", "rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}")
    directory = KEPT / full[:12]
    python = directory / ".venv" / "bin" / "python"
    ready = directory / ".venv" / "ready"
    if not ready.exists():
        print(f"installing {full[:12]} beside this one", file=sys.stderr, flush=True)
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        archive = directory / "files.tar"
        _run("git", "archive", f"--output={archive}", full)
        _run("tar", "-xf", str(archive), "-C", str(directory))
        archive.unlink()
        _run(sys.executable, "-m", "venv", str(directory / ".venv"))
        pip = (str(python), "-m", "pip", "install", "--quiet")
        # The way `make run` installs it, so that twistd finds its plugin.
        editable = ("--config-settings", "editable_mode=compat", "-e", str(directory))
        _run(*pip, "--disable-pip-version-check", *editable)
        ready.touch()
    return Proxy(directory, str(python))
