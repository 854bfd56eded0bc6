"""What the kernel tells of processes, and who is given which core."""

from __future__ import annotations

import pytest

from benchmarks.shared.measure import TICK, allot, parse_cpu_seconds, parse_kilobytes


@pytest.mark.parametrize(
    ("available", "expected"),
    [
        ([0, 1], (0, 1, 1, 1)),
        ([2, 0, 1], (0, 1, 2, 2)),
        ([0, 1, 2, 3], (0, 1, 2, 3)),
        ([4, 5, 6, 7, 8, 9], (4, 5, 6, 9)),
    ],
)
def test_the_proxy_has_its_core_to_itself(
    available: list[int], expected: tuple[int, int, int, int]
) -> None:
    """Load and stubs share what is left, down to a single core."""
    cores = allot(available)
    assert (cores.proxy, cores.load, cores.stub_a, cores.stub_b) == expected


def test_one_core_is_not_enough() -> None:
    """On one core the numbers would be the scheduler's."""
    with pytest.raises(ValueError, match="at least 2 cores"):
        allot([0])


def test_cpu_time_is_user_and_system_whatever_the_command_is_called() -> None:
    """Parentheses and spaces in a command's name do not shift the fields."""
    line = "7 (a) b (c) S 1 7 7 0 -1 0 0 0 0 0 120 30 9 9 20 0 1 0 100 0 0"
    assert parse_cpu_seconds(line) == pytest.approx(150 * TICK)


def test_memory_is_read_in_bytes() -> None:
    """The kernel's kB are 1024 bytes."""
    status = "Name:\tproxy\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n"
    assert parse_kilobytes(status, "VmRSS") == 1024 * 1024
    with pytest.raises(ValueError, match="VmSwap"):
        parse_kilobytes(status, "VmSwap")
