"""Measure processes from outside: cores, CPU time and resident memory, from /proc."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from attrs import frozen

TICK = 1 / os.sysconf("SC_CLK_TCK")


@frozen
class Cores:
    """Which core runs what; ``proxy`` shares its core with nothing else."""

    proxy: int
    load: int
    stub_a: int
    stub_b: int


def allot(available: Iterable[int]) -> Cores:
    """Give the proxy under test a core of its own and spread the rest.

    Raises ValueError with fewer than two cores: load and proxy on one core
    would measure their scheduling, not the proxy.
    """
    cores = sorted(available)
    if len(cores) < 2:
        raise ValueError("the benchmarks need at least 2 cores, this machine offers 1")
    others = cores[1:]
    # With two others the load has one to itself and the stubs share the last.
    return Cores(cores[0], others[0], others[1 % len(others)], others[-1])


def process_tree(pid: int) -> list[int]:
    """Return ``pid`` and all its descendants that are alive."""
    found = [pid]
    for parent in found:
        try:
            for thread in Path(f"/proc/{parent}/task").iterdir():
                children = (thread / "children").read_text().split()
                found.extend(int(child) for child in children)
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def parse_cpu_seconds(stat: str) -> float:
    """Return user plus system seconds, threads included, of a /proc/PID/stat line."""
    # The command's name may hold spaces and parentheses; the fields follow the last.
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK


def cpu_seconds(pids: Sequence[int]) -> float:
    """Return the CPU seconds that the processes have used so far, together."""
    return sum(parse_cpu_seconds(Path(f"/proc/{pid}/stat").read_text()) for pid in pids)


def parse_kilobytes(status: str, field: str) -> int:
    """Return ``field`` (such as VmRSS) of /proc/PID/status in bytes."""
    for line in status.splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return int(value.split()[0]) * 1024
    raise ValueError(f"no {field} in the process status")


def _total(pids: Sequence[int], field: str) -> int:
    statuses = (Path(f"/proc/{pid}/status").read_text() for pid in pids)
    return sum(parse_kilobytes(status, field) for status in statuses)


def resident_bytes(pids: Sequence[int]) -> int:
    """Return the resident memory of the processes together, in bytes."""
    return _total(pids, "VmRSS")


def peak_bytes(pids: Sequence[int]) -> int:
    """Return the highest resident memory since the last ``reset_peak``, in bytes."""
    return _total(pids, "VmHWM")


def reset_peak(pids: Sequence[int]) -> None:
    """Start a new peak where the kernel lets us; else the peak is since the start."""
    for pid in pids:
        try:
            Path(f"/proc/{pid}/clear_refs").write_text("5")
        except PermissionError:
            return


def wait_until_idle(pids: Sequence[int], limit: float = 3.0) -> None:
    """Wait, ``limit`` seconds at most, until the processes stop using the CPU.

    What a load leaves behind (64 broken-off uploads) must not be paid by the next
    proxy measured on the same core.
    """
    deadline = time.monotonic() + limit
    used = cpu_seconds(pids)
    while time.monotonic() < deadline:
        time.sleep(0.1)
        before, used = used, cpu_seconds(pids)
        if used - before < 2 * TICK:
            return
