"""
Whether a request comes from a page of another site, in a browser that can reach us.

Such a page can send forms anywhere, and with a name of its own that it has lead to our
address (DNS rebinding) it can even read. What tells on it:

- ``Host``: the name in the browser's address bar, checked where nothing else keeps a
  rebound page out (there is no token);
- ``Sec-Fetch-Site``: what the browser says of the page, over https and to localhost;
- a header of our own: a browser sends it for a foreign page only after we have allowed
  that, which we never do;
- ``Origin``: the page's site, with all that changes something. Compared with ``Host``
  it is wrong behind reverse proxies that send another one, so it comes last.

Programs send none of it, and are not held up.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

import attrs

from immich_ml_proxy.errors import ForeignOrigin, WrongHost
from immich_ml_proxy.web.hosts import host_port, is_own

#: The header that our pages send.
OWN_HEADER = b"X-Immich-ML-Proxy"

_PORTS = {"http": 80, "https": 443}
#: Requests that change nothing.
_SAFE = ("GET", "HEAD")
_FOREIGN_SITES = ("cross-site", "same-site")


@attrs.frozen(kw_only=True)
class Asked:
    """
    What a request tells of where it comes from.

    :ivar method: of the request.
    :ivar is_api: its answer is data and no page.
    :ivar hosts: ``Host``, and what a trusted proxy has told beside it.
    :ivar origin: ``Origin``, or ``None``.
    :ivar site: ``Sec-Fetch-Site``, or empty.
    :ivar mode: ``Sec-Fetch-Mode``, or empty.
    :ivar has_own_header: our pages' header is there.
    """

    method: str = "GET"
    is_api: bool = True
    hosts: tuple[str, ...] = ()
    origin: str | None = None
    site: str = ""
    mode: str = ""
    has_own_header: bool = False


def check_host(asked: Asked, allowed: Iterable[str]) -> None:
    """
    Refuse names that a stranger may have had lead here.

    :raises WrongHost: with the name, and what to do if it is ours.
    """
    names = [*asked.hosts]
    if asked.method not in _SAFE and asked.origin is not None:
        # Behind a reverse proxy that hides the name it was asked by.
        names.append(_netloc(asked.origin))
    for text in names:
        host = host_port(text)
        if host is None or not is_own(host.name, allowed):
            raise WrongHost(host.name if host is not None else text[:100])


def check_site(asked: Asked) -> None:
    """
    Refuse what a page of another site asks for.

    :raises ForeignOrigin: when it would change something, or read data.
    """
    is_safe = asked.method in _SAFE
    if asked.site in _FOREIGN_SITES:
        # A link may lead to us from anywhere.
        if is_safe and (not asked.is_api or asked.mode == "navigate"):
            return
        raise ForeignOrigin(
            f"a page of another site may not {'read' if is_safe else 'change'} "
            "anything here"
        )
    if is_safe or asked.has_own_header or asked.site or asked.origin is None:
        return
    if not _is_origin(asked.origin, asked.hosts):
        raise ForeignOrigin("a page of another site may not change anything here")


def _netloc(origin: str) -> str:
    """Return host and port of an origin; empty when it has none."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _is_origin(origin: str, hosts: Iterable[str]) -> bool:
    scheme = origin.partition(":")[0].lower()
    page = host_port(_netloc(origin))
    if page is None or not page.name or scheme not in _PORTS:
        return False
    found = [host_port(one) for one in hosts]
    default = _PORTS[scheme]
    return page.at(default) in {one.at(default) for one in found if one is not None}


def told_hosts(
    host: str | None, forwarded: Iterable[str], port: str | None
) -> tuple[str, ...]:
    """
    Return the hosts that a request was sent to, as far as it tells.

    :param host: ``Host``; ``None`` where there is none.
    :param forwarded: ``X-Forwarded-Host`` of a trusted proxy, which may be lists.
    :param port: its ``X-Forwarded-Port``, for those that name none.
    """
    found = [] if not host else [host]
    for line in forwarded:
        for text in filter(None, (one.strip() for one in line.split(","))):
            parsed = host_port(text)
            if parsed is not None and parsed.port is None and port:
                text = f"{text}:{port.partition(',')[0].strip()}"
            found.append(text)
    return tuple(found)
