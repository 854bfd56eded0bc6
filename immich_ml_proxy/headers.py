"""Headers that need no second look, for the path of every request."""

from __future__ import annotations

from twisted.web.http_headers import Headers


class KnownHeaders(Headers):
    """
    Twisted's headers, made without checking and rewriting each name and value.

    :param raw: values by names; these are written as Twisted writes them
        (``Content-Type``), and nothing in either can end a line.
    """

    # Twisted keeps them under this name; a test fails if it no longer does.
    __slots__ = ()

    def __init__(self, raw: dict[bytes, list[bytes]]) -> None:
        self._rawHeaders = raw

    def put(self, raw: dict[bytes, list[bytes]]) -> None:
        """Set headers; see the class for what they must be like."""
        self._rawHeaders.update(raw)


def raw(headers: Headers) -> dict[bytes, list[bytes]]:
    """Return the values of headers by their names, as Twisted writes those."""
    values: dict[bytes, list[bytes]] = headers._rawHeaders
    return values
