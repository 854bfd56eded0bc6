"""The benchmarks' map holds: a command knows what is shared, and no other command."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import benchmarks

ROOT = Path(benchmarks.__file__).parent
ROOMS = sorted(path.parent.name for path in ROOT.glob("*/__init__.py"))
BELOW = {"proxies": {"shared"}, "shared": set[str]()}


def rooms_of(room: str) -> set[str]:
    """Return the other rooms that a room's modules import from."""
    found = set()
    for path in (ROOT / room).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module is not None:
                first, _, rest = node.module.partition(".")
                found |= {rest.partition(".")[0]} if first == "benchmarks" else set()
    return found - {room}


def test_the_map_that_people_read_names_every_room() -> None:
    """A new room is put into the package's docstring, an old one is taken off."""
    named = re.findall(r"^    (\w+)/ ", benchmarks.__doc__ or "", re.MULTILINE)
    assert sorted(named) == ROOMS


@pytest.mark.parametrize("room", ROOMS)
def test_no_benchmark_knows_another(room: str) -> None:
    """What two of them need is shared, so each can be read and changed alone."""
    assert rooms_of(room) <= BELOW.get(room, {"proxies", "shared"})


@pytest.mark.parametrize("room", [room for room in ROOMS if room not in BELOW])
def test_every_benchmark_is_a_command(room: str) -> None:
    """``python -m benchmarks.ROOM`` is what the documentation names."""
    assert (ROOT / room / "__main__.py").exists()
