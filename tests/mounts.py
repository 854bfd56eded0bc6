"""Mounts that a test's own processes see and nobody else."""

from __future__ import annotations

import os
import shlex
import subprocess
from functools import cache
from pathlib import Path

import pytest

_UNSHARE = ["unshare", *([] if os.geteuid() == 0 else ["--map-root-user"]), "--mount"]


def bound(source: Path, target: Path, *options: str) -> str:
    """
    Return the shell's command that mounts a file over another.

    :param options: of the mount, such as ``ro``.
    """
    mount = f"mount --bind {shlex.quote(str(source))} {shlex.quote(str(target))}"
    if not options:
        return mount
    remount = f"mount -o remount,bind,{','.join(options)} {shlex.quote(str(target))}"
    return f"{mount} && {remount}"


def with_mounts(mounts: list[str], command: list[str]) -> list[str]:
    """Return the command that runs ``command`` where these mounts are made."""
    script = " && ".join([*mounts, f"exec {shlex.join(command)}"])
    return [*_UNSHARE, "sh", "-c", script]


@cache
def can_mount() -> bool:
    """Whether this machine lets us make mounts."""
    here = Path(__file__)
    tried = with_mounts([bound(here, here)], ["true"])
    try:
        return subprocess.run(tried, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


needs_mounts = pytest.mark.skipif(
    not can_mount(), reason="needs root, or unshare --map-root-user, to mount a file"
)
