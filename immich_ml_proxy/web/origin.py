"""Bodies of API requests, and who has sent them."""

from __future__ import annotations

from typing import TypeVar

from immich_ml_proxy.config.faults import Misfit, converted, decoded
from immich_ml_proxy.downstream.request import ProxyRequest
from immich_ml_proxy.errors import BadRequest

_T = TypeVar("_T")


def body_of(request: ProxyRequest) -> bytes:
    """Return the whole body of a request."""
    return b"".join(request.body.chunks)


def read(request: ProxyRequest, shape: type[_T], example: str = "") -> _T:
    """
    Return the value of a body.

    :param shape: what it must be like.
    :param example: such a body, for who has sent another.
    :raises BadRequest: when it is not.
    """
    like = f" must be like {example}: it" if example else ""
    try:
        value = decoded(body_of(request))
    except ValueError as error:
        raise BadRequest(f"the body{like} {error}") from None
    try:
        return converted(value, shape)
    except Misfit as misfit:
        path = misfit.path.lstrip(".")
        told = f" must be like {example}:" if example else ":"
        raise BadRequest(
            f"the body{told} {path}{': ' if path else 'it '}{misfit.reason}", path
        ) from None


def who(request: ProxyRequest) -> str:
    """Return who asks, as far as that is known: the address."""
    host = getattr(request.getClientAddress(), "host", None)
    return str(host) if host else "somebody at this computer"
