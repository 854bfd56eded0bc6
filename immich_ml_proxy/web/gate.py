"""Lets requests in, or answers why not: the decisions applied to what Klein gets."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any

from klein import Klein
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from immich_ml_proxy.errors import Elsewhere, NeedsLogin, ProxyError, WrongHost
from immich_ml_proxy.web.accept import wants_json
from immich_ml_proxy.web.access import (
    OPEN_PATHS,
    Access,
    Shown,
    Token,
    bearer,
    client_address,
    cookies,
)
from immich_ml_proxy.web.answers import html_answer, write_error
from immich_ml_proxy.web.attempts import FREE, Attempts
from immich_ml_proxy.web.foreign import (
    OWN_HEADER,
    Asked,
    check_host,
    check_site,
    told_hosts,
)
from immich_ml_proxy.web.pages import Pages
from immich_ml_proxy.web.resource import Handlers, ShortWays

#: What people open.
_PAGES = frozenset({b"/", b"/config", b"/debug", b"/help"})
#: What is needed to log in.
_LOGIN = frozenset({b"/login", b"/api/login"})
#: Tells the pages who may do what: ``open`` to everybody, or for who has a ``session``
#: or has shown the ``token``.
ACCESS = b"X-Immich-ML-Access"
#: Browsers then give none of it to a page of another site: not as a script or a
#: picture, either.
_APART = (
    (b"Cross-Origin-Resource-Policy", b"same-origin"),
    (b"X-Content-Type-Options", b"nosniff"),
)


class Gate:
    """
    :param clock: source of time.
    :param wall: what time it is, in Unix seconds.
    :param access: who may do what.
    :param pages: the login page.
    :param open_only: all but what everybody may ask for is somewhere else.
    :param demo: the machines are simulated, which the pages say instead.
    """

    _log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        wall: Callable[[], float],
        access: Access,
        pages: Pages,
        open_only: bool = False,
        demo: bool = False,
    ) -> None:
        self.access = access
        self._clock = clock
        self._wall = wall
        self._pages = pages
        self._open_only = open_only
        self._everybody = b"demo" if demo else b"open"
        self._attempts = Attempts()

    def admit(self, request: Any) -> None:
        """
        Let a request in.

        :raises ProxyError: why it is not let in, with what to do about it.
        """
        path, token = request.path, self.access.token
        if path in OPEN_PATHS:
            return
        for name, value in _APART:
            request.setHeader(name, value)
        if self._open_only:
            raise Elsewhere(
                "only /ping, /predict and /livez are here; the pages and the API are "
                "at the address of --admin-listen"
            )
        if token is not None:
            given = bearer(_line(request, b"authorization"))
            if given is not None:
                self.check_token(request, token, given)
                request.setHeader(ACCESS, b"token")
                return
        asked = self._asked(request)
        check_site(asked)
        if token is None:
            check_host(asked, self.access.allowed_hosts)
            request.setHeader(ACCESS, self._everybody)
        elif self.has_session(request):
            request.setHeader(ACCESS, b"session")
        elif not _is_for_login(path):
            raise NeedsLogin(
                "this needs the admin token: load the page to log in, or send "
                "Authorization: Bearer TOKEN"
            )

    def refuse(self, request: Any, error: ProxyError) -> bytes:
        """Return the answer to a request that is not let in: a page, or JSON."""
        is_page = request.method in (b"GET", b"HEAD") and not wants_json(
            request.requestHeaders.getRawHeaders(b"accept", ())
        )
        if isinstance(error, NeedsLogin):
            if is_page and request.path in _PAGES:
                # What may be known of this address is another page.
                request.requestHeaders.removeHeader(b"if-none-match")
                page = self._pages.login(request)
                request.responseHeaders.removeHeader(b"etag")
                request.setResponseCode(error.status)
                request.setHeader(b"Cache-Control", b"no-store")
                return page
            request.setHeader(b"WWW-Authenticate", b'Bearer realm="immich-ml-proxy"')
        if isinstance(error, WrongHost) and is_page and request.path in _PAGES:
            return html_answer(request, "Not this name", str(error), error.status)
        return write_error(request, error)

    def check_token(self, request: Any, token: Token, given: str) -> None:
        """
        Look at a token that was shown.

        :raises NeedsLogin: when it is wrong; ``TooManyAttempts`` when too many were.
        """
        address, now = self._address(request), self._clock.seconds()
        self._attempts.check(address, now)
        if token.matches(given):
            self._attempts.succeeded(address)
            return
        count = self._attempts.failed(address, now)
        if count == 1 or count % FREE == 0:
            self._log.warn(
                "{count} wrong admin tokens in a row came from {address}",
                count=count,
                address=address,
            )
        raise NeedsLogin("the admin token is wrong")

    def has_session(self, request: Any) -> bool:
        """Whether somebody has logged in."""
        token = self.access.token
        lines = _lines(request, b"cookie")
        return token is not None and Shown(cookies=cookies(lines)).has_session(
            token, self._wall()
        )

    def is_https(self, request: Any) -> bool:
        """Whether the browser has asked over https, as far as is known."""
        origin = _line(request, b"origin") or ""
        return bool(request.isSecure()) or origin.lower().startswith("https://")

    def _address(self, request: Any) -> str:
        told = _lines(request, b"x-forwarded-for")
        return client_address(_peer(request), told, self.access)

    def _asked(self, request: Any) -> Asked:
        is_trusted = self.access.is_trusted(_peer(request))
        forwarded = _lines(request, b"x-forwarded-host") if is_trusted else ()
        port = _line(request, b"x-forwarded-port") if is_trusted else None
        return Asked(
            method=request.method.decode("latin-1"),
            is_api=request.path.startswith(b"/api/"),
            hosts=told_hosts(_line(request, b"host"), forwarded, port),
            origin=_line(request, b"origin"),
            site=(_line(request, b"sec-fetch-site") or "").lower(),
            mode=(_line(request, b"sec-fetch-mode") or "").lower(),
            has_own_header=request.requestHeaders.hasHeader(OWN_HEADER),
        )


class GatedResource(ShortWays):
    """
    An app's resource, of which nothing is reached but through a gate.

    :param gate: lets in, or refuses, whatever the path.
    """

    def __init__(
        self, gate: Gate, app: Klein, handlers: Handlers, paths: Collection[str]
    ) -> None:
        super().__init__(app, handlers, paths)
        self._gate = gate

    def render(self, request: Any) -> Any:
        """Answer a request, or refuse it; see ``IResource``."""
        try:
            self._gate.admit(request)
        except ProxyError as error:
            return self._gate.refuse(request, error)
        return super().render(request)


def client_of(access: Access) -> Callable[[Any], str] | None:
    """
    Return what tells the address of a request's client, for the log; ``-``: none.

    :param access: says whose word is believed of it.
    :return: ``None`` where nobody's is.
    """
    if not access.trusted_proxies:
        return None

    def told(request: Any) -> str:
        lines = _lines(request, b"x-forwarded-for")
        address = client_address(_peer(request), lines, access)
        return address if _ADDRESS.fullmatch(address) else "-"

    return told


#: What an address may consist of; anything else may be invented.
_ADDRESS = re.compile(r"[0-9A-Za-z.:%_-]{1,64}")


def _is_for_login(path: bytes) -> bool:
    return path in _LOGIN or path.startswith(b"/static/")


def _line(request: Any, name: bytes) -> str | None:
    """Return the last value of a header; a client may send any bytes in it."""
    lines = _lines(request, name)
    return lines[-1] if lines else None


def _lines(request: Any, name: bytes) -> tuple[str, ...]:
    lines = request.requestHeaders.getRawHeaders(name, ())
    return tuple(line.decode("latin-1") for line in lines)


def _peer(request: Any) -> str:
    return getattr(request.getClientAddress(), "host", "") or ""
