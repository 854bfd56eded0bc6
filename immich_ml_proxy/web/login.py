"""Logging in and out on the pages."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from klein import Klein

from immich_ml_proxy.downstream.request import ProxyRequest
from immich_ml_proxy.errors import BadRequest
from immich_ml_proxy.web.access import set_cookie, unset_cookie
from immich_ml_proxy.web.answers import json_answer
from immich_ml_proxy.web.gate import Gate
from immich_ml_proxy.web.origin import read
from immich_ml_proxy.web.pages import Pages


class _Login(msgspec.Struct, forbid_unknown_fields=True):
    token: str


class LoginEndpoints:
    """
    ``/login``, ``/api/login`` and ``/api/logout``.

    :param wall: what time it is, in Unix seconds.
    :param gate: looks at tokens and sessions.
    :param pages: the page that asks for the token.
    """

    def __init__(self, wall: Callable[[], float], gate: Gate, pages: Pages) -> None:
        self._wall = wall
        self._gate = gate
        self._pages = pages

    def add_to(self, app: Klein) -> None:
        """Add the routes to ``app``."""
        app.route("/login", methods=["GET"])(self.page)
        app.route("/api/login", methods=["POST"])(self.login)
        app.route("/api/logout", methods=["POST"])(self.logout)

    def page(self, request: ProxyRequest) -> bytes:
        """The page that asks for the token."""
        return self._pages.login(request)

    def login(self, request: ProxyRequest) -> bytes:
        """Begin a session for who shows the token."""
        shown = read(request, _Login).token
        token = self._gate.access.token
        if token is None:
            raise BadRequest("there is no admin token: nobody needs to log in")
        self._gate.check_token(request, token, shown.strip())
        is_https = self._gate.is_https(request)
        cookie = set_cookie(token, self._wall(), is_https)
        request.setHeader(b"Set-Cookie", cookie.encode("ascii"))
        return json_answer(request, {"hasSession": True})

    def logout(self, request: ProxyRequest) -> bytes:
        """Have the browser forget its session."""
        token = self._gate.access.token
        if token is None:
            raise BadRequest("there is no admin token: nobody is logged in")
        cookie = unset_cookie(token, self._gate.is_https(request))
        request.setHeader(b"Set-Cookie", cookie.encode("ascii"))
        return json_answer(request, {"hasSession": False})
