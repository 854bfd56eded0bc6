"""What docs/security promises names the tests that keep it, and they are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs" / "security" / "README.rst").read_text("utf-8")


def test_each_promise_has_its_test() -> None:
    """One that is renamed or gone is named anew, or no longer promised."""
    named = set(re.findall(r"``(test_\w+)``", TEXT))
    there = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text("utf-8"), re.M)
    }
    assert named
    assert named <= there, named - there
    files = set(re.findall(r"``(tests/[\w/]+\.py)``", TEXT))
    assert files
    assert all((ROOT / file).is_file() for file in files)
    rows = re.split(r"\n   \* - ", TEXT)[1:]
    for row in rows:
        if not row.startswith(("somebody\n", "setting\n")):
            assert "test" in row.rpartition("\n     - ")[2], row


def test_it_begins_with_what_is_worst() -> None:
    """Who reads one sentence reads that one."""
    first = TEXT.split("\n\n")[1]
    assert first.startswith("**Whoever reaches the port can repoint your photos.**")
