"""The pages: files served as they are, with the headers that keep them safe."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

from klein import Klein
from twisted.web.iweb import IRequest
from werkzeug.exceptions import NotFound

from immich_ml_proxy.web.accept import takes_gzip
from immich_ml_proxy.web.answers import is_current
from immich_ml_proxy.web.page_file import PageFile, page_file

_HEADERS = {
    b"Content-Security-Policy": (
        b"default-src 'self'; frame-ancestors 'none'; form-action 'self'; "
        b"base-uri 'none'"
    ),
    b"X-Content-Type-Options": b"nosniff",
    b"Referrer-Policy": b"no-referrer",
    # A newer proxy's pages are shown at once; what has not changed is not sent again.
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
        if (folder / "overview" / "overview.html").is_file():
            return folder
    raise FileNotFoundError(f"the pages are missing: there is no static/ at {package}")


class Pages:
    """
    ``/config``, ``/debug``, ``/help`` and ``/static/``.

    :param folder: holds the files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._read: dict[Path, tuple[int, PageFile]] = {}

    def add_to(self, app: Klein) -> None:
        """Add the routes to ``app``."""
        app.route("/config", methods=["GET"])(self.config)
        app.route("/debug", methods=["GET"])(self.debug)
        app.route("/help", methods=["GET"])(self.help)
        app.route("/static/<path:name>", methods=["GET"])(self.file)

    def overview(self, request: IRequest) -> bytes:
        """The page behind ``/``."""
        return self.file(request, "overview/overview.html")

    def config(self, request: IRequest) -> bytes:
        """The page that changes the configuration."""
        return self.file(request, "config/config.html")

    def debug(self, request: IRequest) -> bytes:
        """The page that shows the records."""
        return self.file(request, "debug/debug.html")

    def help(self, request: IRequest) -> bytes:
        """The page that explains the others."""
        return self.file(request, "help/help.html")

    def login(self, request: IRequest) -> bytes:
        """The page that asks for the admin token."""
        return self.file(request, "login/login.html")

    def file(self, request: Any, name: str) -> bytes:
        """
        Answer with a file, compressed where the client takes that.

        :param name: its path in the folder.
        """
        file = self.current(name)
        for header, value in _HEADERS.items():
            request.setHeader(header, value)
        request.responseHeaders.addRawHeader(b"Vary", b"Accept-Encoding")
        body, tag = file.body, file.tag
        accepted = request.requestHeaders.getRawHeaders(b"accept-encoding", ())
        if file.packed is not None and takes_gzip(accepted):
            body, tag = file.packed, file.packed_tag
        if is_current(request, tag):
            return b""
        if body is file.packed:
            request.setHeader(b"Content-Encoding", b"gzip")
        request.setHeader(b"Content-Type", file.content_type)
        request.setHeader(b"Content-Length", b"%d" % len(body))
        return body

    def current(self, name: str) -> PageFile:
        """
        Return a file as it is now; it is read again only when it was changed.

        :raises NotFound: when there is none of this name.
        """
        try:
            path = (self._folder / name).resolve()
            if not path.is_relative_to(self._folder):
                raise NotFound
            changed = path.stat().st_mtime_ns
            known = self._read.get(path)
            if known is None or known[0] != changed:
                known = changed, page_file(path.suffix, path.read_bytes())
                self._read[path] = known
        except (OSError, ValueError):  # ValueError: a NUL in it
            raise NotFound from None
        return known[1]
