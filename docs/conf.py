"""How Sphinx makes pages of the documentation: ``make docs``."""

from __future__ import annotations

from importlib.metadata import version as version_of

project = "immich-ml-proxy"
author = "the immich-ml-proxy developers"
copyright = "2026, the immich-ml-proxy developers"
version = release = version_of("immich-ml-proxy")

extensions: list[str] = []
exclude_patterns = ["_build"]
nitpicky = True
html_theme = "furo"
html_title = f"immich-ml-proxy {version}"
html_favicon = "../static/icon.svg"
html_static_path: list[str] = []
