"""What others wrote and we ship: which version it is, and under which licence."""

from __future__ import annotations

from pathlib import Path

VENDORED = Path(__file__).resolve().parents[1] / "static" / "vendor"


def test_uplot_is_the_version_that_is_named_with_its_types_and_licence() -> None:
    """Whoever updates it updates all of it."""
    folder = VENDORED / "uplot"
    assert {path.name for path in folder.iterdir()} == {
        "LICENSE",
        "uPlot.d.cts",
        "uPlot.iife.min.js",
        "uPlot.min.css",
    }
    script = (folder / "uPlot.iife.min.js").read_text("utf-8")
    assert script.startswith("/*! https://github.com/leeoniya/uPlot (v1.6.32) */")
    assert (folder / "LICENSE").read_text("utf-8").startswith("The MIT License (MIT)")
