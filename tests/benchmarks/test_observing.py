"""What metrics and lines cost, of blocks side by side."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.observing.__main__ import FIRST, Blocks, blocks, table


def test_a_block_is_compared_with_the_next() -> None:
    """So a slow minute of the machine hits both; the last one may be alone."""
    assert Blocks([110, 220, 330, 1], [100, 200, 300]).ratio == 1.1


def test_the_first_blocks_are_left_out(tmp_path: Path) -> None:
    """The process warms up."""
    report = tmp_path / "report"
    each = [9.0] * (FIRST // 2)
    report.write_text(json.dumps({"on": [*each, 1.5], "off": [*each, 1.0]}))
    assert blocks(report) == Blocks([1.5], [1.0])


def test_each_process_has_its_row_and_all_have_a_ratio() -> None:
    """The median of the processes' is what is told of them."""
    found = [Blocks([102], [100]), Blocks([206], [200]), Blocks([109], [100])]
    lines = table(found).splitlines()
    assert [line.split()[-1] for line in lines[1:4]] == ["1.020", "1.030", "1.090"]
    assert lines[-1].endswith("the median ratio: 1.030")
