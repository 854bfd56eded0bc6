"""The plots of the scheduling benchmark, SVG for the documentation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.scheduling.setting import Row

COLOURS = {"ours": "#4250af", "nginx": "#3f9b52", "HAProxy": "#c26a1a"}
OTHER = "#777777"


def draw(found: Mapping[str, Sequence[Row]], directory: Path) -> None:
    """
    Draw what was measured of the mixed pools and of the searches.

    Needs matplotlib, the extra ``bench``.
    """
    pools = {
        "mixed": "20 ms x 4, 200 ms x 1",
        "long": "the same, 5,000 images",
        "three": "and 500 ms x 1",
        "equal": "eight equal ones",
    }
    panels = [(title, found[name]) for name, title in pools.items() if name in found]
    if panels:
        _bars(
            panels, "/ ideal", "time of an import / ideal", 1.6, directory / "pools.svg"
        )
    if "search" in found:
        titled = [("searches during an import", found["search"])]
        _bars(titled, "p99 ms", "p99 of a search, ms", None, directory / "search.svg")


def _bars(
    panels: Sequence[tuple[str, Sequence[Row]]],
    column: str,
    label: str,
    cut: float | None,
    path: Path,
) -> None:
    try:
        import matplotlib
    except ModuleNotFoundError:
        raise SystemExit(
            "The plots need matplotlib: pip install 'immich-ml-proxy[bench]'"
        ) from None
    matplotlib.use("svg")
    # Text stays text and ids stay the same, so that a new run gives a small diff.
    matplotlib.rcParams["svg.fonttype"] = "none"
    matplotlib.rcParams["svg.hashsalt"] = path.stem
    matplotlib.rcParams["font.family"] = "sans-serif"
    from matplotlib import pyplot

    tallest = max(len(rows) for _, rows in panels)
    across = min(2, len(panels))  # more beside each other cannot be read on a page
    down = -(-len(panels) // across)
    figure, axes = pyplot.subplots(
        down,
        across,
        figsize=(4.6 * across, down * (1.0 + 0.36 * tallest)),
        squeeze=False,
    )
    for empty in axes.flat[len(panels) :]:
        empty.remove()
    for panel, (title, rows) in zip(axes.flat, panels, strict=False):
        names = [row.proxy for row in rows]
        values = [float(row.numbers[column]) for row in rows]
        shown = [value if cut is None else min(value, cut) for value in values]
        colours = [COLOURS.get(name.split()[0], OTHER) for name in names]
        panel.barh(names, shown, color=colours)
        panel.invert_yaxis()
        for number, (value, width) in enumerate(zip(values, shown, strict=True)):
            said = f"{value:,.3f}" if value < 10 else f"{value:,.0f}"
            panel.annotate(
                said,
                (width, number),
                xytext=(3, 0),
                textcoords="offset points",
                va="center",
                fontsize=8,
            )
        panel.set_title(title, fontsize=10)
        panel.set_xlabel(label, fontsize=9)
        panel.tick_params(labelsize=8)
        panel.margins(x=0.18)
        if cut is not None:
            panel.axvline(1.0, color="#222222", linewidth=0.8)
            panel.set_xlim(0, 1.2 * cut)
        panel.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
