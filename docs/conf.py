"""How Sphinx makes pages of the documentation: ``make docs``."""

from __future__ import annotations

from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.transforms import Transform
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx

project = "immich-ml-proxy"
author = "the immich-ml-proxy developers"
copyright = "2026, the immich-ml-proxy developers"
version = release = version_of("immich-ml-proxy")

extensions: list[str] = []
exclude_patterns = ["_build", "_static"]
nitpicky = True
highlight_language = "none"
html_theme = "furo"
html_title = f"immich-ml-proxy {version}"
html_favicon = "../static/icon.svg"
html_static_path = ["_static"]
html_css_files = ["pages.css"]


class PathsLead(Transform):
    """A page that is named by its path, for those who read the sources, is a link."""

    default_priority = 200

    def apply(self, **_: Any) -> None:
        """Make ``docs/saving`` a reference to the page, shown by its title."""
        for literal in list(self.document.findall(nodes.literal)):
            path = literal.astext().rstrip("/")
            if not path.startswith("docs/"):
                continue
            page = path.removeprefix("docs/").removesuffix(".rst")
            if (Path(__file__).parent / page / "README.rst").exists():
                page += "/README"
            link = pending_xref(
                refdoc=self.document.settings.env.docname,
                refdomain="std",
                refexplicit=False,
                reftarget=f"/{page}",
                reftype="doc",
                refwarn=True,
            )
            link += nodes.inline()
            literal.replace_self(link)


def setup(app: Sphinx) -> None:
    """Have it done on every page."""
    app.add_transform(PathsLead)
