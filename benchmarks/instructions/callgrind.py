"""Callgrind: a proxy under it, and how many instructions it counted.

It counts what the process executes in user mode, all threads together, and nothing of
the kernel. Other load on the machine makes a run slower and changes no count.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

STOPPING = 180.0
"""Seconds that a proxy under callgrind may take to stop and to write its counts."""


def missing() -> str | None:
    """Return what to do if valgrind is not installed, else None."""
    if shutil.which("valgrind") is None:
        return "missing: valgrind; run benchmarks/install"
    return None


def under_callgrind(command: Sequence[str], report: Path) -> list[str]:
    """Return the argv that runs ``command`` and writes its counts to ``report``."""
    return ["valgrind", "--tool=callgrind", f"--callgrind-out-file={report}", *command]


def parse_total(text: str) -> int:
    """Return the instructions that a report of callgrind counts in all.

    Raises ValueError if it counts something else, or was cut short.
    """
    if not re.search(r"^events: Ir$", text, re.MULTILINE):
        raise ValueError("the report of callgrind does not count instructions (Ir)")
    found = re.search(r"^totals: (\d+)$", text, re.MULTILINE)
    if found is None:
        raise ValueError("the report of callgrind has no total: it was cut short")
    return int(found.group(1))


def stop_and_count(child: subprocess.Popen[bytes], report: Path) -> int:
    """End the proxy as its users do and return all that it executed, start included.

    Raises TimeoutExpired if it does not end, ValueError for a broken report.
    """
    child.terminate()
    child.wait(STOPPING)
    if not report.exists():
        raise ValueError(f"valgrind wrote no report; it ended with {child.returncode}")
    return parse_total(report.read_text("utf-8", "replace"))
