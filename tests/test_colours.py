"""A colour scheme changes colours and nothing else, in one style sheet."""

from __future__ import annotations

import re
from pathlib import Path

STATIC = Path(__file__).parents[1] / "static"
TOKENS = STATIC / "shared" / "tokens.css"
_SCHEME = "prefers-color-scheme"
_DARK = re.compile(rf"@media \({_SCHEME}: dark\) \{{\s*:root \{{(.*?)\}}\s*\}}", re.S)


def _values(declarations: str) -> dict[str, str]:
    without_comments = re.sub(r"/\*.*?\*/", "", declarations, flags=re.S)
    pairs = re.findall(r"(--[\w-]+):\s*([^;]+);", without_comments)
    assert len(pairs) == without_comments.count(";")
    return dict(pairs)


def test_a_colour_scheme_changes_the_values_of_colours_only() -> None:
    """So whoever looks for anything but colours need not look in both."""
    [dark] = _DARK.findall(TOKENS.read_text("utf-8"))
    values = _values(dark)
    light = TOKENS.read_text("utf-8").split("@media")[0]
    assert values.keys() == {
        name
        for name, value in re.findall(r"(--[\w-]+):\s*([^;]+);", light)
        if value.startswith("#")
    }
    assert [
        one for one in values.values() if not re.fullmatch("#[0-9a-f]{6}", one)
    ] == []


def test_no_other_style_or_script_asks_for_the_colour_scheme() -> None:
    """But the plot's, which is a canvas and is painted anew."""
    asking = [
        path.relative_to(STATIC).as_posix()
        for path in sorted(STATIC.rglob("*"))
        if path.suffix in {".css", ".html", ".js"}
        and "vendor" not in path.parts
        and (_SCHEME in (text := path.read_text("utf-8")) or "light-dark(" in text)
    ]
    assert asking == ["overview/plot.js", "shared/tokens.css"]
