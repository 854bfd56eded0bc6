"""What docs/monitoring says of the metrics and the log is what there is."""

from __future__ import annotations

import re

from immich_ml_proxy.balancer import leg
from immich_ml_proxy.balancer.outcome import Kind
from immich_ml_proxy.metrics.catalog import METRICS
from immich_ml_proxy.metrics.reading import _OUTCOMES, task_of
from immich_ml_proxy.metrics.traffic import PATHS
from immich_ml_proxy.observe.kinds import KINDS
from tests.end_to_end.programs import ROOT

TEXT = (ROOT / "docs" / "monitoring" / "README.rst").read_text("utf-8")


def rows() -> list[tuple[str, str, str]]:
    """Return the rows of the table of metrics: name with labels, type, text."""
    head = r"^   \* - ``(immich_ml_proxy_[^`]+)``\n     - (\w+)\n"
    row = head + r"     - (.+?)(?=\n   \*|\n\n)"
    found = re.findall(row, TEXT, re.M | re.S)
    return [(name, kind, " ".join(text.split())) for name, kind, text in found]


def test_the_table_has_every_metric_and_no_other() -> None:
    """In the order of a scrape, with its labels, its type and its words."""
    assert rows() == [
        (
            one.sample + (f"{{{', '.join(one.labels)}}}" if one.labels else ""),
            one.kind,
            one.text,
        )
        for one in METRICS
    ]


def test_the_values_of_labels_are_told() -> None:
    """Whoever writes a query needs them."""
    outcomes = {_OUTCOMES.get(kind.value, kind.value) for kind in Kind}
    ends = {leg.SERVED, leg.REFUSED, leg.FAILED, leg.TIMED_OUT, leg.UNAVAILABLE}
    tasks = {task_of(kind) for kind in KINDS}
    for value in outcomes | ends | {leg.CANCELLED} | tasks | set(PATHS):
        assert f"``{value}``" in TEXT, value
