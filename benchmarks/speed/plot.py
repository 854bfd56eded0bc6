"""The plot of the speed benchmark, an SVG for the documentation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.speed.summary import Row

COLOURS = {
    "immich-ml-proxy": "#4250af",
    "nginx": "#3f9b52",
    "nginx-lua": "#8ccf9a",
    "haproxy": "#c26a1a",
}
OTHER = "#777777"
NO_PROXIES = ("direct", "klein")
TITLES = {"text": "text", "300KB": "300 KB image", "4MB": "4 MB image"}


def throughput(rows: Sequence[Row], path: Path) -> None:
    """Draw requests/s by payload and clients: bars are medians, lines the spread.

    The number on a bar is its ratio to nginx in the same rounds. Needs matplotlib,
    the extra ``bench``.
    """
    try:
        import matplotlib
    except ModuleNotFoundError:
        raise SystemExit(
            "The plot needs matplotlib: pip install 'immich-ml-proxy[bench]'"
        ) from None
    matplotlib.use("svg")
    # Text stays text and ids stay the same, so that a new run gives a small diff.
    matplotlib.rcParams["svg.fonttype"] = "none"
    matplotlib.rcParams["svg.hashsalt"] = "throughput"
    matplotlib.rcParams["font.family"] = "sans-serif"
    from matplotlib import pyplot

    payloads = list(dict.fromkeys(row.payload for row in rows))
    names = dict.fromkeys(row.proxy for row in rows)
    proxies = [name for name in names if name not in NO_PROXIES]
    figure, panels = pyplot.subplots(
        1, len(payloads), figsize=(4.6 * len(payloads), 4.2), squeeze=False
    )
    for panel, payload in zip(panels[0], payloads, strict=True):
        here = [row for row in rows if row.payload == payload]
        clients = list(dict.fromkeys(row.connections for row in here))
        width = 0.8 / len(proxies)
        for row in here:
            if row.proxy not in proxies:
                continue
            number = proxies.index(row.proxy)
            place = clients.index(row.connections)
            x = place + (number - (len(proxies) - 1) / 2) * width
            rate = row.requests_per_second
            panel.bar(
                x,
                rate.median,
                width * 0.92,
                color=COLOURS.get(row.proxy, OTHER),
                label=row.proxy if place == 0 else None,
                yerr=[[rate.median - rate.low], [rate.high - rate.median]],
                error_kw={"elinewidth": 1, "ecolor": "#222222"},
            )
            if row.proxy != "nginx" and "nginx" in row.ratio:
                label = f"{row.ratio['nginx'].median:.2f}"
                panel.annotate(
                    label,
                    (x, rate.high),
                    xytext=(0, 3),
                    textcoords="offset points",
                    ha="center",
                    fontsize=8,
                )
        panel.set_title(TITLES.get(payload, payload), fontsize=11)
        panel.set_xticks(range(len(clients)), [str(count) for count in clients])
        panel.set_xlabel("clients")
        panel.yaxis.set_major_formatter("{x:,.0f}")
        panel.margins(y=0.12)
        panel.spines[["top", "right"]].set_visible(False)
        panel.grid(axis="y", color="#dddddd", linewidth=0.6)
        panel.set_axisbelow(True)
    panels[0][0].set_ylabel("requests/s")
    labels = panels[0][0].get_legend_handles_labels()
    figure.legend(*labels, loc="upper center", ncols=len(proxies), frameon=False)
    figure.text(
        0.5,
        0.01,
        "One core per proxy; higher is better. Bars: medians; lines: smallest to "
        "largest round; numbers: ratio to nginx.",
        ha="center",
        fontsize=8.5,
    )
    figure.tight_layout(rect=(0, 0.04, 1, 0.93))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
