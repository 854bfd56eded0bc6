"""The machine and the versions a run was made with; no name or path of either."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

PROGRAMS: dict[str, tuple[Sequence[str], str]] = {
    "nginx": (("nginx", "-v"), r"nginx/(\S+)"),
    "haproxy": (("haproxy", "-v"), r"version (\S+)"),
    "wrk": (("wrk", "-v"), r"wrk (?:debian/)?(\S+)"),
}
PACKAGES = ("Twisted", "klein", "treq", "msgspec", "multipart")


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def _program_version(command: Sequence[str], pattern: str) -> str | None:
    try:
        # wrk prints its version with its usage and exits with 1.
        answer = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        return None
    found = re.search(pattern, answer.stdout + answer.stderr)
    return found.group(1) if found else None


def description() -> dict[str, object]:
    """Return the date, the machine's size and all versions as JSON values."""
    versions: dict[str, str | None] = {"Python": platform.python_version()}
    versions["Linux"] = platform.release()
    for package in PACKAGES:
        versions[package] = metadata.version(package)
    for program, (command, pattern) in PROGRAMS.items():
        versions[program] = _program_version(command, pattern)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": {
            "cores": os.cpu_count(),
            "processor": _processor(),
            "memoryGiB": round(memory / 2**30, 1),
        },
        "versions": versions,
    }
