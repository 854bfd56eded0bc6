"""A request and its answer as they went over the wire, before anything is kept."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

Headers = Sequence[tuple[bytes, bytes]]


@attrs.frozen
class RequestSeen:
    """
    A request as it went over the wire.

    :ivar url: as in the request line, or absolute.
    :ivar headers: name and value of every line, as sent.
    :ivar chunks: the body as it arrived, not joined.
    :ivar size: bytes of the whole body, if ``chunks`` is only its beginning.
    """

    method: str
    url: str
    headers: Headers = ()
    chunks: Sequence[bytes] = ()
    size: int | None = None


@attrs.frozen
class ResponseSeen:
    """An answer as it went over the wire; as for a request."""

    status_code: int
    headers: Headers = ()
    chunks: Sequence[bytes] = ()
    size: int | None = None


@attrs.frozen
class Asking:
    """
    A request that goes out.

    :ivar machine: the server's name.
    :ivar why: it is made; see ``balancer/attempts``.
    :ivar route: by which it goes, a routing key.
    """

    machine: str
    method: str
    path: str
    why: str = ""
    route: str = ""
