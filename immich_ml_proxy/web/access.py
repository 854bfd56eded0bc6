"""
Who may do what: the settings, and what is made of a token or a session.

``/ping`` and ``/predict`` are for everybody, as an ML server's are, and ``/livez``.
With an admin token all else is for those who have shown it: programs with every
request, as a bearer token; people once, on the login page, for a session. A session is
a cookie that says until when it holds, signed with the token: it survives a restart,
and ends everywhere when the token is changed.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

import attrs

from immich_ml_proxy.web.hosts import Network, is_in

#: What everybody may ask for.
OPEN_PATHS = frozenset({b"/ping", b"/predict", b"/livez"})
#: Seconds that a session holds.
SESSION = 30 * 24 * 3600
#: Characters from which on a token cannot be guessed.
LONG_ENOUGH = 16


@attrs.frozen
class Token:
    """
    The admin token. It is not shown, and compared in constant time.

    :param text: printable ASCII without spaces.
    :raises ValueError: when it is something else.
    """

    _text: str = attrs.field(repr=False)

    def __attrs_post_init__(self) -> None:
        if not self._text:
            raise ValueError("is empty")
        if not (self._text.isascii() and self._text.isprintable()):
            raise ValueError("must be printable ASCII characters")
        if " " in self._text:
            raise ValueError("must not hold a space")

    @property
    def is_short(self) -> bool:
        """Whether it could be guessed."""
        return len(self._text) < LONG_ENOUGH

    def matches(self, shown: str) -> bool:
        """Whether it is the same."""
        return hmac.compare_digest(_digest(shown), _digest(self._text))

    @property
    def cookie(self) -> str:
        """
        The name of the session's cookie.

        Cookies are shared by all ports of a host: each token has one of its own.
        """
        return f"immich_ml_proxy_{self._signed('name', '')[:8]}"

    def session(self, now: float) -> str:
        """Return the value of a new session's cookie; ``now`` in Unix seconds."""
        until = f"{int(now) + SESSION}"
        return f"{until}.{self._signed('session', until)}"

    def is_session(self, value: str, now: float) -> bool:
        """Whether a cookie's value is a session that holds still."""
        until, _, signature = value.partition(".")
        if not hmac.compare_digest(
            _digest(signature), _digest(self._signed("session", until))
        ):
            return False
        return now < int(until) <= now + SESSION

    def _signed(self, what: str, text: str) -> str:
        message = f"{what} {text}".encode("utf-8", "surrogatepass")
        return hmac.new(self._text.encode(), message, hashlib.sha256).hexdigest()


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


@attrs.frozen(kw_only=True)
class Access:
    """
    The settings of who may do what.

    :ivar token: without one everybody may do everything.
    :ivar allowed_hosts: names under which the pages are asked for, beside those that
        are known to be ours; see :func:`~immich_ml_proxy.web.hosts.is_own`.
    :ivar trusted_proxies: the addresses whose ``X-Forwarded-*`` headers are believed.
    """

    token: Token | None = None
    allowed_hosts: tuple[str, ...] = ()
    trusted_proxies: tuple[Network, ...] = ()

    def is_trusted(self, peer: str) -> bool:
        """Whether what a peer says of who has asked it is believed."""
        return is_in(peer, self.trusted_proxies)

    def note(self, admin_listen: str | None) -> str:
        """
        Return what who starts the proxy should know of it, or nothing.

        :param admin_listen: where the pages and the API are, if that is another place.
        """
        if self.token is None:
            port = "this port" if admin_listen is None else admin_listen
            return (
                f"There is no admin token: whoever reaches {port} can send your photos "
                "elsewhere. Set one with --admin-token-file, or keep others away."
            )
        if self.token.is_short:
            return (
                f"The admin token has less than {LONG_ENOUGH} characters and could be "
                "guessed. Make a longer one with: openssl rand -hex 24"
            )
        return ""


@attrs.frozen(kw_only=True)
class Shown:
    """
    What a request shows to be let in.

    :ivar bearer: the token of ``Authorization: Bearer``; ``None`` without one.
    :ivar cookies: values by name.
    """

    bearer: str | None = None
    cookies: tuple[tuple[str, str], ...] = ()

    def has_session(self, token: Token, now: float) -> bool:
        """Whether one of the cookies is a session; ``now`` in Unix seconds."""
        values = [value for name, value in self.cookies if name == token.cookie]
        return any(token.is_session(value, now) for value in values)


def bearer(authorization: str | None) -> str | None:
    """Return the token of an ``Authorization`` header, if it is a bearer's."""
    scheme, _, rest = (authorization or "").strip().partition(" ")
    return rest.strip() if scheme.lower() == "bearer" else None


def cookies(lines: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return names and values of ``Cookie`` headers."""
    pairs = [pair.partition("=") for line in lines for pair in line.split(";")]
    return tuple((name.strip(), value.strip()) for name, _, value in pairs)


def set_cookie(token: Token, now: float, is_https: bool) -> str:
    """Return the ``Set-Cookie`` of a new session; ``now`` in Unix seconds."""
    return _cookie(token, token.session(now), SESSION, is_https)


def unset_cookie(token: Token, is_https: bool) -> str:
    """Return the ``Set-Cookie`` that has a browser forget its session."""
    return _cookie(token, "", 0, is_https)


def _cookie(token: Token, value: str, seconds: int, is_https: bool) -> str:
    secure = "; Secure" if is_https else ""
    return (
        f"{token.cookie}={value}; Path=/; Max-Age={seconds}; HttpOnly; "
        f"SameSite=Strict{secure}"
    )


def client_address(peer: str, forwarded_for: Iterable[str], access: Access) -> str:
    """
    Return where a request comes from.

    Each proxy appends whom it was asked by, so what counts is the last one that is no
    trusted proxy itself; what is left of it may be invented.

    :param peer: the address of the connection.
    :param forwarded_for: ``X-Forwarded-For``, which may be lists.
    """
    told = [one.strip() for line in forwarded_for for one in line.split(",")]
    address = peer
    while access.is_trusted(address) and told:
        address = told.pop().removeprefix("[").removesuffix("]")
    return address
