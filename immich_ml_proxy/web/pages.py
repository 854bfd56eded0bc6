"""The pages: files served as they are, with the headers that keep them safe."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

from klein import Klein
from twisted.web.iweb import IRequest
from twisted.web.static import File

_HEADERS = {
    b"Content-Security-Policy": (
        b"default-src 'self'; frame-ancestors 'none'; form-action 'self'; "
        b"base-uri 'none'"
    ),
    b"X-Content-Type-Options": b"nosniff",
    b"Referrer-Policy": b"no-referrer",
    b"Cache-Control": b"no-cache",
}


def static_folder() -> Path:
    """
    Return the folder with the pages.

    In an installed package it is inside of it, in a checkout beside it.

    :raises FileNotFoundError: when it is in neither place.
    """
    package = Path(str(resources.files("immich_ml_proxy")))
    for folder in (package / "static", package.parent / "static"):
        if (folder / "index.html").is_file():
            return folder
    raise FileNotFoundError(f"the pages are missing: no static/index.html at {package}")


class _Files(File):
    """Files without listings of folders."""

    def directoryListing(self) -> Any:
        return self.childNotFound


class Pages:
    """
    ``/config``, ``/debug`` and ``/static/``.

    :param folder: holds the files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add_to(self, app: Klein) -> None:
        """Add the routes to ``app``."""
        app.route("/config", methods=["GET"])(self.config)
        app.route("/debug", methods=["GET"])(self.debug)
        app.route("/static/", branch=True, methods=["GET"])(self.static)

    def config(self, request: IRequest) -> File:
        """The page that changes the configuration."""
        return self.page(request, "config.html")

    def debug(self, request: IRequest) -> File:
        """The page that shows the records."""
        return self.page(request, "debug.html")

    def static(self, request: IRequest) -> File:
        """What the pages are made of."""
        return self._served(request, self._folder)

    def page(self, request: IRequest, name: str) -> File:
        """Return the resource of one page."""
        file = self._served(request, self._folder / name)
        file.isLeaf = True  # of "/" a last, empty segment is left
        return file

    def _served(self, request: IRequest, path: Path) -> File:
        for name, value in _HEADERS.items():
            request.setHeader(name, value)
        file = _Files(str(path), defaultType="text/plain")
        file.contentTypes = {**file.contentTypes, ".js": "text/javascript"}
        return file
