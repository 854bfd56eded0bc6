"""Bodies of API requests, and who has sent them."""

from __future__ import annotations

from typing import TypeVar

import msgspec

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
    try:
        return msgspec.json.decode(body_of(request), type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        told = f"must be like {example}" if example else "is not what is expected here"
        raise BadRequest(f"the body {told}: {error}") from None


def who(request: ProxyRequest) -> str:
    """Return who asks, as far as that is known: the address."""
    host = getattr(request.getClientAddress(), "host", None)
    return str(host) if host else "somebody at this computer"
