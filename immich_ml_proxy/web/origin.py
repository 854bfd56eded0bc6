"""Bodies of API requests, and who may send them."""

from __future__ import annotations

from immich_ml_proxy.downstream.request import ProxyRequest
from immich_ml_proxy.errors import ForeignOrigin


def body_of(request: ProxyRequest) -> bytes:
    """
    Return the whole body of a request that changes something.

    :raises ForeignOrigin: when a page of another site has sent it.
    """
    refuse_foreign(request)
    return b"".join(request.body.chunks)


def refuse_foreign(request: ProxyRequest) -> None:
    """
    Refuse a request that a page of another site makes in its reader's browser.

    Browsers name the page's site in ``Origin`` with every request that changes
    something; programs such as curl send none.

    :raises ForeignOrigin: when it is not the site that was asked.
    """
    origin = request.getHeader(b"origin")
    if origin is None:
        return
    host = request.getHeader(b"x-forwarded-host") or request.getHeader(b"host") or b""
    if origin.partition(b"://")[2].lower() != host.lower():
        raise ForeignOrigin("a page of another site may not change anything here")


def who(request: ProxyRequest) -> str:
    """Return who asks, as far as that is known: the address."""
    host = getattr(request.getClientAddress(), "host", None)
    return str(host) if host else "somebody at this computer"
