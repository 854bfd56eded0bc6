"""Reports: medians and spreads of runs, as tables for people and as JSON values."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from pathlib import Path

from attrs import frozen


@frozen
class Spread:
    """A median with the smallest and largest value beside it."""

    median: float
    low: float
    high: float

    def text(self, digits: int = 0) -> str:
        """Return it as ``median (low-high)``, a single value as itself."""
        median, low, high = (
            f"{value:,.{digits}f}" for value in (self.median, self.low, self.high)
        )
        return median if low == high else f"{median} ({low}-{high})"


def spread(values: Sequence[float]) -> Spread:
    """Return the median and the range of ``values``, of which there is at least one."""
    return Spread(statistics.median(values), min(values), max(values))


def aligned(rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """Return rows of cells as lines with columns as wide as their widest cell.

    :param left: how many columns, from the left, are aligned to the left.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if number < left else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def rounded(value: object) -> object:
    """Return a JSON value with its floats cut to four significant digits."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return value


def write_json(path: Path, document: object) -> None:
    """Write ``document`` to ``path`` in a form that reads and compares well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
