"""Templates of configurations: text with places to be filled in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def fill(template: Path, values: Mapping[str, object]) -> str:
    """Return the text of ``template`` with each @NAME@ replaced by its value."""
    return replaced(template.read_text("utf-8"), values)


def replaced(text: str, values: Mapping[str, object]) -> str:
    """Return ``text`` with each @NAME@ replaced by its value."""
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    return text
